"""The command line: ``convcore train``, ``evaluate``, ``predict``, ``bench``, ``run``, ``info``: one module each.

Exit codes: 0 done, 1 failed, 2 called wrongly (also a file that is missing or cannot be written), 130 interrupted by
Ctrl-C, 141 the reader of the output went away. What went wrong is one line on standard error.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import sys
from collections.abc import Sequence

from convcore.cli.arguments import UsageError, parser
from convcore.cli.streams import finish, prepare, say_error
from convcore.errors import ConvcoreError, ParameterError

__all__ = ["main"]

# Errors of the system that mean that a path on the command line is wrong.
WRONG_PATH = {
    errno.EACCES, errno.EEXIST, errno.EINVAL, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOENT,
    errno.ENOTDIR, errno.EPERM, errno.EROFS,
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command with the arguments `argv`, by default those of the process; the exit code.

    Example:
        >>> main(["train", "--epochs", "0"])
        2
    """
    prepare()
    return finish(_run(sys.argv[1:] if argv is None else list(argv)))


def _run(argv: list[str]) -> int:
    program = "convcore"
    try:
        arguments = parser().parse_args(argv)
        program = f"convcore {arguments.command}"
        return _dispatch(arguments)
    except SystemExit as stop:  # argparse ends so after --help and --version
        return int(stop.code or 0)
    except KeyboardInterrupt:
        say_error(program, "interrupted")
        return 130
    except BrokenPipeError:
        return 141
    except UsageError as error:
        say_error(error.program or program, error)
        return 2
    except (ConvcoreError, OSError, MemoryError) as error:
        say_error(program, error)
        wrong_path = isinstance(error, OSError) and error.errno in WRONG_PATH
        return 2 if wrong_path or isinstance(error, ParameterError) else 1


def _dispatch(arguments: argparse.Namespace) -> int:
    # A command is imported when it runs: `convcore --help` needs neither NumPy nor the engine.
    module = importlib.import_module(f"convcore.cli.{arguments.command}")
    code: int = module.run(arguments)
    return code
