"""A leaky ReLU that learns its slopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore import constraints, initializers, regularizers
from convcore.errors import ParameterError
from convcore.layers.base import Layer
from convcore.layers.validation import InputSpec
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["PReLU"]


class PReLU(Layer):
    """x where x > 0, ``alpha * x`` elsewhere, with a learned alpha for each element of a sample (He et al., 2015).

    Along `shared_axes`, counted from 1 for the first behind the batch, elements share theirs: ``[1, 2]`` gives images
    one alpha a channel. The output has the input's shape.

    >>> PReLU(alpha_initializer="ones")([[-1.0, 2.0]])
    array([[-1.,  2.]], dtype=float32)
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        axes = shared_axes if isinstance(shared_axes, (list, tuple)) or shared_axes is None else [shared_axes]
        for axis in axes or ():
            if isinstance(axis, bool) or not isinstance(axis, int) or axis < 1:
                raise ParameterError(
                    "The `shared_axes` of a PReLU layer are integers from 1, the first axis behind the batch. "
                    f"Received: shared_axes={shared_axes!r}"
                )
        self.shared_axes = None if axes is None else list(axes)
        self.alpha: Variable | None = None

    def build(self, input_shape: Any) -> None:
        shared = self.shared_axes or []
        if any(axis >= len(input_shape) for axis in shared):
            raise ParameterError(
                f"The `shared_axes` of a PReLU layer must be axes of its input. Received: shared_axes={shared}, "
                f"input shape {input_shape}"
            )
        shape = [1 if axis in shared else size for axis, size in enumerate(input_shape)][1:]
        self.alpha = self.add_weight(
            shape, self.alpha_initializer, name="alpha",
            regularizer=self.alpha_regularizer, constraint=self.alpha_constraint,
        )  # fmt: skip
        axes = {axis: input_shape[axis] for axis in range(1, len(input_shape)) if shared and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("prelu", x, parameters=(self.alpha,))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
