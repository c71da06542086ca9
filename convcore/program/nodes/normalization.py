"""Normalization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from convcore.errors import ShapeError, StateError
from convcore.plans import batch_norm, layer_norm
from convcore.plans.steps import Buffer
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["BatchNorm", "LayerNorm", "ScaleChannels", "Standardize", "fold"]


class _ByChannel(Kind):
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` for each channel, the last axis."""

    def _forward(
        self,
        low: Lowering,
        node: Node,
        gamma: Buffer | None,
        beta: Buffer | None,
        moving: tuple[Buffer, Buffer],
        *,
        epsilon: float = 0.0,
        momentum: float = 1.0,
        moves: bool = False,
    ) -> None:
        x, y = node.inputs[0], low.new_value(node.output)
        norm = batch_norm.forward(
            low.steps, *low.rows(x), low.value(x), gamma, beta, moving, y,
            epsilon=epsilon, momentum=momentum, training=moves,
        )  # fmt: skip
        if low.training:
            low.save(node, norm)
        else:
            low.steps.release(norm)

    def _backward(
        self, low: Lowering, node: Node, dgamma: Buffer | None, dbeta: Buffer | None, to_x: bool, moves: bool = False
    ) -> None:
        x, norm = node.inputs[0], low.saved(node)
        if to_x or dgamma or dbeta:
            dy, dx = low.gradient(node.output), low.new_gradient(x) if to_x else None
            batch_norm.backward(low.steps, *low.rows(x), dy, low.value(x), norm, dgamma, dbeta, dx, training=moves)
        low.steps.release(norm)


class BatchNorm(_ByChannel):
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` for each channel, the last axis.

    Parameters: gamma or None, beta or None, moving mean, moving variance (channels,). Settings: epsilon, momentum,
    learning: whether training takes the batch's statistics, and moves the moving ones.
    """

    unfused = "batch normalization"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        if len(parameters) != 4 or parameters[2] is None or parameters[3] is None:
            raise StateError("a batch normalization needs moving statistics.")
        return _with_channels(x, parameters, "a batch normalization")

    def forward(self, low: Lowering, node: Node) -> None:
        gamma, beta, mean, variance = low.parameters_of(node)
        moves, settings = self._moves(low, node), node.settings
        words = {"epsilon": settings["epsilon"], "momentum": settings["momentum"]}
        self._forward(low, node, gamma, beta, (mean, variance), moves=moves, **words)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        dgamma, dbeta, _, _ = low.gradients_of(node)
        self._backward(low, node, dgamma, dbeta, wanted[0], self._moves(low, node))

    def _moves(self, low: Lowering, node: Node) -> bool:
        return low.training and not node.infers and bool(node.settings["learning"])


class ScaleChannels(_ByChannel):
    """``x * gamma + beta`` for each channel, the last axis. Parameters: gamma or None, beta or None (channels,)."""

    unfused = "scaling of channels"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return _with_channels(shapes[0], parameters, "a scaling of channels")

    def forward(self, low: Lowering, node: Node) -> None:
        gamma, beta = low.parameters_of(node)
        channels = node.output.shape[-1]
        zeros, ones = (low.steps.bind(make(channels, np.float32)) for make in (np.zeros, np.ones))
        self._forward(low, node, gamma, beta, (zeros, ones))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        dgamma, dbeta = low.gradients_of(node)
        self._backward(low, node, dgamma, dbeta, wanted[0])


class Standardize(_ByChannel):
    """``(x - mean) / sqrt(variance) * scale + offset`` for each channel, the last axis, by arrays that stay.

    Settings: mean, variance, scale, offset, each an array (channels,).
    """

    unfused = "standardization"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        for name in ("mean", "variance", "scale", "offset"):
            settings[name] = np.array(settings[name], np.float32)
            if not x or settings[name].shape != x[-1:]:
                raise ShapeError(f"a standardization of samples of shape {x} needs a number for each channel.")
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        mean, variance, scale, offset = (
            low.steps.bind(node.settings[name]) for name in ("mean", "variance", "scale", "offset")
        )
        self._forward(low, node, scale, offset, (mean, variance))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        self._backward(low, node, None, None, wanted[0])


class LayerNorm(Kind):
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` of the elements along the last axis.

    Parameters: gamma or None, beta or None, as many elements as that axis. Settings: epsilon, and rows, what is done to
    them: a name in `convcore.plans.layer_norm.KINDS`.
    """

    unfused = "layer normalization"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        if len(parameters) != 2 or settings["rows"] not in layer_norm.KINDS:
            raise StateError("a layer normalization has a scale, a shift and a kind of rows.")
        if not x or any(each is not None and each.size != x[-1] for each in parameters):
            raise ShapeError(f"a layer normalization of samples of shape {x} needs one parameter for each element.")
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        (x,), (gamma, beta) = node.inputs, low.parameters_of(node)
        y = low.new_value(node.output)
        stats = layer_norm.forward(
            low.steps, *low.rows(x), low.value(x), gamma, beta, y,
            kind=node.settings["rows"], epsilon=node.settings["epsilon"],
        )  # fmt: skip
        if low.training:
            low.save(node, stats)
        else:
            low.steps.release(stats)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        (x,), (gamma, _), (dgamma, dbeta) = node.inputs, low.parameters_of(node), low.gradients_of(node)
        dy, stats = low.gradient(node.output), low.saved(node)
        dx: Buffer | None = low.new_gradient(x) if wanted[0] else None
        layer_norm.backward(
            low.steps, *low.rows(x), dy, low.value(x), gamma, stats, dgamma, dbeta, dx, kind=node.settings["rows"]
        )
        low.steps.release(stats)


def _with_channels(x: Shape, parameters: Parameters, what: str) -> Shape:
    """`x`, which has as many channels as each of the `parameters`."""
    if not x or any(each is not None and each.size != x[-1] for each in parameters):
        raise ShapeError(f"{what} of samples of shape {x} needs one parameter for each channel.")
    return x


def fold(low: Lowering, node: Node, norm: Node) -> tuple[Buffer, Buffer]:
    """Plan the weights and the bias of the convolution `node` with the normalization `norm` behind it in them."""
    (w, bias), (gamma, beta, mean, variance) = low.parameters_of(node), low.parameters_of(norm)
    geometry, epsilon = node.settings["geometry"], norm.settings["epsilon"]
    rows, channels = geometry.w_size // geometry.oc, geometry.oc
    return batch_norm.fold(low.steps, rows, channels, w, bias, gamma, beta, (mean, variance), epsilon=epsilon)
