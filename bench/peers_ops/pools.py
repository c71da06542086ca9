"""Pools of images and of lines, whole planes, unpooling, and the matrices of windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bench.peers_ops.problem import Array, Call, channels_first, channels_last, normals, tensor

__all__ = ["PROBLEMS", "GlobalPool", "Pool", "Unfold", "Unpool"]


@dataclass(frozen=True)
class Maps:
    """n maps of c channels."""

    n: int
    c: int
    size: tuple[int, ...]
    first: bool = False
    dtype: str = "float32"

    def __str__(self) -> str:
        words = [f"{self.n}x{self.c}x{'x'.join(map(str, self.size))}"]
        words += ["channels first"] if self.first else []
        return ", ".join(words + ([self.dtype] if self.dtype != "float32" else []))

    def flops(self, direction: str) -> int:
        return 0

    @property
    def layout(self) -> dict[str, str]:
        return {"data_format": "channels_first"} if self.first else {}

    def maps(self, size: tuple[int, ...], seed: str = "x") -> Array:
        """Normal numbers with channels last."""
        return normals(f"{self} {seed}", self.dtype, (self.n, *size, self.c))[0]

    def placed(self, maps: Array) -> Array:
        return channels_first(maps).copy() if self.first else maps

    def as_ours(self, direction: str, results: list[Array]) -> list[Array]:
        return [a if self.first or a.ndim < 3 else channels_last(a) for a in results]


@dataclass(frozen=True)
class Pool(Maps):
    """Maxima (with their places) or averages of windows."""

    kind: str = "max"
    k: int = 2
    stride: int = 2
    pad: int = 0
    dilation: int = 1
    ceil: bool = False
    inside: bool = False  # averages leave the padding out

    subject: ClassVar[str] = "pooling"
    directions: ClassVar[tuple[str, ...]] = ("forward", "backward")

    def __str__(self) -> str:
        words = [f"{self.kind} pool {super().__str__()}", f"window {self.k}, stride {self.stride}"]
        for name in ("pad", "dilation"):
            value = getattr(self, name)
            words += [f"{name} {value}"] if value != (0 if name == "pad" else 1) else []
        words += [word for word, there in (("ceil", self.ceil), ("padding left out", self.inside)) if there]
        return ", ".join(words)

    def ours(self, ops: Any, direction: str) -> Call:
        x, name = self.placed(self.maps(self.size)), f"{self.kind}_pool{len(self.size)}d"
        words: dict[str, Any] = dict(self.layout)
        words |= {"stride": self.stride, "padding": self.pad, "ceil_mode": self.ceil}
        if self.kind == "max":
            words |= {"dilation": self.dilation}
            both = getattr(ops, name)(x, self.k, return_indices=True, **words)
        else:
            words |= {"count_include_pad": not self.inside}
            both = (getattr(ops, name)(x, self.k, **words),)
        back, shape = getattr(ops, f"{name}_backward"), x.shape
        if direction == "forward":
            if self.kind == "max":
                return lambda: getattr(ops, name)(x, self.k, return_indices=True, **words)
            return lambda: getattr(ops, name)(x, self.k, **words)
        dy = self.gradient(both[0].shape)
        return lambda: back(dy, *both[1:], shape, pool_size=self.k, **words)

    def gradient(self, shape: tuple[int, ...]) -> Array:
        """dy, of the shape that ours has."""
        size = shape[2:] if self.first else shape[1:-1]
        return self.placed(self.maps(size, "dy"))

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        rank, aten = len(self.size), torch.ops.aten
        x = tensor(torch, channels_first(self.maps(self.size)), form)
        geometry = [[self.k] * rank, [self.stride] * rank, [self.pad] * rank]
        words: tuple[Any, ...]
        if self.kind == "max":
            forward = getattr(torch.nn.functional, f"max_pool{rank}d")
            words = (self.k, self.stride, self.pad, self.dilation, self.ceil, True)
        else:
            forward = getattr(torch.nn.functional, f"avg_pool{rank}d")
            words = (self.k, self.stride, self.pad, self.ceil, not self.inside)
        if direction == "forward":
            return lambda: forward(x, *words)
        y = forward(x, *words)
        values = y[0] if self.kind == "max" else y
        dy = tensor(torch, channels_first(self.maps(tuple(values.shape[2:]), "dy")), form)
        if rank == 1:
            return self._line_backward(torch, x, forward, words, dy)
        if self.kind == "max":
            back = aten.max_pool2d_with_indices_backward
            return lambda: back(dy, x, *geometry, [self.dilation] * rank, self.ceil, y[1])
        back = aten.avg_pool2d_backward
        return lambda: back(dy, x, *geometry, self.ceil, not self.inside, None)

    def _line_backward(self, torch: Any, x: Any, forward: Any, words: Any, dy: Any) -> Call:
        """PyTorch's graph, which takes lines for images."""
        with torch.inference_mode(False), torch.enable_grad():
            x.requires_grad_(True)
            y = forward(x, *words)
        return lambda: torch.autograd.grad(y[0] if self.kind == "max" else y, [x], dy, retain_graph=True)


@dataclass(frozen=True)
class GlobalPool(Maps):
    """The maximum or the average of whole planes."""

    kind: str = "avg"

    subject: ClassVar[str] = "pooling"
    directions: ClassVar[tuple[str, ...]] = ("forward", "backward")

    def __str__(self) -> str:
        return f"global {self.kind} pool {super().__str__()}"

    def ours(self, ops: Any, direction: str) -> Call:
        x, name = self.placed(self.maps(self.size)), f"global_{self.kind}_pool{len(self.size)}d"
        dy = self.maps((1,) * len(self.size), "dy").reshape(self.n, self.c)
        forward, back = getattr(ops, name), getattr(ops, f"{name}_backward")
        if direction == "forward":
            return lambda: forward(x, **self.layout)
        if self.kind == "avg":
            return lambda: back(dy, x.shape, **self.layout)
        places = forward(x, return_indices=True, **self.layout)[1]
        return lambda: back(dy, places, x.shape, **self.layout)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        x = tensor(torch, channels_first(self.maps(self.size)), form)
        dy = torch.from_numpy(self.maps((1,) * len(self.size), "dy").reshape(self.n, self.c))
        axes = tuple(range(2, x.ndim))

        def forward() -> Any:
            return x.mean(axes) if self.kind == "avg" else x.amax(axes)

        if direction == "forward":
            return forward
        pooled = dy.reshape(self.n, self.c, *[1] * len(self.size))
        if self.kind == "avg":
            mean = torch.nn.functional.adaptive_avg_pool2d if x.ndim == 4 else torch.nn.functional.adaptive_avg_pool1d
            with torch.inference_mode(False), torch.enable_grad():
                x.requires_grad_(True)
                y = mean(x, 1)
            return lambda: torch.autograd.grad(y, [x], pooled, retain_graph=True)
        places = torch.nn.functional.adaptive_max_pool2d(x, 1, return_indices=True)[1]
        back = torch.ops.aten.adaptive_max_pool2d_backward
        return lambda: back(pooled, x, places)


@dataclass(frozen=True)
class Unpool(Maps):
    """The maxima of windows of 2 x 2 put back."""

    subject: ClassVar[str] = "pooling"
    directions: ClassVar[tuple[str, ...]] = ("forward",)

    def __str__(self) -> str:
        return f"unpool {super().__str__()}"

    def ours(self, ops: Any, direction: str) -> Call:
        y, places = ops.max_pool2d(self.placed(self.maps(self.size)), 2, return_indices=True, **self.layout)
        return lambda: ops.max_unpool2d(y, places, 2, **self.layout)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        x = tensor(torch, channels_first(self.maps(self.size)), form)
        y, places = torch.nn.functional.max_pool2d(x, 2, return_indices=True)
        return lambda: torch.nn.functional.max_unpool2d(y, places, 2)


@dataclass(frozen=True)
class Unfold(Maps):
    """Windows of k x k pixels as a matrix ("forward"), and the sum that leads back."""

    k: int = 3
    stride: int = 1
    pad: int = 0
    dilation: int = 1

    subject: ClassVar[str] = "unfold"
    directions: ClassVar[tuple[str, ...]] = ("forward", "backward")

    def __str__(self) -> str:
        words = f"kernel {self.k}, stride {self.stride}, pad {self.pad}, dilation {self.dilation}"
        return f"unfold {super().__str__()}, {words}"

    @property
    def words(self) -> dict[str, int]:
        return {"stride": self.stride, "padding": self.pad, "dilation": self.dilation}

    def windows(self) -> Array:
        reach = (self.k - 1) * self.dilation + 1
        ends = [(s + 2 * self.pad - reach) // self.stride + 1 for s in self.size]
        return normals(f"{self} y", self.dtype, (self.n, ends[0] * ends[1], self.c * self.k**2))[0]

    def ours(self, ops: Any, direction: str) -> Call:
        if direction == "forward":
            x = self.placed(self.maps(self.size))
            return lambda: ops.unfold(x, self.k, **self.words, **self.layout)
        y = self.windows()
        y = y.transpose(0, 2, 1).copy() if self.first else y
        return lambda: ops.fold(y, self.size, self.k, **self.words, **self.layout)

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        if direction == "forward":
            x = tensor(torch, channels_first(self.maps(self.size)), form)
            return lambda: torch.nn.functional.unfold(x, self.k, **self.words)
        y = self.windows()
        if not self.first:  # from channels fastest to channels slowest
            y = y.reshape(self.n, -1, self.k**2, self.c).swapaxes(2, 3).reshape(y.shape)
        columns = torch.from_numpy(y.transpose(0, 2, 1).copy())
        return lambda: torch.nn.functional.fold(columns, self.size, self.k, **self.words)

    def as_ours(self, direction: str, results: list[Array]) -> list[Array]:
        if self.first:
            return results
        if direction == "backward":
            return [channels_last(results[0])]
        rows = results[0].transpose(0, 2, 1).reshape(self.n, -1, self.c, self.k**2)
        return [rows.swapaxes(2, 3).reshape(self.n, -1, self.c * self.k**2)]


def _pools(kind: str) -> tuple[Pool, ...]:
    return (
        Pool(32, 64, (56, 56), kind=kind),
        Pool(8, 64, (112, 112), kind=kind, k=3, stride=2, pad=1),
        Pool(8, 192, (28, 28), kind=kind, k=3, stride=1, pad=1),
        Pool(8, 256, (14, 14), kind=kind),
        Pool(1, 64, (56, 56), kind=kind),
        Pool(1, 512, (14, 14), kind=kind),
        Pool(16, 1, (28, 28), kind=kind),
        Pool(8, 3, (29, 31), kind=kind, k=3, stride=2, ceil=True),
        Pool(4, 33, (29, 31), kind=kind, k=3, stride=2, pad=1),
        Pool(4, 16, (64, 64), kind=kind, k=7, stride=1, pad=3),
        Pool(16, 64, (500,), kind=kind),
        Pool(4, 3, (8000,), kind=kind, k=5, stride=3, pad=2),
    )


def _both(*maps: Any) -> tuple[Any, ...]:
    """With channels last, and with channels first."""
    return (*maps, *(replace(one, first=True) for one in maps))


PROBLEMS = (
    *_both(*_pools("max"), Pool(4, 32, (56, 56), kind="max", k=3, stride=2, dilation=2)),
    *_both(*_pools("avg"), Pool(4, 32, (56, 56), kind="avg", k=3, stride=2, pad=1, inside=True)),
    *(Pool(8, 64, (28, 28), kind=kind, dtype="float64") for kind in ("max", "avg")),
    *_both(
        *(
            GlobalPool(n, c, size, kind=kind)
            for kind in ("max", "avg")
            for n, c, size in ((8, 512, (7, 7)), (32, 64, (56, 56)), (1, 1024, (14, 14)), (4, 3, (29, 31)))
        )
    ),
    *_both(Unpool(8, 64, (56, 56)), Unpool(1, 3, (28, 30))),
    *_both(
        Unfold(8, 56, (56, 56), pad=1),
        Unfold(8, 64, (28, 28), stride=2, pad=1),
        Unfold(1, 3, (29, 31), k=5),
        Unfold(4, 16, (28, 28), pad=2, dilation=2),
    ),
)
