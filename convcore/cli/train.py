"""``convcore train``: train the seed net, test it after each epoch, keep the model of the last whole epoch."""

from __future__ import annotations

import argparse
import os
import platform
import time
from dataclasses import replace
from typing import Any

import numpy as np

import convcore
from convcore import runtime
from convcore.callbacks import Callback
from convcore.checks import counted
from convcore.cli.arguments import UsageError
from convcore.cli.data import Dataset, load
from convcore.cli.files import check_writable, write_json
from convcore.cli.streams import say_error
from convcore.recipes import SEED_NET, Recipe
from convcore.training.arguments import require_batch
from convcore.training.progress import is_terminal
from convcore.utils import set_random_seed

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    _check_targets(arguments.save, arguments.json)
    if arguments.threads is not None:
        runtime.set_num_threads(arguments.threads)
    data = load(arguments.data)
    target = arguments.save or f"{os.path.basename(data.name)}.safetensors"
    _check_targets(target, arguments.json)
    recipe = _recipe(arguments, len(data.train[0]))
    (images, labels), (test_images, test_labels) = data.train, data.test
    require_batch(arguments.batch_size, recipe.batch_size, len(images))
    set_random_seed(arguments.seed)
    model = recipe.model((*images.shape[1:], 1), images=len(images))
    model.summary()
    print(_title(data, recipe, arguments.seed), flush=True)
    report = Report(data.name, len(images), recipe.epochs, target)
    try:
        recipe.fit(
            model,
            images[..., np.newaxis],
            labels,
            validation_data=(test_images[..., np.newaxis], test_labels),
            validation_batch_size=500,
            verbose=1 if is_terminal() else 0,  # elsewhere the report's line an epoch is enough
            callbacks=[report],
        )
    except KeyboardInterrupt:
        report.on_train_end()
        kept = f"the model after epoch {report.saved:g} is in {target}" if report.saved else "no whole epoch, no model"
        if arguments.json and report.saved:
            write_json(arguments.json, _results(data, recipe, arguments.seed, report) | {"interrupted": True})
            kept += f", its results in {arguments.json}"
        say_error("convcore train", f"interrupted: {kept}")
        return 130
    print(f"Model of the last epoch, trained on {data.name}: {target}")
    if arguments.json:
        write_json(arguments.json, _results(data, recipe, arguments.seed, report))
        print(f"Results: {arguments.json}")
    return 0


class Report(Callback):
    """Saves the model and says what it can do after each epoch; times training without the tests."""

    def __init__(self, data: str, images: int, epochs: float, target: str) -> None:
        super().__init__()
        self.data = data
        self.images = images
        self.all_epochs = epochs
        self.target = target
        self.epochs: list[dict[str, float]] = []
        self.saved: float = 0  # epochs
        self._line = ""
        self._start = self._seconds = 0.0

    @property
    def train_seconds(self) -> float:
        return sum(epoch["seconds"] for epoch in self.epochs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._say()
        self._start = time.perf_counter()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._seconds = time.perf_counter() - self._start

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        figures = logs or {}
        done = {
            "loss": float(figures["loss"]),
            "accuracy": float(figures["accuracy"]),
            "test_loss": float(figures["val_loss"]),
            "test_accuracy": float(figures["val_accuracy"]),
            "seconds": self._seconds,
        }
        self.model.save(self.target)
        before, self.saved = self.saved, min(epoch + 1, self.all_epochs)
        self.epochs.append(done)
        speed = (self.saved - before) * self.images / max(self._seconds, 1e-9)
        self._line = (
            f"Epoch {self.saved:g} on {self.data}: test loss {done['test_loss']:.4f}, test accuracy "
            f"{done['test_accuracy']:.4f}, {speed:,.0f} images/s"
        )

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._say()

    def _say(self) -> None:
        """The line of the last epoch, which waits until the bar of that epoch is finished."""
        if self._line:
            print(self._line, flush=True)
            self._line = ""


def _check_targets(save: str | None, results: str | None) -> None:
    if save is not None:
        check_writable("--save", save)
    if results is not None:
        check_writable("--json", results)
        if save is not None and os.path.realpath(save) == os.path.realpath(results):
            raise UsageError(f"--save and --json are the same file: {save}")


def _recipe(arguments: argparse.Namespace, images: int) -> Recipe:
    """The seed net's recipe with what was given; a batch size that was not given is cut to the number of `images`."""
    given = {name: getattr(arguments, name) for name in ("epochs", "batch_size", "learning_rate")}
    default = replace(SEED_NET, batch_size=min(SEED_NET.batch_size, images))
    return replace(default, **{name: value for name, value in given.items() if value is not None})


def _title(data: Dataset, recipe: Recipe, seed: int) -> str:
    return (
        f"Training on {data.name}: {len(data.train[0]):,} images, {len(data.test[0]):,} for testing; "
        f"{counted(recipe.epochs, 'epoch')} of batches of {recipe.batch_size}, one-cycle Adam up to "
        f"{recipe.learning_rate:g}, seed {seed}; {counted(runtime.get_num_threads(), 'thread')}, {runtime.active_isa()}"
    )


def _results(data: Dataset, recipe: Recipe, seed: int, report: Report) -> dict[str, Any]:
    seconds = report.train_seconds
    return {
        "dataset": data.name,
        "recipe": recipe.as_dict() | {"seed": seed},
        "versions": {
            "convcore": convcore.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "threads": runtime.get_num_threads(),
        "isa": runtime.active_isa(),
        "train_seconds": seconds,
        "images_per_second": len(data.train[0]) * report.saved / max(seconds, 1e-9),
        "epochs": report.epochs,
        "model": os.path.abspath(report.target),
    }
