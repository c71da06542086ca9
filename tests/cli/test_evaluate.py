"""`convcore evaluate`."""

from __future__ import annotations

import re

import numpy as np

from convcore import cli, layers, models
from convcore.datasets import digits
from tests.cli.command import one_line


def test_figures_with_the_name_of_the_data(model, folder, capsys):
    assert cli.main(["evaluate", str(model), "--data", str(folder), "--threads", "1"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    found = re.search(r"on (\S+): test loss (\S+), test accuracy (\S+) \(100 images, [\d,]+ images/s\)", output)
    assert found is not None
    assert found[1] == str(folder)
    _, (images, labels) = digits.load_data(600, 100)
    loss, accuracy = models.load_model(model).evaluate(images[..., np.newaxis], labels, verbose=0)
    assert (float(found[2]), float(found[3])) == (round(loss, 4), round(accuracy, 4))


def test_a_model_that_was_saved_without_a_loss(tmp_path, folder, capsys):
    net = models.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
    net.save(tmp_path / "model")
    assert cli.main(["evaluate", str(tmp_path / "model"), "--data", str(folder)]) == 0
    assert "test accuracy" in capsys.readouterr().out


def test_a_model_of_another_size(tmp_path, folder, capsys):
    net = models.Sequential([layers.Input((32, 32, 1)), layers.Flatten(), layers.Dense(10)])
    net.save(tmp_path / "model")
    assert cli.main(["evaluate", str(tmp_path / "model"), "--data", str(folder)]) == 1
    errors = capsys.readouterr().err
    assert one_line(errors)
    assert "(32, 32, 1)" in errors


def test_a_file_that_is_no_model(tmp_path, folder, capsys):
    (tmp_path / "model").write_text("text")
    assert cli.main(["evaluate", str(tmp_path / "model"), "--data", str(folder)]) == 1
    assert one_line(capsys.readouterr().err)
