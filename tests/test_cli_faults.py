"""The command line under bad flags, missing files, closed pipes, poor locales and Ctrl-C: one line and an exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.worker import ROOT

COMMAND = [sys.executable, "-m", "convcore"]
TRAIN = ["train", "--data", "digits", "--seed", "1", "--threads", "1"]


def run(*arguments: str, timeout: float = 30, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [*COMMAND, *arguments], env=variables, capture_output=True, text=True, timeout=timeout, check=False
    )


def one_line(done: subprocess.CompletedProcess[str]) -> None:
    """The message is one line on stderr, without a traceback, and nothing else is printed."""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-such-flag"],
        ["no-such-command"],
        ["train", "--epochs", "many"],
        ["train", "--epochs", "-1"],
        ["train", "--batch-size", "0"],
        ["train", "--batch-size", "1.5"],
        ["train", "--learning-rate", "nan"],
        ["train", "--learning-rate", "-1"],
        ["train", "--threads", "0"],
        ["train", "--seed", "x"],
        ["evaluate"],
        ["predict"],
    ],
    ids=" ".join,
)
def test_a_usage_error_is_one_line_and_two(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    one_line(done)


@pytest.mark.parametrize(
    "arguments", [["evaluate", "missing.model"], ["predict", "missing.model", "a.png"], ["info", "missing.model"]]
)
def test_a_missing_file_is_named_in_one_line(arguments: list[str], tmp_path: Path) -> None:
    path = str(tmp_path / arguments[1])
    done = run(arguments[0], path, *arguments[2:])
    assert done.returncode not in (0, 130, 141)
    assert done.returncode > 0
    one_line(done)
    assert "missing.model" in done.stderr


def test_a_reader_that_goes_away() -> None:
    """``convcore info | head -c 0``: the end of the pipe is no error to talk about."""
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*COMMAND, "info"], env=environment, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=30, check=False
    )
    os.close(writer)
    assert done.returncode in (0, 141, -signal.SIGPIPE)
    assert done.stderr == ""


def test_stdout_is_closed() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "info"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode in (0, 1, 141)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_a_locale_without_unicode(locale: str) -> None:
    done = run("info", LANG=locale, LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, *TRAIN, "--epochs", "1000", "--save", str(tmp_path / "model.safetensors")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    time.sleep(4)
    assert process.poll() is None, process.communicate()
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert time.monotonic() - start < 5
