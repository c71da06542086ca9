"""What draws random numbers in training."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ParameterError, ShapeError
from convcore.plans import noise
from convcore.plans.steps import Buffer
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"]

# The value far below 0 of selu, and what it is times its slope above 0.
_SELU_FLOOR = -1.6732632423543772 * 1.0507009873554805


class _Noise(Kind):
    """A kind that does nothing but in training, unless its node draws always. Settings: seed."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        settings["seed"] = int(settings["seed"])
        return shapes[0]

    def forward(self, low: Lowering, node: Node) -> None:
        if self._draws(low, node):
            self._step(low, node, low.value(node.inputs[0]), low.new_value(node.output), forward=True)
        else:
            low.alias(node.output, node.inputs[0])

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0] and not self._draws(low, node):
            low.alias_gradient(node.inputs[0], node.output)
        elif wanted[0]:
            dy, dx = low.gradient(node.output), low.new_gradient(node.inputs[0])
            self._step(low, node, dy, dx, forward=False)

    def _draws(self, low: Lowering, node: Node) -> bool:
        return node.draws or (low.training and not node.infers)

    @abstractmethod
    def _step(self, low: Lowering, node: Node, x: Buffer, y: Buffer, *, forward: bool) -> None:
        """Plan y from x, or, if not `forward`, the gradient y from the gradient x."""


class Dropout(_Noise):
    """A share `rate` of the elements becomes 0 in training, others are divided by 1 - rate. Settings: rate, seed,
    noise_shape: None, or 1 for each axis, the batch's first, whose elements are dropped together, and else its size or
    None."""

    unfused = "dropout"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        settings |= {"rate": float(settings["rate"]), "noise_shape": settings.get("noise_shape")}
        return super().infer(shapes, parameters, settings)

    def _step(self, low: Lowering, node: Node, x: Buffer, y: Buffer, *, forward: bool) -> None:
        rate, numbers = node.settings["rate"], self._noise_shape(low, node)
        scale = 1 / (1 - rate) if rate < 1 else 0.0
        state, shape = low.steps.bind(low.random_state), (low.n, *node.output.shape)
        if numbers == shape:
            count = math.prod(shape)
            noise.dropout(low.steps, count, x, state, y, key=node.random_key, rate=rate, scale=scale)
        else:
            noise.shared_dropout(
                low.steps, shape, numbers, x, state, y, key=node.random_key, rate=rate, scale=scale
            )  # fmt: skip

    def _noise_shape(self, low: Lowering, node: Node) -> Shape:
        shape = (low.n, *node.output.shape)
        given = node.settings["noise_shape"]
        if given is None:
            return shape
        numbers = tuple(size if number is None else number for number, size in zip(given, shape, strict=True))
        if any(number not in (1, size) for number, size in zip(numbers, shape, strict=True)):
            raise ShapeError(
                f"`noise_shape` must have 1, None or the size of the axis for each axis of the inputs. "
                f"Received: noise_shape={given} for inputs of shape {shape}"
            )
        return numbers


class AlphaDropout(Dropout):
    """A share `rate` of the elements becomes selu's lowest value in training, and then all are scaled and shifted so
    that mean and variance of what selu gives stay (Klambauer et al., 2017). Settings: those of `Dropout`."""

    unfused = "alpha dropout"

    def _step(self, low: Lowering, node: Node, x: Buffer, y: Buffer, *, forward: bool) -> None:
        rate = node.settings["rate"]
        if rate == 1:
            raise ParameterError("AlphaDropout cannot keep the variance where it drops everything: rate=1.0")
        scale = ((1 - rate) * (1 + rate * _SELU_FLOOR**2)) ** -0.5
        shift = -scale * _SELU_FLOOR * rate
        kept, dropped = (shift, scale * _SELU_FLOOR + shift) if forward else (0.0, 0.0)
        state, shape = low.steps.bind(low.random_state), (low.n, *node.output.shape)
        noise.shared_dropout(
            low.steps, shape, self._noise_shape(low, node), x, state, y,
            key=node.random_key, rate=rate, scale=scale, kept=kept, dropped=dropped,
        )  # fmt: skip


class GaussianNoise(_Noise):
    """Normal noise of mean 0 is added in training. Settings: stddev, seed."""

    unfused = "noise"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        settings["stddev"] = float(settings["stddev"])
        return super().infer(shapes, parameters, settings)

    def _step(self, low: Lowering, node: Node, x: Buffer, y: Buffer, *, forward: bool) -> None:
        count, state = low.n * node.output.size, low.steps.bind(low.random_state)
        stddev = node.settings["stddev"]
        noise.normal_noise(low.steps, count, x, state, y, key=node.random_key, stddev=stddev, multiply=False)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            low.alias_gradient(node.inputs[0], node.output)


class GaussianDropout(_Noise):
    """Elements are multiplied in training by normal noise of mean 1 and variance ``rate / (1 - rate)`` (Srivastava et
    al., 2014). Settings: rate, seed."""

    unfused = "noise"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        settings["rate"] = float(settings["rate"])
        return super().infer(shapes, parameters, settings)

    def _step(self, low: Lowering, node: Node, x: Buffer, y: Buffer, *, forward: bool) -> None:
        rate = node.settings["rate"]
        if rate == 1:
            raise ParameterError("GaussianDropout's noise has no finite variance with rate=1.0")
        count, state = low.n * node.output.size, low.steps.bind(low.random_state)
        stddev = math.sqrt(rate / (1 - rate))
        noise.normal_noise(low.steps, count, x, state, y, key=node.random_key, stddev=stddev, multiply=True)
