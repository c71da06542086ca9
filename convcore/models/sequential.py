"""The model that most scripts train: layers in a row, with Keras's methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from convcore.errors import ParameterError
from convcore.layers.base import Layer
from convcore.layers.registry import deserialize, register, serialize
from convcore.models.model import Model
from convcore.models.stack import Stack

__all__ = ["Sequential"]


class Sequential(Model, Stack, record_build=False):
    """Layers in a row: each takes the output of the one before.

    With an input shape (an `Input` first, or ``input_shape=`` of the first layer) the weights are made at once;
    without one, at the first fit, predict or call. A model is itself a layer and can stand in another one.

    >>> from convcore import layers
    >>> model = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
    >>> model.output_shape, model.count_params()
    ((None, 2), 23)
    """

    _not_copied: ClassVar[frozenset[str]] = Model._not_copied | Stack._not_copied

    def __init__(self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        Stack.__init__(self, trainable=trainable, name=name)
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._maybe_rebuild()

    @property
    def _takes_one(self) -> bool | None:  # type: ignore[override]
        each = {layer._takes_one for layer in self.layers}
        return False if False in each or not each else True in each or None

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The output for a batch `inputs`, any real dtype; builds the model first if it is not built yet.

        A model of nothing but layers for images takes a single image too.
        """
        if isinstance(inputs, np.ndarray) and inputs.ndim == 3 and self._takes_one:
            return super().__call__(inputs[np.newaxis], training)[0]
        return super().__call__(inputs, training)

    # Configuration

    def get_config(self) -> dict[str, Any]:
        """Name, layers with their configurations, and the input shape; JSON types."""
        config = {**super().get_config(), "layers": [serialize(layer) for layer in self._layers]}
        if self._build_shape is not None:
            config["build_input_shape"] = self._build_shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Any:
        """A new model, with new weights, from what `get_config` returned."""
        unknown = sorted(set(config) - {"name", "trainable", "dtype", "layers", "build_input_shape"})
        layers = config.get("layers", [])
        if unknown or not isinstance(layers, (list, tuple)):
            raise ParameterError(f"Not the configuration of a Sequential model: {unknown or layers!r:.200}")
        model = cls(
            [deserialize(layer, custom_objects) for layer in layers],
            trainable=config.get("trainable", True),
            name=config.get("name"),
        )
        if config.get("build_input_shape") is not None:
            model.build(config["build_input_shape"])
        return model


register(Sequential)
