"""The base of all models: Keras's methods of training, files and texts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.base import Layer
from convcore.layers.registry import serialize
from convcore.models.network import Network
from convcore.training import Trainer
from convcore.training.busy import exclusive

if TYPE_CHECKING:
    from convcore.program import Runner

__all__ = ["Model"]


class Model(Trainer, Network, record_build=False):
    """``Model(inputs, outputs)``: the layers that lead from `inputs` to `outputs`, as one layer that can be trained.

    Inputs are `Input` tensors, outputs what layers gave when they were called on them, both one, or a list or dict.
    The model is a `Functional`. A subclass calls ``super().__init__(inputs, outputs)``, or it has a
    ``call(self, inputs)`` of its own and is a `Subclassed`.

    >>> from convcore import layers
    >>> inputs = layers.Input((4,))
    >>> x = layers.Dense(4, activation="relu")(inputs)
    >>> model = Model(inputs, layers.Add()([x, inputs]))
    >>> model.output_shape, model.count_params()
    ((None, 4), 20)
    """

    _not_copied: ClassVar[frozenset[str]] = Network._not_copied | {"_runner", "_lock"}

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_functional(args, kwargs):
            from convcore.models.functional import Functional

            return super().__new__(Functional)
        if hasattr(cls, "call") and not cls._is_composed and not hasattr(cls, "pop"):
            from convcore.models.subclassed import Subclassed

            _become(cls, Subclassed)
            return cls.__new__(cls, *args, **kwargs)
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _is_functional(args, kwargs):
            from convcore.models.functional import Functional

            if self._is_composed:
                raise NotSupportedError(
                    f"convcore does not implement call() of one's own in a model, as {type(self).__name__} has, beside "
                    "inputs and outputs (supported: either)"
                )
            _become(type(self), Functional)
            Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]
            return
        if not self._is_composed:
            raise NotSupportedError(
                f"convcore does not implement models without inputs, outputs or a call(), as {type(self).__name__} is "
                "(supported: keras.Model(inputs, outputs), subclasses with call(self, inputs), keras.Sequential)"
            )
        Network.__init__(self, *args, **kwargs)

    @exclusive
    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The output for a batch `inputs`, any real dtype; builds the model first if it is not built yet.

        Without `training` it is that of inference, but of a model without weights that augments images it is that of
        training.
        """
        return super().__call__(inputs, training)

    @exclusive
    def forward(self, x: Any, training: bool = True) -> Any:
        """The output for a batch `x`; with ``training=True`` it can be followed by `backward`."""
        return super().forward(x, training)

    @exclusive
    def backward(self, dy: Any) -> Any:
        """The gradient with respect to the last forward's input; those of the weights are in ``variable.grad``."""
        return super().backward(dy)

    def _program(self) -> Runner:
        # Layers shared with another model may have moved, or `trainable` may have changed: this notices.
        self._parameters()
        return super()._program()

    def _invalidate(self) -> None:
        Network._invalidate(self)
        Trainer._invalidate(self)

    # Configuration, files, texts

    @classmethod
    def _restore(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]]) -> Any:
        return cls.from_config(config, custom_objects)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Any:
        """A new model, with new weights, from what `get_config` returned."""
        if {"layers", "input_layers", "output_layers"} <= set(config):
            from convcore.models.functional import Functional

            return Functional.from_config(config, custom_objects)
        raise NotSupportedError(
            f"convcore does not implement {cls.__name__}.from_config (supported: Functional, Sequential)"
        )

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
        """The architecture as JSON, for `models.model_from_json`; `kwargs` go to `json.dumps`."""
        return json.dumps(serialize(self), **kwargs)

    def save(
        self, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
    ) -> None:
        """Write the model to the file `filepath`: see `convcore.saving.save_model`."""
        from convcore.saving import save_model

        unknown = sorted(kwargs.keys() - {"include_optimizer", "save_format"})
        if unknown:
            raise ParameterError(f"The following argument(s) are not supported: {unknown}")
        save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

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


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the arguments are inputs and outputs."""
    return {"inputs", "outputs"} <= {*("inputs", "outputs")[: len(args)], *kwargs}


def _become(cls: type, kind: type[Model]) -> None:
    """Let `cls`, a subclass of `Model`, be one of `kind`, as Keras does when it is first made of inputs and outputs."""
    if not issubclass(cls, kind):
        if Model in cls.__bases__:
            cls.__bases__ = tuple(kind if base is Model else base for base in cls.__bases__)
        for base in cls.__bases__:
            if issubclass(base, Model):
                _become(base, kind)
