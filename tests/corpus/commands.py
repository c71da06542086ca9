"""The command line: what it says on stderr, and its exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time

from tests.corpus.registry import answered
from tests.worker import ROOT

COMMAND = [sys.executable, "-m", "convcore"]
Done = subprocess.CompletedProcess[str]


def run(*arguments: str, **environment: str) -> Done:
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "CONVCORE_NUM_THREADS": "1", **environment}
    return subprocess.run([*COMMAND, *arguments], env=variables, capture_output=True, text=True, check=False)


def shell(script: str) -> Done:
    """A script of the shell with the command as its arguments."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ["/bin/sh", "-c", script, "sh", *COMMAND]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def says_one_line(done: Done, code: int, word: str) -> None:
    assert done.returncode == code, done
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert word in done.stderr
    assert not done.stdout


@answered("command-with-a-bad-flag")
def _() -> None:
    says_one_line(run("info", "--no-such-flag"), 2, "no-such-flag")
    says_one_line(run("train", "--batch-size", "1.5"), 2, "1.5")


@answered("command-without-its-file")
def _() -> None:
    says_one_line(run("info", "missing.safetensors"), 2, "missing.safetensors")
    says_one_line(run("evaluate", "missing.safetensors"), 2, "missing.safetensors")


@answered("command-whose-reader-leaves")
def _() -> None:
    done = shell('"$@" info | head -n 1')
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
    done = shell('exec "$@" info >&-')
    assert done.returncode in (0, 1, 141), done
    assert "Traceback" not in done.stderr


@answered("command-in-the-c-locale")
def _() -> None:
    done = run("info", LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done
    assert not done.stderr
    done.stdout.encode("ascii")


@answered("command-interrupted")
def _() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CONVCORE_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [*COMMAND, "train", "--data", "digits", "--epochs", "1000"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
        )
        assert process.stdout is not None
        process.stdout.readline()  # the model is made, and its summary begins
        time.sleep(0.5)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert time.monotonic() - begin < 2
