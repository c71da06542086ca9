"""A function as a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.composed import Composed
from convcore.layers.validation import refuse_unsupported

__all__ = ["Lambda"]


class Lambda(Composed, record_build=False):
    """``function(inputs, **arguments)``, of layers, sums, products and functions of ``keras.ops``: see `Composed`.

    Files cannot have it: they hold no code. `output_shape` is what the function gives, and not needed.

    >>> Lambda(lambda x: 2 * x - 1)([[1.0, 3.0]])
    array([[1., 5.]], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: None = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse_unsupported("Lambda", mask=mask)
        if not callable(function):
            raise ParameterError(f"`function` of a Lambda layer must be callable. Received: function={function!r:.80}")
        self.function = function
        self.arguments = dict(arguments or {})

    def call(self, inputs: Any) -> Any:
        """What the function gives."""
        return self.function(inputs, **self.arguments)

    def get_config(self) -> dict[str, Any]:
        raise NotSupportedError(
            f"convcore does not implement the configuration of a Lambda layer, as '{self.name}' is, which is code "
            "(supported: a class that derives from keras.layers.Layer, in custom_objects)"
        )
