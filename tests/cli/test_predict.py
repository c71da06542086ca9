"""`convcore predict`."""

from __future__ import annotations

import re

import numpy as np

from convcore import cli, layers, models
from convcore.datasets import digits
from tests.cli.command import one_line


def test_one_line_an_image(model, folder, tmp_path, capsys):
    _, (images, _) = digits.load_data(600, 100)
    np.save(tmp_path / "one.npy", images[0])
    np.save(tmp_path / "three.npy", images[:3])
    call = ["predict", str(model), str(tmp_path / "one.npy"), str(tmp_path / "three.npy")]
    assert cli.main([*call, str(folder / "t10k-images-idx3-ubyte"), "--threads", "2"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    lines = output.splitlines()
    assert len(lines) == 1 + 3 + 100
    scores = models.load_model(model).predict(images[..., np.newaxis], verbose=0)
    found = re.fullmatch(r"(.*): (\d) \((\d\.\d{4})\)", lines[0])
    assert found is not None
    assert found[1] == str(tmp_path / "one.npy")
    assert int(found[2]) == np.argmax(scores[0])
    assert float(found[3]) == round(float(scores[0].max()), 4)
    assert lines[1].startswith(f"{tmp_path / 'three.npy'}[0]: ")
    assert [int(re.search(r": (\d)", line)[1]) for line in lines[4:]] == list(np.argmax(scores, axis=1))


def test_faults_name_the_file(model, tmp_path, capsys):
    np.save(tmp_path / "wide.npy", np.zeros((28, 29), np.uint8))
    (tmp_path / "text").write_bytes(b"\0\0\x08")
    assert cli.main(["predict", str(model), str(tmp_path / "none")]) == 2
    for name in ("wide.npy", "text"):
        assert cli.main(["predict", str(model), str(tmp_path / name)]) == 1
        output, errors = capsys.readouterr()
        assert output == ""
        assert name in errors
    assert one_line(errors)


def test_a_model_that_is_no_classifier(tmp_path, capsys):
    models.Sequential([layers.Input((28, 28, 1)), layers.MaxPooling2D(2)]).save(tmp_path / "model")
    np.save(tmp_path / "one.npy", np.zeros((28, 28), np.uint8))
    assert cli.main(["predict", str(tmp_path / "model"), str(tmp_path / "one.npy")]) == 1
    assert one_line(capsys.readouterr().err)
