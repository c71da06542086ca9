"""Small random networks as graphs, with data in whole numbers so that their outputs are exact in any order of sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convcore.program import Graph, Runner, Value
from convcore.program.loss import LossSpec
from convcore.program.lowering import Lowering
from convcore.program.runner import Optimizer
from convcore.variables import FlatParameters, Variable
from tests.reference import Array


class Halve:
    """A custom layer: half of the input, flipped from left to right."""

    def forward(self, x: Array, training: bool = False) -> Array:
        return x[:, :, ::-1] / 2

    def backward(self, dy: Array) -> Array:
        return dy[:, :, ::-1] / 2


Append = Callable[[Value], Value]


class Net:
    """A chain of layers drawn with `seed`: pixelwise ones in front, convolutions and pools, a dense end."""

    def __init__(self, seed: int, *, dropout: bool = True) -> None:
        self.rng = np.random.default_rng(seed)
        self.variables: list[Variable] = []
        height, width, channels = (int(n) for n in self.rng.integers((6, 6, 1), (15, 15, 4)))
        self.graph = Graph((height, width, channels))
        self.text: list[str] = [f"{height}x{width}x{channels}"]
        front: list[Append] = [self._rescale, self._relu, self._python] + ([self._dropout] if dropout else [])
        y = self.graph.input
        for append in (*self._some(front, 2), self._conv, *self._some([*front, self._pool, self._pool], 3)):
            y = append(y)
        if min(y.shape[:2]) >= 3:
            y = self._pool(self._conv(y))
        if self.rng.random() < 0.8:
            y = self.graph.add("reshape", y, shape=(y.size,))
            y = self.graph.add("dense", y, parameters=(self._variable(y.size, 3), self._variable(3)))
        self.graph.output = y
        self.parameters = FlatParameters(self.variables)

    def runner(self, optimizer: Optimizer | None = None, math: str = "exact") -> Runner:
        runner = Runner(self.graph, self.parameters, loss=LossSpec("mean_squared_error"), optimizer=optimizer)
        runner.chosen_math = math
        return runner

    def data(self, n: int) -> tuple[Array, Array]:
        """`n` images and as many targets, in whole numbers."""
        x = self.rng.integers(-3, 4, (n, *self.graph.input.shape)).astype(np.float32)
        return x, self.rng.integers(-3, 4, (n, *self.graph.output.shape)).astype(np.float32)

    def _some(self, choices: list[Append], most: int) -> list[Append]:
        return [choices[int(k)] for k in self.rng.integers(0, len(choices), int(self.rng.integers(0, most + 1)))]

    def _variable(self, *shape: int) -> Variable:
        value = self.rng.integers(-1, 2, shape)
        self.variables.append(Variable(value, name=f"w{len(self.variables)}"))
        return self.variables[-1]

    def _pair(self, low: int, high: int) -> tuple[int, int]:
        return int(self.rng.integers(low, high + 1)), int(self.rng.integers(low, high + 1))

    def _padding(self) -> str:
        return "same" if self.rng.random() < 0.4 else "valid"

    def _conv(self, x: Value) -> Value:
        kernel = self._pair(1, min(3, *x.shape[:2]))
        dilation = (2, 1) if self.rng.random() < 0.2 and x.shape[0] >= 5 else (1, 1)
        stride = self._pair(1, 2) if dilation == (1, 1) else (1, 1)
        if self.rng.random() < 0.5 and min(x.shape[:2]) >= 3:
            kernel, dilation, stride = (3, 3), (1, 1), (1, 1)
        filters = 17 if x.shape[2] == 17 else int(self.rng.choice([1, 4, 17]))
        w = self._variable(*kernel, x.shape[2], filters)
        bias = self._variable(filters) if self.rng.random() < 0.7 else None
        relu = self.rng.random() < 0.5
        words = {"stride": stride, "padding": self._padding(), "dilation": dilation, "relu": relu}
        self.text.append(f"conv{kernel} {words} {filters}")
        return self.graph.add("conv2d", x, parameters=(w, bias), **words)

    def _pool(self, x: Value) -> Value:
        window = self._pair(1, min(3, *x.shape[:2])) if self.rng.random() < 0.6 else (2, 2)
        window = (min(window[0], x.shape[0]), min(window[1], x.shape[1]))
        stride = window if self.rng.random() < 0.6 else self._pair(1, 3)
        padding = "valid" if self.rng.random() < 0.7 else "same"
        self.text.append(f"pool{window} stride {stride} {padding}")
        return self.graph.add("max_pool2d", x, pool_size=window, stride=stride, padding=padding)

    def _rescale(self, x: Value) -> Value:
        self.text.append("rescaling")
        return self.graph.add("scale_shift", x, scale=0.5, offset=1)

    def _relu(self, x: Value) -> Value:
        self.text.append("relu")
        slope, top = (0.5, 4.0) if self.rng.random() < 0.5 else (0.0, None)
        return self.graph.add("relu", x, negative_slope=slope, max_value=top)

    def _dropout(self, x: Value) -> Value:
        self.text.append("dropout")
        return self.graph.add("dropout", x, rate=0.5, seed=int(self.rng.integers(0, 1000)))

    def _python(self, x: Value) -> Value:
        self.text.append("python")
        return self.graph.add("python", x, layer=Halve(), shape=x.shape)


def lowering(graph: Graph, *variables: Variable, n: int = 4, training: bool = False) -> Lowering:
    """What plans `graph` for batches of `n`."""
    state = np.zeros(2, np.uint64)
    return Lowering(graph, FlatParameters(variables), n, state, training=training, exact=True)
