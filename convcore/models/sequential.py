"""The model that everything here trains: layers in a row, with Keras's methods."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.base import Layer
from convcore.layers.registry import deserialize, register, serialize
from convcore.models.stack import Stack
from convcore.training import Trainer
from convcore.training.busy import exclusive

if TYPE_CHECKING:
    from convcore.program import Runner

__all__ = ["Sequential"]


class Sequential(Trainer, Stack, record_build=False):
    """Layers in a row: each takes the output of the one before.

    With an input shape (an `Input` first, or ``input_shape=`` of the first layer) the weights are made at once;
    without one, at the first fit, predict or call. A model is itself a layer and can stand in another one.

    >>> from convcore import layers
    >>> model = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
    >>> model.output_shape, model.count_params()
    ((None, 2), 23)
    """

    _not_copied: ClassVar[frozenset[str]] = Stack._not_copied | {"_runner", "_lock"}

    def __init__(self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        Stack.__init__(self, trainable=trainable, name=name)
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._maybe_rebuild()

    @exclusive
    def __call__(self, x: Any, training: bool | None = False) -> npt.NDArray[np.float32]:
        """The output for a batch `x`, any real dtype; builds the model first if it is not built yet."""
        return super().__call__(x, training)

    @exclusive
    def forward(self, x: Any, training: bool = True) -> npt.NDArray[np.float32]:
        """The output for a batch `x`; with ``training=True`` it can be followed by `backward`."""
        return super().forward(x, training)

    @exclusive
    def backward(self, dy: Any) -> npt.NDArray[np.float32]:
        """The gradient with respect to the last forward's input; those of the weights are in ``variable.grad``."""
        return super().backward(dy)

    def _program(self) -> Runner:
        # Layers shared with another model may have moved, or `trainable` may have changed: this notices.
        self._parameters()
        return super()._program()

    def _invalidate(self) -> None:
        Stack._invalidate(self)
        Trainer._invalidate(self)

    # Configuration, files, texts

    def get_config(self) -> dict[str, Any]:
        """Name, layers with their configurations, and the input shape; JSON types."""
        config = {**super().get_config(), "layers": [serialize(layer) for layer in self._layers]}
        if self._build_shape is not None:
            config["build_input_shape"] = self._build_shape
        return config

    @classmethod
    def _restore(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]]) -> Any:
        return cls.from_config(config, custom_objects)

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

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], object] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
        *,
        style: str = "keras3",
    ) -> None:
        """Print the layers with their output shapes and numbers of parameters, as Keras 3 does.

        ``style="keras2"`` gives the table of the older tutorials; `print_fn` receives the text instead of stdout,
        whole in Keras 3's style and line by line in Keras 2's.
        """
        from convcore.summary import print_summary

        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
            style=style,
        )

    def to_json(self, **kwargs: Any) -> str:
        """Keras's text of the architecture: refused, with what there is instead."""
        raise NotSupportedError(
            "convcore does not implement model.to_json (supported: model.get_config(), plain data for json.dumps, with "
            "keras.Sequential.from_config; model.save(path) and keras.models.load_model for the weights too)"
        )

    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None) -> None:
        """Write the model to the file `filepath`: see `convcore.saving.save_model`."""
        from convcore.saving import save_model

        save_model(self, filepath, overwrite=overwrite)

    def save_weights(
        self, filepath: str | os.PathLike[str], overwrite: bool = True, max_shard_size: None = None
    ) -> None:
        """Write only the weights to the file `filepath`: see `convcore.saving.save_weights`."""
        from convcore.saving import save_weights

        if max_shard_size is not None:
            raise NotSupportedError(
                f"convcore does not implement max_shard_size={max_shard_size!r} (supported: None, one file)"
            )
        save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
        """Read the weights from the file `filepath`: see `convcore.saving.load_weights`."""
        from convcore.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch)

    def _resume_training(self, filepath: str | os.PathLike[str]) -> None:
        """Go on where the file `filepath` stands: see `convcore.saving.resume`."""
        from convcore.saving.resume import resume_training

        resume_training(self, filepath)


register(Sequential)
