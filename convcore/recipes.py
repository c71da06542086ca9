"""Recipes: a network and how it is trained to its result, in one place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from convcore import layers, optimizers
from convcore.callbacks import Callback
from convcore.models import Sequential
from convcore.optimizers.schedules import OneCycle

__all__ = ["SEED_NET", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """The classifier of the MNIST tutorials, trained by Adam with a learning rate that rises once and falls once.

    He initialisation and the one cycle (L. N. Smith, N. Topin, "Super-Convergence", arXiv:1708.07120) take it to the
    tutorials' result in one and a half epochs; a constant rate of 0.001 needs four.

    Attributes:
        name: The name of the recipe.
        epochs: Passes over the training images; the last one ends early where that is no whole number.
        batch_size: Images a step.
        learning_rate: The highest rate of the cycle.
        warmup: The share of the steps in which the rate rises.
        beta_1, beta_2: Decay of Adam's means of gradients and of their squares.

    Example:
        >>> model = SEED_NET.model((28, 28, 1), images=60000)
        >>> model.count_params()
        243786
    """

    name: str = "seed-net-one-cycle"
    epochs: float = 1.5
    batch_size: int = 64
    learning_rate: float = 4e-3
    warmup: float = 0.15
    beta_1: float = 0.8
    beta_2: float = 0.99

    def model(self, input_shape: tuple[int, int, int], images: int, classes: int = 10) -> Sequential:
        """A new, compiled model for `images` training images of uint8 pixels of `input_shape` (height, width, 1)."""
        he = "he_normal"
        model = Sequential(
            [
                layers.Input(input_shape),
                layers.Rescaling(1 / 255),
                layers.Conv2D(64, (3, 3), activation="relu", kernel_initializer=he),
                layers.MaxPooling2D((2, 2)),
                layers.Conv2D(64, (3, 3), activation="relu", kernel_initializer=he),
                layers.MaxPooling2D((2, 2)),
                layers.Flatten(),
                layers.Dense(128, activation="relu", kernel_initializer=he),
                layers.Dense(classes, activation="softmax"),
            ]
        )
        rate = OneCycle(self.learning_rate, total_steps=self.steps(images), warmup=self.warmup)
        model.compile(
            optimizer=optimizers.Adam(learning_rate=rate, beta_1=self.beta_1, beta_2=self.beta_2),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model

    def steps(self, images: int) -> int:
        """How many batches a training on so many `images` has."""
        return max(1, math.ceil(self.epochs * math.ceil(images / self.batch_size)))

    def fit(
        self, model: Sequential, images: Any, labels: Any, *, callbacks: Sequence[Callback] = (), **more: Any
    ) -> None:
        """Train `model` on `images` and `labels` as the recipe says; `more` are other arguments of `fit`."""
        end = _End(self.steps(len(images)))
        epochs = math.ceil(self.epochs)
        model.fit(images, labels, batch_size=self.batch_size, epochs=epochs, callbacks=[end, *callbacks], **more)

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain data."""
        return asdict(self) | {"optimizer": "adam", "schedule": "one-cycle", "initializer": "he_normal"}


class _End(Callback):
    """Ends a training with its last step, wherever in an epoch that is."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._left = steps

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._left -= 1
        self.model.stop_training = self._left == 0


SEED_NET = Recipe()
