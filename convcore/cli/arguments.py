"""What the commands accept. Mistakes are told in one line, by `UsageError`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

__all__ = ["UsageError", "parser"]

DATA_HELP = "mnist, fashion_mnist, digits (drawn, needs no file), or a folder with four IDX files"


class UsageError(Exception):
    """A command was called wrongly; `program` is the command where that is known."""

    def __init__(self, message: str, program: str = "") -> None:
        super().__init__(message)
        self.program = program


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help", self.prog)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse's, but what is not known is told by the command that it was given to."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            command = f"{self.prog} {found.command}"
            raise UsageError(f"unrecognized arguments: {' '.join(unknown)}; see {command} --help", command)
        return found


class _Version(argparse.Action):
    """Print the version, which is not asked for before: `convcore` itself need not be imported whole."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from convcore import __version__

        print(f"convcore {__version__}")
        parser.exit()


def _whole(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not allowed: give a whole number from {low} to {high}")
        return value

    return convert


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: give a finite number above 0")
    return value


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = _Parser(prog="convcore", description="Train and use convolutional networks on the CPU.", allow_abbrev=False)
    top.add_argument(
        "--version", action=_Version, nargs=0, default=argparse.SUPPRESS, help="print the version and exit"
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        if name != "info":
            made.add_argument("--threads", type=_whole(1, 1024), metavar="N", help="threads to use")
        return made

    train = command("train", "train the network of the MNIST tutorials, test it after each epoch, save it")
    train.add_argument("--data", help=f"{DATA_HELP}; default: mnist, or digits where MNIST cannot be had")
    passes = "whole passes over the training images; if not given, one and a half"
    train.add_argument("--epochs", type=_whole(1, 100_000), metavar="N", help=passes)
    train.add_argument("--batch-size", type=_whole(1, 1_000_000), metavar="N", help="images a step")
    train.add_argument("--learning-rate", type=_rate, metavar="RATE", help="highest rate of the one cycle")
    train.add_argument("--seed", type=_whole(0, 2**32 - 1), default=0, metavar="N", help="default 0")
    train.add_argument("--save", metavar="FILE", help="where the model goes; default: the data's name, .safetensors")
    train.add_argument("--json", metavar="FILE", help="write the results there")

    evaluate = command("evaluate", "loss and accuracy of a model on test images")
    evaluate.add_argument("model", metavar="MODEL", help="a file that train or model.save wrote")
    evaluate.add_argument("--data", help=f"{DATA_HELP}; default: mnist, or digits where MNIST cannot be had")

    predict = command("predict", "the classes that a model sees in images")
    predict.add_argument("model", metavar="MODEL", help="a file that train or model.save wrote")
    predict.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        help="white on black, .npy of uint8, IDX, PGM, or with Pillow any other format; of the model's size",
    )

    bench = command("bench", "how fast this machine trains and runs the network of the MNIST tutorials")
    bench.add_argument("--seconds", type=_whole(1, 60), default=20, metavar="N", help="about how long, default 20")
    bench.add_argument("--json", metavar="FILE", help="write the results there")

    run = command("run", "run a script for Keras or TensorFlow, unmodified, on convcore")
    run.add_argument("script", metavar="SCRIPT.py", help="what to run, as `python SCRIPT.py` would")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="the script's own arguments")

    info = command("info", "what convcore runs on; with a model, its layers")
    info.add_argument("model", metavar="MODEL", nargs="?", help="a file that train or model.save wrote")
    return top
