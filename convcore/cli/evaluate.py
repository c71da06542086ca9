"""``convcore evaluate``: loss and accuracy of a saved model on test images."""

from __future__ import annotations

import argparse
import time
from typing import Any

from convcore import runtime
from convcore.cli.data import load, pixels_for
from convcore.models import load_model

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    if arguments.threads is not None:
        runtime.set_num_threads(arguments.threads)
    model = load_model(arguments.model)
    if model.loss is None:
        model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    data = load(arguments.data)
    images, labels = data.test
    pixels = pixels_for(model, images)
    start = time.perf_counter()
    figures: Any = model.evaluate(pixels, labels, batch_size=500, return_dict=True)
    rate = len(images) / max(time.perf_counter() - start, 1e-9)
    shown = ", ".join(f"test {name} {value:.4f}" for name, value in sorted(figures.items(), key=_loss_first))
    print(f"{arguments.model} on {data.name}: {shown} ({len(images):,} images, {rate:,.0f} images/s)")
    return 0


def _loss_first(figure: tuple[str, float]) -> tuple[bool, str]:
    return figure[0] != "loss", figure[0]
