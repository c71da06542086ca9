"""Convolutions and transposed convolutions, of images and of lines, and their two gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bench.peers_ops.problem import Array, Call, channels_first, channels_last, normals, tensor

__all__ = ["DEPTHWISE", "PROBLEMS", "Conv", "Transposed"]

# convcore's words for a border, PyTorch's, and that of the function which pads.
MODES = {"mirror": "reflect", "edge": "replicate", "wrap": "circular"}


@dataclass(frozen=True)
class Conv:
    """n images (or lines) of c channels to o channels; sizes and geometry as tuples of an int an axis."""

    n: int
    c: int
    size: tuple[int, ...]
    o: int
    kernel: tuple[int, ...]
    stride: int = 1
    pad: int = 0
    dilation: int = 1
    groups: int = 1
    mode: str = "zeros"
    first: bool = False
    dtype: str = "float32"

    subject: ClassVar[str] = "convolution"
    directions: ClassVar[tuple[str, ...]] = ("forward", "backward data", "backward weights")

    def __str__(self) -> str:
        words = [f"{self.n}x{self.c}x{_by(self.size)} to {self.o}", _by(self.kernel)]
        for name in ("stride", "pad", "dilation", "groups"):
            value = getattr(self, name)
            words += [f"{name} {value}"] if value != (0 if name == "pad" else 1) else []
        words += [self.mode] if self.mode != "zeros" else []
        words += ["channels first"] if self.first else []
        words += [self.dtype] if self.dtype != "float32" else []
        return ", ".join(words)

    @property
    def output(self) -> tuple[int, ...]:
        ends = zip(self.size, self.kernel, strict=True)
        return tuple((s + 2 * self.pad - (k - 1) * self.dilation - 1) // self.stride + 1 for s, k in ends)

    def flops(self, direction: str) -> int:
        return 2 * self.n * math.prod(self.output) * self.o * math.prod(self.kernel) * self.c // self.groups

    @property
    def weights(self) -> tuple[int, ...]:
        return (*self.kernel, self.c // self.groups, self.o)

    def arrays(self) -> tuple[Array, Array, Array, Array]:
        """x, w, bias and dy, channels last."""
        shapes = (self.n, *self.size, self.c), self.weights, (self.o,), (self.n, *self.output, self.o)
        x, w, bias, dy = normals(str(self), self.dtype, *shapes)
        return x, w, bias, dy

    def words(self) -> dict[str, Any]:
        words: dict[str, Any] = {
            "stride": self.stride,
            "padding": self.pad,
            "dilation": self.dilation,
            "groups": self.groups,
        }
        words |= {"padding_mode": self.mode} if self.mode != "zeros" else {}
        return words | ({"data_format": "channels_first"} if self.first else {})

    def placed(self, maps: Array) -> Array:
        return channels_first(maps).copy() if self.first else maps

    def ours(self, ops: Any, direction: str) -> Call:
        x, w, bias, dy = self.arrays()
        x, dy, name, words = self.placed(x), self.placed(dy), f"conv{len(self.size)}d", self.words()
        if direction == "forward":
            return lambda: getattr(ops, name)(x, w, bias, **words)
        if direction == "backward data":
            return lambda: getattr(ops, f"{name}_backward_data")(dy, w, x.shape, **words)
        return lambda: getattr(ops, f"{name}_backward_weights")(x, dy, w.shape, **words)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        x, w, bias, dy = self.arrays()
        images, gradient = (tensor(torch, channels_first(a), form) for a in (x, dy))
        rank = len(self.size)
        taps = tensor(torch, w.transpose(rank + 1, rank, *range(rank)), form)
        shift, axes = torch.from_numpy(bias), [self.pad] * rank
        if self.mode != "zeros":
            return self._bordered(torch, direction, images, taps, shift, gradient)
        if direction == "forward":
            function = getattr(torch.nn.functional, f"conv{rank}d")
            words = (shift, self.stride, axes, self.dilation, self.groups)
            return lambda: function(images, taps, *words)
        mask = [direction == "backward data", *[direction == "backward weights"] * 2]
        geometry = [self.stride] * rank, axes, [self.dilation] * rank, *self.transposition(), self.groups, mask
        back = torch.ops.aten.convolution_backward
        return lambda: [g for g in back(gradient, images, taps, [self.o], *geometry) if g is not None]

    def transposition(self) -> tuple[bool, list[int]]:
        """Whether the convolution is a transposed one, and its output padding."""
        return False, [0] * len(self.size)

    def _bordered(self, torch: Any, direction: str, x: Any, w: Any, bias: Any, dy: Any) -> Call:
        """With a border that is no zeros: padded first, and differentiated by PyTorch's own graph."""
        pads = [self.pad] * 2 * len(self.size)

        def forward() -> Any:
            padded = torch.nn.functional.pad(x, pads, mode=MODES[self.mode])
            return torch.nn.functional.conv2d(padded, w, bias, self.stride, 0, self.dilation, self.groups)

        if direction == "forward":
            return forward
        wanted = [x] if direction == "backward data" else [w, bias]
        with torch.inference_mode(False), torch.enable_grad():
            for thing in wanted:
                thing.requires_grad_(True)
            y = forward()
        return lambda: torch.autograd.grad(y, wanted, dy, retain_graph=True)

    def as_ours(self, direction: str, results: list[Array]) -> list[Array]:
        rank = len(self.size)
        if direction == "backward weights":
            return [results[0].transpose(*range(2, rank + 2), 1, 0), results[1]]
        return [results[0] if self.first else channels_last(results[0])]


@dataclass(frozen=True)
class Transposed(Conv):
    """A transposed convolution; `extra` is PyTorch's output_padding."""

    extra: int = 0

    subject: ClassVar[str] = "transposed"

    def __str__(self) -> str:
        return f"transposed {super().__str__()}" + (f", output padding {self.extra}" if self.extra else "")

    @property
    def output(self) -> tuple[int, ...]:
        ends = zip(self.size, self.kernel, strict=True)
        edge = self.extra + 1 - 2 * self.pad
        return tuple((s - 1) * self.stride + (k - 1) * self.dilation + edge for s, k in ends)

    def flops(self, direction: str) -> int:
        return 2 * self.n * math.prod(self.size) * self.o * math.prod(self.kernel) * self.c

    @property
    def weights(self) -> tuple[int, ...]:
        return (*self.kernel, self.o, self.c)

    def words(self) -> dict[str, Any]:
        words = super().words() | {"output_padding": self.extra if self.extra else None}
        del words["groups"]
        return words

    def ours(self, ops: Any, direction: str) -> Call:
        x, w, bias, dy = self.arrays()
        x, dy, name, words = self.placed(x), self.placed(dy), f"conv{len(self.size)}d_transpose", self.words()
        if direction == "forward":
            return lambda: getattr(ops, name)(x, w, bias, **words)
        if direction == "backward data":
            return lambda: getattr(ops, f"{name}_backward_data")(dy, w, x.shape, **words)
        return lambda: getattr(ops, f"{name}_backward_weights")(x, dy, w.shape, **words)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        if direction != "forward":
            return super().theirs(torch, direction, form)
        x, w, bias, _ = self.arrays()
        rank = len(self.size)
        images = tensor(torch, channels_first(x), form)
        taps = tensor(torch, w.transpose(rank + 1, rank, *range(rank)), form)
        function = getattr(torch.nn.functional, f"conv_transpose{rank}d")
        words = torch.from_numpy(bias), self.stride, self.pad, self.extra, 1, self.dilation
        return lambda: function(images, taps, *words)

    def transposition(self) -> tuple[bool, list[int]]:
        return True, [self.extra] * len(self.size)


def _by(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes))


def _conv(n: int, c: int, size: int | tuple[int, ...], o: int, kernel: int | tuple[int, ...], **words: Any) -> Conv:
    """Of square images and kernels, where an int is given."""
    sizes = size if isinstance(size, tuple) else (size, size)
    return Conv(n, c, sizes, o, kernel if isinstance(kernel, tuple) else (kernel,) * len(sizes), **words)


def _line(n: int, c: int, length: int, o: int, k: int, **words: Any) -> Conv:
    return Conv(n, c, (length,), o, (k,), **words)


def _transposed(n: int, c: int, size: int | tuple[int, ...], o: int, k: int, **words: Any) -> Transposed:
    sizes = size if isinstance(size, tuple) else (size, size)
    return Transposed(n, c, sizes, o, (k,) * len(sizes), **words)


def _depthwise(n: int, c: int, size: int | tuple[int, ...], k: int, multiplier: int = 1, **words: Any) -> Conv:
    return _conv(n, c, size, c * multiplier, k, groups=c, **words)


# Layers of known networks, with batches as they train them and with single images.
NETWORKS = (
    _conv(8, 64, 56, 64, 3, pad=1),
    _conv(8, 128, 28, 128, 3, pad=1),
    _conv(8, 256, 14, 256, 3, pad=1),
    _conv(16, 512, 7, 512, 3, pad=1),
    _conv(2, 64, 112, 64, 3, pad=1),
    _conv(8, 64, 56, 64, 1),
    _conv(8, 256, 56, 64, 1),
    _conv(8, 64, 56, 256, 1),
    _conv(8, 512, 7, 2048, 1),
    _conv(8, 64, 56, 128, 1, stride=2),
    _conv(8, 128, 56, 128, 3, stride=2, pad=1),
    _conv(4, 3, 224, 64, 7, stride=2, pad=3),
    _conv(8, 192, 28, 32, 5, pad=2),
    _conv(32, 1, 28, 32, 5),
    _conv(128, 32, 13, 64, 3),
    _conv(32, 3, 32, 32, 3, pad=1),
    _conv(1, 64, 56, 64, 3, pad=1),
    _conv(1, 256, 14, 256, 3, pad=1),
    _conv(1, 512, 7, 512, 3, pad=1),
    _conv(1, 64, 56, 256, 1),
    _conv(1, 3, 224, 64, 7, stride=2, pad=3),
    _conv(1, 3, 224, 32, 3, stride=2, pad=1),
    _conv(1, 1, 28, 32, 3),
)
SHAPES = (
    _conv(3, 3, (29, 31), 17, 3, pad=1),
    _conv(8, 33, (29, 31), 65, 3, stride=2),
    _conv(2, 1, (29, 31), 8, 5),
    _conv(8, 16, (29, 31), 1, 3, pad=1),
    _conv(8, 1, 64, 1, 3, pad=1),
    _conv(8, 3, 64, 3, 3, pad=1),
    _conv(8, 64, 64, 3, 3, pad=1),
    _conv(8, 64, 64, 1, 1),
    _conv(8, 1024, 8, 16, 1),
    _conv(4, 16, 64, 16, (1, 7), pad=0),
    _conv(4, 16, 64, 16, (7, 1), pad=0),
    _conv(8, 64, 7, 64, 9, pad=4),
    _conv(2, 16, 5, 16, 11, pad=5),
    _conv(4, 16, 64, 16, 15, pad=7),
    _conv(8, 64, 14, 128, 14),
)
DILATED = (
    _conv(8, 64, 28, 64, 3, pad=2, dilation=2),
    _conv(4, 256, 28, 256, 3, pad=4, dilation=4),
    _conv(8, 64, 56, 64, 3, stride=2, pad=2, dilation=2),
    _conv(4, 32, (29, 31), 48, 3, stride=3, pad=3, dilation=2),
)
GROUPED = (
    _conv(8, 128, 28, 128, 3, pad=1, groups=2),
    _conv(8, 128, 28, 128, 3, pad=1, groups=8),
    _conv(8, 128, 56, 128, 3, pad=1, groups=32),
    _conv(4, 24, (29, 31), 36, 3, pad=1, groups=3),
    _conv(8, 64, 28, 64, 1, groups=4),
)
DEPTHWISE = (
    _depthwise(8, 256, 28, 3, pad=1),
    _depthwise(8, 64, 56, 3, pad=1),
    _depthwise(8, 144, 56, 3, stride=2, pad=1),
    _depthwise(8, 240, 28, 5, pad=2),
    _depthwise(4, 96, 56, 7, pad=3),
    _depthwise(8, 32, 28, 3, 4, pad=1),
    _depthwise(4, 3, (29, 31), 3, 8, pad=1),
    _depthwise(1, 32, 112, 3, pad=1),
    _depthwise(4, 64, 28, 3, pad=2, dilation=2),
    _depthwise(4, 19, (29, 31), 3, pad=1),
)
BORDERED = tuple(_conv(4, 32, 56, 64, 3, pad=1, mode=mode) for mode in MODES)
FIRST = tuple(
    replace(conv, first=True)
    for conv in (
        _conv(8, 64, 56, 64, 3, pad=1),
        _conv(8, 64, 56, 256, 1),
        _conv(4, 3, 224, 64, 7, stride=2, pad=3),
        _conv(1, 64, 56, 64, 3, pad=1),
        _conv(32, 1, 28, 32, 5),
        _conv(8, 33, (29, 31), 65, 3, stride=2),
        _conv(8, 128, 28, 128, 3, pad=1, groups=8),
        _depthwise(8, 64, 56, 3, pad=1),
    )
)
LINES = (
    _line(32, 32, 1000, 64, 5),
    _line(8, 1, 16000, 16, 80, stride=4),
    _line(16, 64, 500, 64, 3, pad=4, dilation=4),
    _line(1, 128, 400, 128, 3, pad=1),
    _line(16, 64, 500, 64, 7, pad=3, groups=64),
    _line(16, 80, 300, 128, 3, pad=1, first=True),
)
DTYPES = (
    _conv(8, 64, 28, 64, 3, pad=1, dtype="float64"),
    _conv(8, 64, 28, 128, 1, dtype="float64"),
    _conv(4, 3, 64, 16, 5, stride=2, pad=2, dtype="float64"),
    _depthwise(4, 64, 28, 3, pad=1, dtype="float64"),
    _conv(8, 64, 28, 64, 3, pad=1, dtype="float16"),
    _conv(8, 64, 28, 128, 1, dtype="float16"),
)
TRANSPOSED = (
    _transposed(8, 64, 28, 32, 4, stride=2, pad=1),
    _transposed(8, 256, 14, 128, 4, stride=2, pad=1),
    _transposed(4, 32, 56, 32, 2, stride=2),
    _transposed(8, 64, 28, 64, 3, stride=2, pad=1, extra=1),
    _transposed(8, 32, 28, 32, 3, pad=1),
    _transposed(1, 256, 14, 128, 2, stride=2),
    _transposed(4, 3, (29, 31), 5, 5, stride=3, pad=1, extra=2),
    _transposed(8, 16, 28, 1, 3, stride=2, pad=1, extra=1),
    _transposed(8, 64, 28, 32, 4, stride=2, pad=1, first=True),
    _transposed(4, 64, (500,), 32, 4, stride=2, pad=1),
    _transposed(4, 32, 28, 32, 4, stride=2, pad=1, dtype="float64"),
)
PROBLEMS = (
    *NETWORKS,
    *SHAPES,
    *DILATED,
    *GROUPED,
    *DEPTHWISE,
    *BORDERED,
    *FIRST,
    *LINES,
    *DTYPES,
    *TRANSPOSED,
)
