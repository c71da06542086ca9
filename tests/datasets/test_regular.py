"""Opening data files: regular ones only, and path faults in the family of OSError."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from convcore.datasets.regular import open_regular
from convcore.errors import ParameterError


def written(folder: Path) -> Path:
    path = folder / "data"
    path.write_bytes(b"content")
    return path


def test_missing_directory_and_special_files(tmp_path):
    missing = tmp_path / "no-such-file"
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        open_regular(missing)
    with pytest.raises(IsADirectoryError, match=re.escape(str(tmp_path))):
        open_regular(tmp_path)
    with pytest.raises(OSError, match="no\\\\x00such"):
        open_regular("no\0such")
    with pytest.raises(OSError, match="no"):
        open_regular(b"no\0such")
    with pytest.raises(NotADirectoryError, match="data"):
        open_regular(written(tmp_path) / "below")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_does_not_wait(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a regular file"):
        open_regular(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a regular file"):
        open_regular(os.devnull)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_no_permission(tmp_path):
    path = written(tmp_path)
    path.chmod(0)
    with pytest.raises(PermissionError, match="data"):
        open_regular(path)


def test_paths_of_every_kind(tmp_path):
    path = written(tmp_path)
    for form in (path, str(path), os.fsencode(path)):
        with open_regular(form) as file:
            assert file.read() == b"content"


@pytest.mark.parametrize("path", [None, 0, 1.5, [], object()])
def test_what_is_no_path(path):
    with pytest.raises(ParameterError, match="path"):
        open_regular(path)
