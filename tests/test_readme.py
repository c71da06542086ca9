"""What README.md says is so: its Python runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import readme

ROOT = readme.README.parent
COMMANDS = [line for block in readme.blocks("sh") for line in block.splitlines() if line and not line.startswith("#")]
# Commands in running text: `make train ARGS=...`, `convcore evaluate ...`
COMMANDS += re.findall(r"`((?:make|convcore) [^`]+)`", readme.README.read_text(encoding="utf-8"))


def test_the_python_blocks_run_and_print_what_the_readme_shows(capsys: pytest.CaptureFixture[str]) -> None:
    with readme.small_data():
        names = readme.run()
    printed = capsys.readouterr().out
    assert names["p"].shape == (readme.TEST, 10)
    assert len(names["history"].history["val_accuracy"]) == 5
    assert _runs(printed) == _runs("".join(readme.blocks("text")))
    for block in readme.blocks("text"):
        for line in block.splitlines():
            if line.startswith(("Model", "┏", "┃", "┡", "│", "├", "└", " Total", " Trainable", " Non-trainable")):
                assert line.rstrip() in [shown.rstrip() for shown in printed.splitlines()]


def _runs(text: str) -> list[str]:
    """The lines about runs, without their figures: those depend on the data and the machine."""
    lines = [line for line in text.splitlines() if re.match(r"Epoch |\d+/\d+ ", line)]
    return [re.sub(r"(?<!Epoch )\b\d+/\d+ ", "", re.sub(r"\d+(s|ms|us)\b|(?<=: )[\d.e-]+", "", line)) for line in lines]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_exist(command: str) -> None:
    program, *words = shlex.split(command)
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert {word for word in words if "=" not in word} <= set(targets)
        arguments = [word.partition("=")[2] for word in words if word.startswith("ARGS=")]
        options = [word for argument in arguments for word in shlex.split(argument)]
        subcommand = "train" if "train" in words else None
    else:
        assert program in {"convcore", "pip"}
        subcommand, options = (words[0], words[1:]) if program == "convcore" else (None, [])
    if subcommand is not None:
        arguments = [sys.executable, "-m", "convcore", subcommand, "--help"]
        text = subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        assert all(option in text for option in options if option.startswith("--"))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_links_and_files_named_exist(document: str) -> None:
    text = Path(ROOT / document).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    files = re.findall(r"`([\w./-]+/[\w./-]*)`", text)
    assert not [
        name for name in (*links, *files) if not any((top / name).exists() for top in (ROOT, ROOT / "convcore"))
    ]
