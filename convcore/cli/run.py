"""``convcore run``: run a script for Keras or TensorFlow, unmodified, on convcore."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType

from convcore import runtime
from convcore.cli.arguments import UsageError
from convcore.stand_ins import install

__all__ = ["run"]


class Script(SourceFileLoader):
    """Loads a file as Python loads the script that it is given: without a file of bytecode beside it."""

    def set_data(self, path: str, data: object, *, _mode: int = 0) -> None:
        """Write nothing."""


def run(arguments: argparse.Namespace) -> int:
    """Run the script as Python would; the exit code that Python would have."""
    script = os.path.abspath(arguments.script)
    if not os.path.isfile(script):
        raise UsageError(f"cannot open {arguments.script}: there is no such file", "convcore run")
    if arguments.threads is not None:
        runtime.set_num_threads(arguments.threads)
    install()
    sys.argv = [arguments.script, *arguments.arguments]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(script))  # in place of where convcore was started from
    main = ModuleType("__main__")
    main.__file__ = script
    main.__loader__ = loader = Script("__main__", script)
    sys.modules["__main__"] = main
    try:
        loader.exec_module(main)
    except SystemExit as stop:
        return _exit_code(stop)
    except BaseException as error:
        error = error.with_traceback(_inside(error.__traceback__, script))
        sys.excepthook(type(error), error, error.__traceback__)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _exit_code(stop: SystemExit) -> int:
    """What Python ends with after ``sys.exit(code)``."""
    if stop.code is None or isinstance(stop.code, int):
        return int(stop.code or 0) & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def _inside(traceback: TracebackType | None, script: str) -> TracebackType | None:
    """`traceback` from the script's own first frame on, without Python's import machinery."""
    frames = list(_links(traceback))
    files = [link.tb_frame.f_code.co_filename for link in frames]
    first = files.index(script) if script in files else len(files)
    story = None
    for link, file in reversed([*zip(frames, files, strict=True)][first:]):
        if not file.startswith("<frozen importlib"):
            story = TracebackType(story, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return story


def _links(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
