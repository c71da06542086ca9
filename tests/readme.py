"""The Python blocks of README.md, and a run of them: `python tests/readme.py` in an environment with convcore.

With CONVCORE_DATA set the blocks see the real data, else a few hundred drawn digits; the text is the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

README = Path(__file__).resolve().parent.parent / "README.md"
TRAIN, TEST = 512, 128


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@contextmanager
def small_data() -> Iterator[None]:
    """Let `datasets.mnist.load_data` give a few hundred drawn digits: a reader's code, at a test's price."""
    from convcore import datasets

    def load_data(*_: Any, **__: Any) -> Any:
        (x, y), (x_test, y_test) = datasets.digits.load_data(TRAIN, TEST)
        return (x, y), (x_test, y_test)

    with patch.object(datasets.mnist, "load_data", load_data):
        yield


def run() -> dict[str, Any]:
    """Run the Python blocks one after the other, as a reader would type them, and return their names."""
    from convcore import utils

    utils.clear_session()  # a reader's process is a new one: its names begin at `conv2d`
    names: dict[str, Any] = {"__name__": "readme"}
    for number, block in enumerate(blocks("python"), 1):
        exec(compile(block, f"<Python block {number} of README.md>", "exec"), names)
    return names


if __name__ == "__main__":
    if os.environ.get("CONVCORE_DATA"):
        run()
    else:
        with small_data():
            run()
