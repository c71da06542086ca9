"""The examples run, on few images."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import convcore, environment
from tests.datasets.files import collection

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets with few images."""
    folder = tmp_path_factory.mktemp("images")
    collection(folder)
    collection(folder / "fashion_mnist")
    return folder


def run(name: str, *arguments: str, cwd: Path, **changes: str) -> str:
    """What an example prints; it must not warn."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment(**changes), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_mnist(images: Path, tmp_path: Path) -> None:
    said = run("mnist.py", "--epochs", "1", "--images", "40", cwd=tmp_path, CONVCORE_DATA=str(images))
    assert "Total params: 243,786" in said
    assert "Test loss" in said
    assert "The first ten images show 0 1 2 3 4 5 6 7 8 9" in said


def test_mnist_on_drawn_digits(tmp_path: Path) -> None:
    said = run("mnist.py", "--data", "digits", "--epochs", "1", "--images", "600", cwd=tmp_path)
    assert float(said.split("test accuracy ")[1].split()[0]) > 0.3


def test_fashion_mnist(images: Path, tmp_path: Path) -> None:
    said = run("fashion_mnist.py", "--epochs", "2", "--out", str(tmp_path), cwd=tmp_path, CONVCORE_DATA=str(images))
    assert "epochs; the best model has a test accuracy of" in said
    assert (tmp_path / "fashion.safetensors").exists()
    assert (tmp_path / "fashion.csv").read_text().startswith("epoch,accuracy,learning_rate,loss")


@pytest.mark.parametrize("name", ["mnist.py", "fashion_mnist.py"])
def test_where_there_is_no_data_digits_are_drawn(name: str, tmp_path: Path) -> None:
    proxies = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    said = run(name, "--epochs", "1", "--images", "600", cwd=tmp_path, **proxies)
    assert "MNIST cannot be had" in said
    assert "Digits take its place." in said
    assert "test accuracy" in said.lower()


def test_digits_resnet(tmp_path: Path) -> None:
    said = run("digits_resnet.py", "--epochs", "2", "--images", "1500", cwd=tmp_path)
    assert "Total params: 19,994" in said
    assert float(said.split("test accuracy ")[1].split()[0]) > 0.2


@pytest.mark.parametrize("name", ["mnist.py", "fashion_mnist.py", "digits_resnet.py"])
def test_as_scripts_of_keras_they_run_too(name: str, images: Path, tmp_path: Path) -> None:
    """The lines that were changed for convcore, changed back."""
    script = (EXAMPLES / name).read_text(encoding="utf-8")
    assert "import convcore as keras" in script
    script = script.replace("import convcore as keras", "import keras").replace(
        "from convcore import", "from keras import"
    )
    (tmp_path / name).write_text(script, encoding="utf-8")
    arguments = ["--epochs", "1", "--images", "200"]
    done = convcore("run", name, *arguments, cwd=tmp_path, CONVCORE_DATA=str(images))
    assert done.returncode == 0, done.stderr
    assert "est accuracy" in done.stdout


def test_every_example_is_tested() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f'run("{path.name}"' not in text] == []
