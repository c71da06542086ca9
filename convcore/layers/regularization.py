"""A penalty of what passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import regularizers
from convcore.layers.base import Layer

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["ActivityRegularization"]


class ActivityRegularization(Layer):
    """Gives what it receives, and adds ``l1 * sum(abs(x)) + l2 * sum(x**2)``, a sample, to the loss.

    >>> layer = ActivityRegularization(l1=0.5)
    >>> layer([[1.0, -2.0]]), layer.losses
    (array([[ 1., -2.]], dtype=float32), [np.float32(1.5)])
    """

    _built_at_init = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def lower(self, graph: Graph, x: Value) -> Value:
        return x

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer")
        return {**config, "l1": self.l1, "l2": self.l2}
