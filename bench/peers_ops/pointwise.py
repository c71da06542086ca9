"""Activations, softmaxes, permutations, dense layers and batch normalization."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench.peers_ops.problem import Array, Call, normals

__all__ = ["PROBLEMS", "Activation", "BatchNorm", "Dense", "Permute", "Softmax"]

# convcore's name and words; the function of PyTorch's nn.functional and its words.
ACTIVATIONS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "relu": ({}, "relu", {}),
    "leaky_relu": ({}, "leaky_relu", {"negative_slope": 0.2}),
    "relu6": ({}, "relu6", {}),
    "elu": ({}, "elu", {}),
    "selu": ({}, "selu", {}),
    "gelu": ({}, "gelu", {}),
    "silu": ({}, "silu", {}),
    "mish": ({}, "mish", {}),
    "sigmoid": ({}, "sigmoid", {}),
    "hard_sigmoid": ({}, "hardsigmoid", {}),
    "hard_silu": ({}, "hardswish", {}),
    "log_sigmoid": ({}, "logsigmoid", {}),
    "tanh": ({}, "tanh", {}),
    "softplus": ({}, "softplus", {}),
    "softsign": ({}, "softsign", {}),
}
# Those whose gradients PyTorch takes from the result that it keeps.
FROM_RESULT = {"sigmoid", "tanh"}


@dataclass(frozen=True)
class Plain:
    """Arrays of one layout only."""

    shape: tuple[int, ...]
    dtype: str = "float32"

    @property
    def first(self) -> bool:
        return True

    def flops(self, direction: str) -> int:
        return 0

    def __str__(self) -> str:
        return "x".join(map(str, self.shape)) + (f", {self.dtype}" if self.dtype != "float32" else "")

    def pair(self) -> list[Array]:
        return normals(str(self), self.dtype, self.shape, self.shape)

    def as_ours(self, direction: str, results: list[Array]) -> list[Array]:
        return results


@dataclass(frozen=True)
class Activation(Plain):
    """An elementwise function and its gradient."""

    name: str = "relu"

    subject: ClassVar[str] = "activation"
    directions: ClassVar[tuple[str, ...]] = ("forward", "backward")

    def __str__(self) -> str:
        return f"{self.name} {super().__str__()}"

    def ours(self, ops: Any, direction: str) -> Call:
        x, dy = self.pair()
        words = ACTIVATIONS[self.name][0]
        if direction == "forward":
            return lambda: ops.activation(x, self.name, **words)
        saved = {"y": ops.activation(x, self.name)} if self.name in FROM_RESULT else {}
        return lambda: ops.activation_backward(dy, x, self.name, **saved, **words)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        x, dy = map(torch.from_numpy, self.pair())
        _, name, words = ACTIVATIONS[self.name]
        function = getattr(torch.nn.functional, name)
        if direction == "forward":
            return lambda: function(x, **words)
        return differentiated(torch, lambda: function(x, **words), [x], dy)


@dataclass(frozen=True)
class Softmax(Plain):
    """Over the last axis."""

    name: str = "softmax"

    subject: ClassVar[str] = "activation"
    directions: ClassVar[tuple[str, ...]] = ("forward", "backward")

    def __str__(self) -> str:
        return f"{self.name} {super().__str__()}"

    def ours(self, ops: Any, direction: str) -> Call:
        x, dy = self.pair()
        if direction == "forward":
            return lambda: getattr(ops, self.name)(x)
        y, back = getattr(ops, self.name)(x), getattr(ops, f"{self.name}_backward")
        return lambda: back(dy, y)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        x, dy = map(torch.from_numpy, self.pair())
        function = getattr(torch, self.name)
        if direction == "forward":
            return lambda: function(x, -1)
        back, y = getattr(torch.ops.aten, f"_{self.name}_backward_data"), function(x, -1)
        return lambda: back(dy, y, -1, x.dtype)


@dataclass(frozen=True)
class Permute(Plain):
    """Axes in another order, copied."""

    order: tuple[int, ...] = (0, 3, 1, 2)

    subject: ClassVar[str] = "permute"
    directions: ClassVar[tuple[str, ...]] = ("forward",)

    def __str__(self) -> str:
        return f"permute {super().__str__()} to {self.order}"

    def ours(self, ops: Any, direction: str) -> Call:
        x = self.pair()[0]
        return lambda: ops.permute(x, self.order)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        x = torch.from_numpy(self.pair()[0])
        return lambda: x.permute(self.order).contiguous()


@dataclass(frozen=True)
class Dense(Plain):
    """A matrix (rows, channels) times weights."""

    units: int = 10

    subject: ClassVar[str] = "dense"
    directions: ClassVar[tuple[str, ...]] = ("forward", "backward data", "backward weights")

    def __str__(self) -> str:
        return f"dense {super().__str__()} to {self.units}"

    def flops(self, direction: str) -> int:
        return 2 * math.prod(self.shape) * self.units

    def arrays(self) -> list[Array]:
        shapes = self.shape, (self.shape[1], self.units), (self.units,), (self.shape[0], self.units)
        return normals(str(self), self.dtype, *shapes)

    def ours(self, ops: Any, direction: str) -> Call:
        x, w, bias, dy = self.arrays()
        if direction == "forward":
            return lambda: ops.dense(x, w, bias)
        if direction == "backward data":
            return lambda: ops.dense_backward_data(dy, w)
        return lambda: ops.dense_backward_weights(x, dy)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        x, w, bias, dy = map(torch.from_numpy, self.arrays())
        turned = w.t().contiguous()
        if direction == "forward":
            return lambda: torch.nn.functional.linear(x, turned, bias)
        if direction == "backward data":
            return lambda: dy @ turned
        return lambda: [x.t() @ dy, dy.sum(0)]


@dataclass(frozen=True)
class BatchNorm(Plain):
    """Of images, channels last, as a layer is called: with the moving statistics, or with those of the batch."""

    subject: ClassVar[str] = "batch norm"
    directions: ClassVar[tuple[str, ...]] = ("inference", "training")

    def __str__(self) -> str:
        return f"batch norm {super().__str__()}"

    def ours(self, ops: Any, direction: str) -> Call:
        from convcore.layers import BatchNormalization

        x, layer = self.pair()[0], BatchNormalization(epsilon=1e-3)
        layer(x)
        return lambda: layer(x, training=direction == "training")

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        x = torch.from_numpy(self.pair()[0]).permute(0, 3, 1, 2).contiguous(memory_format=form)
        mean, variance, beta, gamma = (torch.full([self.shape[3]], float(value)) for value in (0, 1, 0, 1))
        words = mean, variance, gamma, beta, direction == "training", 0.01, 1e-3
        return lambda: torch.nn.functional.batch_norm(x, *words)

    def as_ours(self, direction: str, results: list[Array]) -> list[Array]:
        return [np.moveaxis(results[0], 1, -1)]


def differentiated(torch: Any, function: Call, wanted: list[Any], dy: Any) -> Call:
    """The gradient of `function` by PyTorch's graph, without its forward part."""
    with torch.inference_mode(False), torch.enable_grad():
        for thing in wanted:
            thing.requires_grad_(True)
        y = function()
    return lambda: torch.autograd.grad(y, wanted, dy, retain_graph=True)


PROBLEMS: tuple[Activation | Softmax | Permute | Dense | BatchNorm, ...] = (
    *(Activation((32, 56, 56, 64), name=name) for name in ACTIVATIONS),
    *(Activation((1, 7, 7, 64), name=name) for name in ("relu", "sigmoid", "gelu")),
    *(Activation((8, 28, 28, 64), name=name, dtype="float64") for name in ("relu", "tanh", "gelu")),
    *(Softmax(shape, name=name) for name in ("softmax", "log_softmax") for shape in ((128, 10), (256, 1000))),
    *(Permute((32, 56, 56, 64), order=order) for order in ((0, 3, 1, 2), (0, 2, 1, 3))),
    *(Dense(shape, units=units) for shape, units in (((128, 1600), 128), ((32, 2048), 1000), ((1, 1600), 128))),
    *(BatchNorm(shape) for shape in ((32, 56, 56, 64), (8, 14, 14, 256), (1, 29, 31, 3))),
)
