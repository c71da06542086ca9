"""Writing and reading whole files."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from convcore.errors import CheckpointError, ModelFileError, ParameterError
from convcore.saving import files


def test_a_file_is_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    files.write_atomically(str(path), b"one")
    files.write_atomically(str(path), b"two")
    assert files.read_regular(str(path)) == b"two"
    assert os.listdir(tmp_path) == [path.name]


def test_overwrite_false_keeps_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="overwrite is False") as caught:
        files.write_atomically(str(path), b"new", overwrite=False)
    assert isinstance(caught.value, CheckpointError)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"


def test_targets_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="folder does not exist"):
        files.write_atomically(str(tmp_path / "no" / "m"), b"")
    with pytest.raises(CheckpointError, match="is a folder"):
        files.write_atomically(str(tmp_path), b"")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_fault_at_any_step_keeps_the_old_file_and_leaves_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"old")

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(CheckpointError, match="No space left") as caught:
        files.write_atomically(str(path), b"new")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m"]


def test_ctrl_c_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"old")

    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(str(path), b"new")
    assert os.listdir(tmp_path) == ["m"]
    assert path.read_bytes() == b"old"


def test_what_killed_processes_left_is_removed_and_what_live_ones_write_is_not(tmp_path: Path) -> None:
    orphan = tmp_path / ".m.0123456789abcdef.convcore-tmp"
    orphan.write_bytes(b"torn")
    other = tmp_path / ".n.0123456789abcdef.convcore-tmp"
    other.write_bytes(b"of another file")
    fresh, old = tmp_path / ".m.00.convcore-tmp", tmp_path / ".m.01.convcore-tmp"
    for empty in (fresh, old):
        empty.touch()
    os.utime(old, (0, 0))
    live = tmp_path / ".m.fedcba9876543210.convcore-tmp"
    with open(live, "xb") as file:
        assert files._lock(file.fileno())
        file.write(b"half")
        file.flush()
        files.write_atomically(str(tmp_path / "m"), b"new")
        assert sorted(os.listdir(tmp_path)) == [fresh.name, live.name, other.name, "m"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    files.write_atomically(str(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file") as caught:
        files.read_regular(str(tmp_path / "none"))
    assert isinstance(caught.value, CheckpointError)
    with pytest.raises(CheckpointError):
        files.read_regular(str(tmp_path))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ModelFileError, match="not a regular file"):
            files.read_regular(str(tmp_path / "pipe"))


@pytest.mark.parametrize("path", ["", "a\0b", 3, None])
def test_what_is_no_path(path: Any) -> None:
    with pytest.raises(ParameterError, match="filepath"):
        files.path_text(path)


def test_every_form_of_a_path() -> None:
    assert files.path_text("a") == files.path_text(b"a") == files.path_text(Path("a")) == "a"
