"""What holds weights: layers, and models made of layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import constraints, initializers, regularizers
from convcore.errors import NotSupportedError, ShapeError, StateError
from convcore.layers.arguments import is_float32
from convcore.layers.eager import as_float32
from convcore.layers.validation import standardize_shape
from convcore.layers.weights import make_variable
from convcore.variables import Variable

__all__ = ["Weighted"]

FloatArray = npt.NDArray[np.float32]


class Weighted:
    """Variables of its own, trainable or not, and their values as lists of arrays."""

    name: str
    built: bool
    _trainable: bool
    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        *,
        name: str | None = None,
        regularizer: Any = None,
        constraint: Any = None,
    ) -> Variable:
        """Make a variable of this layer, float32 of `shape` (default: a scalar), in `build`.

        What `regularizer` makes of its value joins the loss, and `constraint` brings it back after each step.
        """
        if not is_float32(dtype):
            raise NotSupportedError(f"convcore does not implement variables of dtype {dtype!r} (supported: 'float32')")
        dims = standardize_shape(() if shape is None else shape)
        known = tuple(dim for dim in dims if dim is not None)
        if len(known) != len(dims):
            raise ShapeError(f"Layer '{self.name}': a variable needs a known shape. Received: shape={dims}")
        chosen = initializers.get("glorot_uniform" if initializer is None else initializer)
        label = name or f"variable_{len(self._trainable_variables) + len(self._non_trainable_variables)}"
        variable = make_variable(label, known, chosen, bool(trainable) and self._trainable, self.name)
        variable.regularizer, variable.constraint = regularizers.get(regularizer), constraints.get(constraint)
        (self._trainable_variables if trainable else self._non_trainable_variables).append(variable)
        return variable

    @property
    def weights(self) -> list[Variable]:
        """All variables: the trainable ones in the order of their making, then the others."""
        return [*self._trainable_variables, *self._non_trainable_variables]

    @property
    def variables(self) -> list[Variable]:
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        return [variable for variable in self.weights if variable.trainable]

    @property
    def trainable_variables(self) -> list[Variable]:
        return self.trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [variable for variable in self.weights if not variable.trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return self.non_trainable_weights

    @property
    def losses(self) -> list[np.float32]:
        """What the regularizers add to the loss: of each trainable weight, and of what the last call returned."""
        weights = [v.regularizer(v.value) for v in self.trainable_weights if v.regularizer is not None]
        return [*self._activity_losses(), *weights]

    def _activity_losses(self) -> list[np.float32]:
        return []

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights, of layers inside too, and the statistics of batches are taken; when it
        was set, a model is to be compiled again."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._set_trainable(bool(value))

    def _set_trainable(self, value: bool) -> None:
        self._trainable = value
        for variable in self._trainable_variables:
            variable.trainable = value

    def get_weights(self) -> list[FloatArray]:
        """Copies of the weights' values."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[npt.ArrayLike]) -> None:
        """Copy arrays, of the shapes and in the order of `get_weights`, into the weights."""
        variables = self.weights
        given = list(weights)
        if len(given) != len(variables):
            raise ShapeError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of length {len(given)}, "
                f"but the layer was expecting {len(variables)} weights."
            )
        arrays = [as_float32(weight, f"set_weights of layer '{self.name}'") for weight in given]
        for variable, array in zip(variables, arrays, strict=True):
            if array.shape != variable.shape:
                raise ShapeError(
                    f"Layer {self.name} weight shape {variable.shape} is not compatible with provided weight shape "
                    f"{array.shape}."
                )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    def count_params(self) -> int:
        """The number of scalars in the weights."""
        if not self.built:
            raise StateError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't built. You can build it "
                "manually via: `layer.build(input_shape)`."
            )
        return sum(math.prod(variable.shape) for variable in self.weights)
