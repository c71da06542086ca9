"""Normalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError, StateError
from convcore.plans import batch_norm
from convcore.plans.steps import Buffer
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["BatchNorm", "fold"]


class BatchNorm(Kind):
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` for each channel, the last axis.

    Parameters: gamma or None, beta or None, moving mean, moving variance (channels,). Settings: epsilon, momentum,
    learning: whether training takes the batch's statistics, and moves the moving ones.
    """

    unfused = "batch normalization"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        if len(parameters) != 4 or parameters[2] is None or parameters[3] is None:
            raise StateError("a batch normalization needs moving statistics.")
        if not x or any(each is not None and each.shape != x[-1:] for each in parameters):
            raise ShapeError(f"a batch normalization of samples of shape {x} needs one parameter for each channel.")
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        (x,), (gamma, beta, mean, variance) = node.inputs, low.parameters_of(node)
        y = low.new_value(node.output)
        norm = batch_norm.forward(
            low.steps, *low.rows(x), low.value(x), gamma, beta, (mean, variance), y,
            epsilon=node.settings["epsilon"], momentum=node.settings["momentum"], training=self._moves(low, node),
        )  # fmt: skip
        if low.training:
            low.save(node, norm)
        else:
            low.steps.release(norm)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        (x,), (dgamma, dbeta, _, _) = node.inputs, low.gradients_of(node)
        dy, values, norm = low.gradient(node.output), low.value(x), low.saved(node)
        dx: Buffer | None = low.new_gradient(x) if wanted[0] else None
        moves = self._moves(low, node)
        batch_norm.backward(low.steps, *low.rows(x), dy, values, norm, dgamma, dbeta, dx, training=moves)
        low.steps.release(norm)

    def _moves(self, low: Lowering, node: Node) -> bool:
        return low.training and bool(node.settings["learning"])


def fold(low: Lowering, node: Node, norm: Node) -> tuple[Buffer, Buffer]:
    """Plan the weights and the bias of the convolution `node` with the normalization `norm` behind it in them."""
    (w, bias), (gamma, beta, mean, variance) = low.parameters_of(node), low.parameters_of(norm)
    geometry, epsilon = node.settings["geometry"], norm.settings["epsilon"]
    rows, channels = geometry.w_size // geometry.oc, geometry.oc
    return batch_norm.fold(low.steps, rows, channels, w, bias, gamma, beta, (mean, variance), epsilon=epsilon)
