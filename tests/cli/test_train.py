"""`convcore train`: what it shows, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from convcore import cli, models, runtime
from convcore.cli import train
from convcore.datasets import digits
from tests.cli.command import convcore, environment, one_line, shell
from tests.datasets.files import FILES, idx


def options(folder, *more: object) -> list[str]:
    return ["train", "--data", str(folder), "--batch-size", "32", *map(str, more)]


def test_shows_and_writes_all_of_a_run(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = options(
        folder, "--epochs", 2, "--learning-rate", 2e-3, "--seed", 3, "--threads", 2, "--json", "results.json"
    )
    assert cli.main([*call, "--save", "model.safetensors"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert "conv2d" in output
    assert f"Training on {folder}: 600 images, 100 for testing; 2 epochs" in output
    results = json.loads((tmp_path / "results.json").read_text())
    assert set(results) == {
        "dataset", "recipe", "versions", "threads", "isa", "train_seconds", "images_per_second", "epochs", "model",
    }  # fmt: skip
    assert results["dataset"] == str(folder)
    assert results["recipe"]["epochs"] == 2
    assert results["recipe"]["batch_size"] == 32
    assert results["recipe"]["learning_rate"] == 2e-3
    assert results["recipe"]["seed"] == 3
    assert set(results["versions"]) == {"convcore", "numpy", "python"}
    assert results["threads"] == 2
    assert results["isa"] == runtime.active_isa()
    assert len(results["epochs"]) == 2
    for number, epoch in enumerate(results["epochs"], start=1):
        assert set(epoch) == {"loss", "accuracy", "test_loss", "test_accuracy", "seconds"}
        figures = f"test loss {epoch['test_loss']:.4f}, test accuracy {epoch['test_accuracy']:.4f}"
        assert f"Epoch {number} on {folder}: {figures}" in output
    assert [line.split(" on ")[0] for line in output.splitlines() if line.startswith("Epoch")] == ["Epoch 1", "Epoch 2"]
    assert "ms/step" not in output
    seconds = sum(epoch["seconds"] for epoch in results["epochs"])
    assert results["train_seconds"] == pytest.approx(seconds)
    assert results["images_per_second"] == pytest.approx(1200 / seconds)
    assert "images/s" in output
    assert f"trained on {folder}: model.safetensors" in output
    model = models.load_model(tmp_path / "model.safetensors")
    _, (images, labels) = digits.load_data(600, 100)
    loss, accuracy = model.evaluate(images[..., np.newaxis], labels, verbose=0)
    assert accuracy == pytest.approx(results["epochs"][1]["test_accuracy"])
    assert loss == pytest.approx(results["epochs"][1]["test_loss"], rel=1e-5)


def test_an_epoch_that_ends_early_is_called_what_it_is(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(options(folder, "--json", "results.json")) == 0
    output = capsys.readouterr().out
    assert f"Training on {folder}: 600 images, 100 for testing; 1.5 epochs" in output
    assert [line.split(" on ")[0] for line in output.splitlines() if line.startswith("Epoch")] == [
        "Epoch 1",
        "Epoch 1.5",
    ]
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["recipe"]["epochs"] == 1.5
    assert results["images_per_second"] == pytest.approx(900 / results["train_seconds"])
    assert models.load_model(tmp_path / f"{folder.name}.safetensors").optimizer.iterations == 29


def test_a_seed_gives_the_same_results(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = []
    for seed in (1, 1, 2):
        assert cli.main(options(folder, "--epochs", 1, "--seed", seed, "--json", "r.json")) == 0
        found.append([epoch["loss"] for epoch in json.loads((tmp_path / "r.json").read_text())["epochs"]])
    assert found[0] == found[1] != found[2]


def test_the_model_is_named_after_the_data(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(options(folder, "--epochs", 1)) == 0
    assert [path.name for path in tmp_path.glob("*.safetensors")] == [f"{folder.name}.safetensors"]


def test_without_mnist_it_says_so_and_draws_digits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = digits.load_data(320, 50)
    monkeypatch.setattr(digits, "load_data", lambda: small)
    assert cli.main(["train", "--epochs", "1", "--json", "r.json"]) == 0
    output = capsys.readouterr().out
    assert [line for line in output.splitlines() if line.startswith("MNIST cannot be had")] == [output.splitlines()[0]]
    assert json.loads((tmp_path / "r.json").read_text())["dataset"] == "digits"
    assert "on digits: test loss" in output
    assert "trained on digits: digits.safetensors" in output


def test_mnist_that_was_asked_for_by_name_is_not_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", "--data", "mnist"]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert one_line(errors)
    assert list(tmp_path.iterdir()) == []


def test_damaged_data_are_named(folder, tmp_path, capsys):
    shutil.copytree(folder, tmp_path / "data")
    path = tmp_path / "data" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    assert cli.main(options(tmp_path / "data")) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert one_line(errors)
    assert "byte offset" in errors


def test_ctrl_c_keeps_the_model_of_the_last_whole_epoch(folder, tmp_path, capsys, monkeypatch):
    class Interrupting(train.Report):
        def on_train_batch_end(self, batch, logs=None):
            if self.saved == 2 and batch == 3:
                raise KeyboardInterrupt

    monkeypatch.setattr(train, "Report", Interrupting)
    path = tmp_path / "model.safetensors"
    assert cli.main(options(folder, "--epochs", 4, "--save", path, "--json", tmp_path / "r.json")) == 130
    output, errors = capsys.readouterr()
    results = tmp_path / "r.json"
    assert errors == f"convcore train: interrupted: the model after epoch 2 is in {path}, its results in {results}\n"
    assert f"Epoch 2 on {folder}" in output
    assert models.load_model(path).optimizer.iterations == 2 * 19
    written = json.loads(results.read_text())
    assert written["interrupted"] is True
    assert len(written["epochs"]) == 2
    assert written["model"] == str(path)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("epochs", [0, 1])
def test_ctrl_c_from_the_terminal(folder, tmp_path, epochs):
    call = options(folder, "--epochs", 100_000, "--save", "model.safetensors")
    running = subprocess.Popen(
        [sys.executable, "-u", "-m", "convcore", *call],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    sign = f"Epoch {epochs} on" if epochs else "Training on"
    for line in running.stdout:
        if line.startswith(sign):
            break
    if epochs:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert one_line(errors)
    assert "interrupted" in errors
    if epochs:
        assert models.load_model(tmp_path / "model.safetensors").optimizer.iterations % 19 == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_reader_that_leaves_and_a_closed_output(folder, tmp_path):
    call = " ".join(options(folder, "--epochs", 2, "--save", "model.safetensors"))
    done = shell(f"$CONVCORE {call} | head -n 1", cwd=tmp_path)
    assert done.returncode in {0, 141}
    assert done.stderr == ""
    done = shell(f"$CONVCORE {call} >&-", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert models.load_model(tmp_path / "model.safetensors").optimizer.iterations == 38


@pytest.mark.parametrize("locale", [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}])
def test_without_unicode(folder, tmp_path, locale):
    done = convcore(*options(folder, "--epochs", 1), cwd=tmp_path, **locale)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_default_batch_is_cut_to_few_images_and_a_larger_one_asked_for_is_refused(tmp_path, capsys):
    (x_train, y_train), (x_test, y_test) = digits.load_data(20, 10)
    for name, array in zip(FILES, (x_train, y_train, x_test, y_test), strict=True):
        (tmp_path / name).write_bytes(idx(array))
    save = str(tmp_path / "model.safetensors")
    assert cli.main(["train", "--data", str(tmp_path), "--epochs", "1", "--save", save]) == 0
    assert ": 20 images, 10 for testing; 1 epoch of batches of 20" in capsys.readouterr().out
    assert cli.main(["train", "--data", str(tmp_path), "--batch-size", "21", "--save", save]) == 2
    output, errors = capsys.readouterr()
    assert output == ""  # refused before the network is shown
    assert one_line(errors)
    assert "21" in errors
    assert "20 samples" in errors
