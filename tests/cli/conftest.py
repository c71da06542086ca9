"""A small data set of drawn digits as files, and a model trained on it, for the commands to use."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from convcore import cli, runtime
from convcore.datasets import digits
from tests.datasets.files import FILES, idx


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """One thread, neither a configured folder nor a cache nor pooch: no test sees the data sets of this machine."""
    monkeypatch.delenv("CONVCORE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "pooch", None)
    with runtime.threads(1):
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four IDX files of 600 and 100 drawn digits."""
    where = tmp_path_factory.mktemp("drawn")
    (x_train, y_train), (x_test, y_test) = digits.load_data(600, 100)
    for name, array in zip(FILES, (x_train, y_train, x_test, y_test), strict=True):
        (where / name).write_bytes(idx(array))
    return where


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """A model trained for one epoch on `folder`."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    call = ["train", "--data", str(folder), "--epochs", "1", "--batch-size", "32", "--save", str(path)]
    with runtime.threads(1):
        assert cli.main(call) == 0
    return path
