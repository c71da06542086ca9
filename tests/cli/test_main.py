"""The command line as a whole: exit codes, one line for what is wrong, no traceback whatever the streams are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

import convcore
from convcore import cli
from convcore.cli import info
from convcore.cli.streams import say_error
from convcore.errors import DataFileError, DatasetUnavailableError, ParameterError
from tests.cli.command import convcore as command
from tests.cli.command import environment, one_line, shell

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["--nothing"],
        ["train", "--nothing"],
        ["train", "--epochs", "0"],
        ["train", "--epochs", "1.5"],
        ["train", "--batch-size", "-1"],
        ["train", "--learning-rate", "nan"],
        ["train", "--learning-rate", "inf"],
        ["train", "--learning-rate", "0"],
        ["train", "--seed", "-1"],
        ["train", "--threads", "0"],
        ["train", "--threads", "many"],
        ["train", "extra"],
        ["train", "--data", "no-such-folder"],
        ["train", "--data", "digits\nand more"],
        ["train", "--save", "no-such-folder/model"],
        ["train", "--json", "no-such-folder/results"],
        ["train", "--save", "."],
        ["train", "--json", ""],
        ["train", "--save", "same", "--json", "same"],
        ["evaluate"],
        ["evaluate", "no-such-model"],
        ["evaluate", "."],
        ["predict", "no-such-model", "image"],
        ["predict", "no-such-model"],
        ["info", "no-such-model"],
    ],
)
def test_wrong_calls_exit_2_with_one_line(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert one_line(errors)
    assert errors.startswith("convcore")


def test_help_and_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"convcore {convcore.__version__}\n"
    assert cli.main(["--help"]) == 0
    for name in ("train", "evaluate", "predict", "info"):
        assert name in capsys.readouterr().out or cli.main([name, "--help"]) == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
        (DataFileError("damaged\nfile"), 1),
        (DatasetUnavailableError("nowhere"), 1),
        (ParameterError("wrong"), 2),
        (PermissionError(13, "Permission denied", "file"), 2),
        (OSError(28, "No space left on device", b"file"), 1),
        (MemoryError(), 1),
    ],
)
def test_errors_become_exit_codes(error, code, capsys, monkeypatch):
    def run(arguments):
        raise error

    monkeypatch.setattr(info, "run", run)
    assert cli.main(["info"]) == code
    errors = capsys.readouterr().err
    assert errors == "" if code == 141 else one_line(errors)


def test_a_mistake_of_ours_is_not_hidden(monkeypatch):
    def run(arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(info, "run", run)
    with pytest.raises(ZeroDivisionError):
        cli.main(["info"])


def test_error_lines(capsys):
    say_error("convcore", FileNotFoundError(2, "No such file", "a\0b"))
    say_error("convcore", "two\nlines")
    assert capsys.readouterr().err == "convcore: a\\0b: No such file\nconvcore: two lines\n"


def test_python_m_convcore(tmp_path):
    done = command("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"convcore {convcore.__version__}\n", "")


@needs_bash
@pytest.mark.parametrize("arguments", ["info", "--help", "train --help"])
def test_a_reader_that_leaves(tmp_path, arguments):
    done = shell(f"$CONVCORE {arguments} | true", cwd=tmp_path)
    assert done.returncode in {0, 141}
    assert done.stderr == ""
    done = shell(f"$CONVCORE {arguments} | head -n 1", cwd=tmp_path)
    assert done.returncode in {0, 141}
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)


@needs_bash
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams(tmp_path, closed):
    for arguments, code in (("info", 0), ("--help", 0), ("evaluate no-such-model", 2)):
        done = shell(f"$CONVCORE {arguments} {closed}", cwd=tmp_path)
        assert done.returncode == code
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_full_disk_behind_the_output(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "convcore", "info"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert one_line(done.stderr)


@pytest.mark.parametrize("locale", [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}])
def test_without_unicode(tmp_path, locale):
    done = command("evaluate", "Grüße.safetensors", cwd=tmp_path, **locale)
    assert done.returncode == 2
    assert one_line(done.stderr)
    assert command("info", cwd=tmp_path, **locale).returncode == 0
