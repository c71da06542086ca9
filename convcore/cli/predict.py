"""``convcore predict``: the classes that a saved model sees in images."""

from __future__ import annotations

import argparse

import numpy as np

from convcore import runtime
from convcore.cli.data import pixels_for
from convcore.cli.images import read_images
from convcore.errors import ShapeError
from convcore.models import load_model

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    if arguments.threads is not None:
        runtime.set_num_threads(arguments.threads)
    model = load_model(arguments.model, compile=False)
    for path in arguments.images:
        images = read_images(path)
        try:
            pixels = pixels_for(model, images)
        except ShapeError as error:
            raise ShapeError(f"{path}: {error}") from None
        scores = model.predict(pixels, batch_size=500, verbose=0)
        if scores.ndim != 2:
            raise ShapeError(f"{arguments.model} gives {scores.shape[1:]} for an image; a classifier gives one row.")
        for number, row in enumerate(scores):
            name = path if len(scores) == 1 else f"{path}[{number}]"
            best = int(np.argmax(row))
            print(f"{name}: {best} ({row[best]:.4f})")
    return 0
