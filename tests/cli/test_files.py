"""Files that a command writes."""

from __future__ import annotations

import json
import os

import pytest

from convcore.cli.arguments import UsageError
from convcore.cli.files import check_writable, write_json
from convcore.errors import CheckpointError


def test_what_can_be_written(tmp_path):
    check_writable("--save", str(tmp_path / "new"))
    (tmp_path / "old").write_text("old")
    check_writable("--save", str(tmp_path / "old"))
    assert (tmp_path / "old").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("path", ["", "a\0b", ".", "no-such-folder/file", os.devnull])
def test_what_cannot(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="--save"):
        check_writable("--save", path)


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write into"):
        check_writable("--json", str(tmp_path / "file" / "below"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission"):
        check_writable("--json", str(tmp_path / "file"))


def test_json_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    write_json(str(path), {"a": [1.5, "ü"]})
    assert json.loads(path.read_text()) == {"a": [1.5, "ü"]}

    def replace(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(CheckpointError, match="cannot write the results: No space"):
        write_json(str(path), {})
    assert json.loads(path.read_text()) == {"a": [1.5, "ü"]}
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


def test_no_number_that_json_has_not(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(str(tmp_path / "results.json"), {"loss": float("nan")})
