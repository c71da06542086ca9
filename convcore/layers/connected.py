"""What a layer is joined to in a model."""

from __future__ import annotations

from typing import Any

from convcore.errors import NotBuiltError
from convcore.layers.structures import one_or_all
from convcore.layers.symbolic import Call

__all__ = ["Connected"]


class Connected:
    """The inputs and outputs of the calls of a layer on what stands for arrays."""

    name: str
    _calls: list[Call]

    @property
    def input(self) -> Any:
        """What stands for the input in the first call in a model (a list for several): shape, dtype, name."""
        return one_or_all(self._first_call("input").inputs)

    @property
    def output(self) -> Any:
        """What stands for the output in the first call in a model (a list for several): shape, dtype, name.

        A `Model` of it computes what this layer gives.
        """
        return one_or_all(self._first_call("output").outputs)

    @property
    def input_shape(self) -> Any:
        return one_or_all([tensor.shape for tensor in self._first_call("input").inputs])

    @property
    def output_shape(self) -> Any:
        return one_or_all([tensor.shape for tensor in self._first_call("output").outputs])

    def _first_call(self, what: str) -> Call:
        if not self._calls:
            raise NotBuiltError(f"The layer {self.name} has never been called and thus has no defined {what}.")
        return self._calls[0]
