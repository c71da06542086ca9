"""The named problems: tests prove them right, `bench` measures them, so figures and proofs speak of the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.reference import Pads, Pair, output_size, resolve_pads


@dataclass(frozen=True)
class Conv:
    """A convolution: an (n, h, w, ic) image by a (*kernel, ic // groups, oc) kernel."""

    name: str
    n: int
    h: int
    w: int
    ic: int
    oc: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Any = "valid"
    dilation: Pair = (1, 1)
    groups: int = 1
    border: str = "zeros"

    @property
    def pads(self) -> Pads:
        return resolve_pads(self.padding, (self.h, self.w), self.kernel, self.stride, self.dilation)

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        return (self.n, self.h, self.w, self.ic)

    @property
    def kernel_shape(self) -> tuple[int, int, int, int]:
        return (*self.kernel, self.ic // self.groups, self.oc)

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        size = output_size((self.h, self.w), self.kernel, self.stride, self.pads, self.dilation)
        return (self.n, *size, self.oc)

    @property
    def terms(self) -> int:
        """How many products make one output."""
        return self.kernel[0] * self.kernel[1] * self.ic // self.groups

    @property
    def flops(self) -> int:
        """Nominal operations of one direction: two for each product."""
        return 2 * int(np.prod(self.output_shape)) * self.terms

    @property
    def arguments(self) -> dict[str, Any]:
        """The keywords of `convcore.ops.conv2d` and its backwards."""
        border = {} if self.border == "zeros" else {"padding_mode": self.border}
        words = {"stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups}
        return words | border

    @property
    def oracle_arguments(self) -> dict[str, Any]:
        """The keywords of the oracles."""
        words = {"stride": self.stride, "pads": self.pads, "dilation": self.dilation, "groups": self.groups}
        return words | {"border": self.border}

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Pool:
    """A max pool of an (n, h, w, c) image."""

    name: str
    n: int
    h: int
    w: int
    c: int
    pool: Pair
    stride: Pair
    padding: Any = "valid"

    @property
    def pads(self) -> Pads:
        return resolve_pads(self.padding, (self.h, self.w), self.pool, self.stride)

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        return (self.n, self.h, self.w, self.c)

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        return (self.n, *output_size((self.h, self.w), self.pool, self.stride, self.pads), self.c)

    @property
    def arguments(self) -> dict[str, Any]:
        """The keywords of `convcore.ops.max_pool2d` and its backward."""
        return {"pool_size": self.pool, "stride": self.stride, "padding": self.padding}

    @property
    def oracle_arguments(self) -> dict[str, Any]:
        """The arguments of the oracles."""
        return {"pool": self.pool, "stride": self.stride, "pads": self.pads}

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Dense:
    """A dense layer: (n, inputs) by (inputs, units)."""

    name: str
    n: int
    inputs: int
    units: int

    @property
    def flops(self) -> int:
        """Nominal operations of one direction."""
        return 2 * self.n * self.inputs * self.units

    def __str__(self) -> str:
        return self.name


# The layers of the seed net (28x28x1 digits, 243,786 parameters) at batch 128.
SEED_CONVS = (
    Conv("seed-conv1", 128, 28, 28, 1, 64, (3, 3)),
    Conv("seed-conv2", 128, 13, 13, 64, 64, (3, 3)),
)
SEED_POOLS = (
    Pool("seed-pool1", 128, 26, 26, 64, (2, 2), (2, 2)),
    Pool("seed-pool2", 128, 11, 11, 64, (2, 2), (2, 2)),
)
# Pools of well-known networks (ResNet, VGG, Inception), NCHW in the literature and NHWC here.
NETWORK_POOLS = (
    Pool("8x112x112x64-3x3-s2", 8, 112, 112, 64, (3, 3), (2, 2), 1),
    Pool("32x26x26x64-2x2", 32, 26, 26, 64, (2, 2), (2, 2)),
    Pool("8x224x224x3-2x2", 8, 224, 224, 3, (2, 2), (2, 2)),
    Pool("8x56x56x64-3x3-same", 8, 56, 56, 64, (3, 3), (1, 1), "same"),
)
SEED_DENSES = (Dense("seed-dense1", 128, 1600, 128), Dense("seed-dense2", 128, 128, 10))

# Single convolutions of well-known networks (VGG, ResNet, LeNet), NCHW in the literature and NHWC here.
NETWORK_CONVS = (
    Conv("8x56x56x64-64-3x3", 8, 56, 56, 64, 64, (3, 3), padding=1),
    Conv("8x28x28x128-128-3x3", 8, 28, 28, 128, 128, (3, 3), padding=1),
    Conv("8x14x14x256-256-3x3", 8, 14, 14, 256, 256, (3, 3), padding=1),
    Conv("16x7x7x512-512-3x3", 16, 7, 7, 512, 512, (3, 3), padding=1),
    Conv("4x112x112x64-64-3x3", 4, 112, 112, 64, 64, (3, 3), padding=1),
    Conv("8x56x56x64-64-1x1", 8, 56, 56, 64, 64, (1, 1)),
    Conv("8x56x56x256-64-1x1", 8, 56, 56, 256, 64, (1, 1)),
    Conv("8x56x56x64-128-1x1-s2", 8, 56, 56, 64, 128, (1, 1), stride=(2, 2)),
    Conv("8x56x56x128-128-3x3-s2", 8, 56, 56, 128, 128, (3, 3), stride=(2, 2), padding=1),
    Conv("8x224x224x3-64-7x7-s2", 8, 224, 224, 3, 64, (7, 7), stride=(2, 2), padding=3),
    Conv("32x28x28x1-32-5x5", 32, 28, 28, 1, 32, (5, 5)),
    Conv("8x28x28x256-256-3x3-g256", 8, 28, 28, 256, 256, (3, 3), padding=1, groups=256),
    Conv("8x112x112x32-32-3x3-s2-g32", 8, 112, 112, 32, 32, (3, 3), stride=(2, 2), padding=1, groups=32),
    *(Conv(f"8x56x56x64-64-3x3-g{g}", 8, 56, 56, 64, 64, (3, 3), padding=1, groups=g) for g in (2, 4, 8, 32)),
)

# Small problems at the edges of the geometry: each has gone wrong somewhere in the field.
EDGE_CONVS = (
    Conv("one-pixel", 1, 1, 1, 1, 1, (1, 1)),
    Conv("pointwise", 2, 5, 7, 3, 4, (1, 1)),
    Conv("pointwise-stride", 2, 6, 7, 3, 4, (1, 1), stride=(2, 3)),
    Conv("pointwise-one-filter", 2, 5, 7, 33, 1, (1, 1)),
    Conv("few-filters", 2, 9, 11, 37, 2, (3, 3), padding=1),
    Conv("few-filters-dilated", 1, 9, 13, 40, 1, (2, 3), stride=(2, 1), dilation=(1, 2)),
    Conv("kernel-covers-image", 3, 4, 5, 7, 9, (4, 5)),
    Conv("kernel-covers-image-one-filter", 6, 4, 5, 7, 1, (4, 5)),
    Conv("odd-sizes", 3, 7, 11, 5, 9, (3, 5)),
    Conv("tall-kernel", 1, 9, 4, 2, 3, (7, 1)),
    Conv("wide-kernel-full-padding", 2, 3, 6, 17, 5, (1, 5), padding=((0, 0), (4, 4))),
    Conv("kernel-larger-than-image", 1, 1, 1, 3, 2, (9, 9), padding=4),
    Conv("kernel-covers-padded-image", 2, 5, 4, 2, 3, (7, 6), padding=1),
    Conv("same-stride-2-even", 2, 8, 6, 3, 4, (3, 3), stride=(2, 2), padding="same"),
    Conv("same-stride-2-odd", 2, 7, 9, 3, 4, (3, 3), stride=(2, 2), padding="same"),
    Conv("same-even-kernel", 2, 5, 6, 3, 4, (2, 4), padding="same"),
    Conv("same-stride-beyond-kernel", 1, 11, 10, 2, 3, (2, 2), stride=(4, 3), padding="same"),
    Conv("uneven-padding", 2, 6, 5, 4, 7, (3, 2), stride=(1, 2), padding=((2, 0), (1, 3))),
    Conv("stride-beyond-image", 2, 5, 5, 2, 3, (2, 2), stride=(66, 49)),
    Conv("dilation", 1, 13, 12, 3, 5, (3, 2), padding=2, dilation=(3, 4)),
    Conv("dilation-and-stride", 2, 14, 15, 2, 6, (3, 3), stride=(2, 3), padding="same", dilation=(2, 2)),
    Conv("large-kernel", 1, 15, 16, 2, 3, (13, 13), padding="same"),
    Conv("deep", 1, 4, 4, 70, 66, (3, 3), padding=1),
    Conv("empty-batch", 0, 6, 6, 3, 4, (3, 3)),
    Conv("same-lower-stride-2", 2, 8, 7, 3, 4, (4, 3), stride=(2, 2), padding="same_lower"),
    Conv("border-edge", 2, 5, 6, 3, 17, (3, 4), padding=((2, 1), (0, 3)), border="edge"),
    Conv("border-mirror", 2, 5, 6, 4, 3, (3, 3), stride=(2, 1), padding=2, border="mirror"),
    Conv("border-symmetric", 1, 6, 5, 18, 3, (4, 3), padding=(3, 2), dilation=(1, 2), border="symmetric"),
    Conv("border-wrap", 3, 4, 7, 2, 5, (3, 3), stride=(1, 3), padding="same", border="wrap"),
    Conv("border-mirror-beyond-the-image", 1, 3, 2, 2, 3, (2, 3), padding=((7, 2), (3, 5)), border="mirror"),
    Conv("border-symmetric-beyond-the-image", 2, 1, 3, 2, 3, (3, 3), padding=5, border="symmetric"),
    Conv("border-wrap-beyond-the-image", 1, 2, 3, 3, 2, (3, 2), padding=((5, 3), (7, 4)), border="wrap"),
    Conv("border-mirror-of-one-pixel", 1, 1, 1, 2, 2, (3, 3), padding=1, border="mirror"),
    Conv("long-line", 2, 1, 3001, 3, 5, (1, 4), stride=(1, 2), padding="same"),
    Conv("long-line-wrap", 1, 2, 1500, 2, 3, (2, 3), padding="same", dilation=(1, 2), border="wrap"),
)
# Channels in groups: as wide as vectors and narrower, with as many channels in as out, with more and with fewer.
GROUPED_CONVS = (
    Conv("depthwise", 2, 7, 9, 19, 19, (3, 3), padding=1, groups=19),
    Conv("depthwise-sliding", 2, 9, 21, 37, 37, (3, 3), padding=1, groups=37),
    Conv("depthwise-sliding-stride", 2, 11, 23, 35, 35, (3, 3), stride=(2, 2), padding="same", groups=35),
    Conv("depthwise-sliding-border", 1, 8, 19, 18, 18, (5, 3), padding=((2, 2), (1, 1)), groups=18, border="edge"),
    Conv("depthwise-few-taps", 2, 9, 20, 33, 33, (2, 2), stride=(2, 2), groups=33),
    Conv("depthwise-multiplier", 2, 6, 7, 11, 33, (3, 2), stride=(2, 1), padding="same", groups=11),
    Conv("depthwise-wide-multiplier", 1, 5, 6, 3, 54, (2, 3), groups=3),
    Conv("depthwise-dilation-stride", 2, 13, 15, 33, 33, (3, 3), stride=(2, 3), padding=2, dilation=(3, 2), groups=33),
    Conv("depthwise-stride-beyond-kernel", 1, 11, 12, 18, 18, (2, 1), stride=(3, 4), groups=18),
    Conv("depthwise-kernel-larger-than-image", 1, 2, 1, 20, 20, (5, 5), padding=4, groups=20),
    Conv("pairs", 2, 8, 6, 34, 34, (3, 3), padding=1, groups=17),
    Conv("triples", 1, 9, 17, 36, 36, (3, 5), padding="same", groups=12),
    Conv("fewer-channels-out", 1, 6, 7, 40, 8, (3, 3), stride=(1, 2), padding=1, groups=8),
    Conv("more-channels-out", 1, 5, 8, 8, 40, (2, 2), groups=8),
    Conv("two-groups", 2, 7, 6, 10, 14, (3, 3), padding=1, groups=2),
    Conv("wide-groups", 1, 6, 15, 66, 70, (3, 3), padding=((1, 0), (0, 2)), groups=2),
    Conv("wide-groups-stride", 2, 9, 8, 48, 96, (3, 2), stride=(2, 2), padding="same", groups=3),
    Conv("wide-groups-dilation", 1, 9, 8, 40, 34, (2, 3), dilation=(2, 2), groups=2),
    Conv("pointwise-groups", 2, 5, 6, 51, 68, (1, 1), groups=17),
    Conv("pointwise-wide-groups", 2, 5, 6, 60, 44, (1, 1), groups=2),
    Conv("groups-long-line", 1, 2, 1300, 6, 6, (1, 3), padding=((0, 0), (2, 0)), groups=3),
    Conv("groups-border", 2, 6, 7, 20, 30, (3, 4), stride=(1, 2), padding="same", groups=10, border="mirror"),
    Conv("depthwise-border", 2, 6, 7, 21, 21, (3, 3), padding=2, groups=21, border="wrap"),
    Conv("wide-groups-border", 2, 5, 6, 40, 36, (3, 3), padding=1, groups=2, border="edge"),
    Conv("groups-empty-batch", 0, 6, 6, 4, 4, (3, 3), groups=2),
    *(Conv(f"tail-groups-{c}", 1, 4, 17, c, c, (3, 3), padding=1, groups=c) for c in range(1, 40)),
    *(Conv(f"tail-group-width-{c}", 2, 3, 4, 2 * c, 3 * c, (2, 2), groups=c) for c in range(1, 40)),
    *(Conv(f"tail-in-group-{c}", 1, 4, 5, 3 * c, 6, (2, 2), groups=3) for c in range(1, 36)),
    *(Conv(f"tail-of-group-{c}", 1, 4, 5, 6, 3 * c, (2, 2), groups=3) for c in range(1, 36)),
)
# Every remainder of a vector or tile, in channels in and out and in width.
TAIL_CONVS = (
    *(Conv(f"tail-ic-{c}", 1, 4, 6, c, 5, (3, 3), padding=1) for c in range(1, 71)),
    *(Conv(f"tail-width-{c}", 1, 3, c, 3, 4, (2, 3), padding=((0, 1), (1, 1))) for c in range(1, 71)),
    *(Conv(f"tail-oc-{c}", 2, 4, 5, 3, c, (3, 2), stride=(1, 2)) for c in range(1, 71)),
    *(Conv(f"tail-one-channel-{c}", 1, 5, 8, 1, c, (3, 3)) for c in (1, 7, 8, 15, 16, 17, 32, 48, 63, 64, 65, 70)),
)
# Large enough that every thread gets work, small enough for a test.
THREADED_CONVS = (
    Conv("threaded-one-channel", 16, 28, 28, 1, 64, (3, 3)),
    Conv("threaded-seed-conv2", 9, 13, 13, 64, 64, (3, 3)),
    Conv("threaded-padded", 5, 30, 27, 19, 37, (3, 3), padding="same"),
    Conv("threaded-stride", 4, 41, 40, 16, 33, (5, 3), stride=(2, 3), padding=1),
    Conv("threaded-one-image", 1, 64, 61, 12, 40, (3, 3), padding=1),
    Conv("threaded-pointwise", 7, 25, 25, 65, 70, (1, 1)),
    Conv("threaded-small-map", 33, 4, 4, 96, 80, (3, 3), padding=1),
    Conv("threaded-dilated", 3, 33, 35, 24, 17, (3, 3), padding="same", dilation=(2, 3)),
    Conv("threaded-wide-kernel", 2, 40, 40, 3, 48, (7, 7), stride=(2, 2), padding=3),
    Conv("threaded-depthwise", 9, 30, 29, 40, 40, (3, 3), padding=1, groups=40),
    Conv("threaded-groups", 3, 31, 30, 48, 60, (3, 3), stride=(1, 2), padding="same", groups=12),
    Conv("threaded-wide-groups", 5, 19, 21, 70, 76, (3, 3), padding=1, groups=2),
    Conv("threaded-line", 1, 1, 5000, 24, 33, (1, 5), padding="same"),
    Conv("threaded-border", 3, 33, 30, 16, 20, (5, 5), padding="same", border="mirror"),
    # Windows of a pixel that are larger than a thread's copy: with taps far apart, with many channels.
    Conv("threaded-far", 1, 6, 50, 1024, 5, (3, 3), padding=((1, 1), (40, 40)), dilation=(1, 40), border="mirror"),
    Conv("threaded-far-back", 1, 7, 51, 5, 1024, (3, 3), padding=((1, 1), (40, 40)), dilation=(1, 40)),
    Conv("threaded-far-stride", 1, 9, 70, 19, 1100, (5, 3), stride=(2, 3), padding=60, dilation=(3, 61)),
    Conv("threaded-far-leaf", 2, 33, 34, 20, 17, (3, 3), stride=(1, 2), padding=80, dilation=(80, 80)),
    Conv("threaded-many-channels", 1, 3, 4, 30000, 3, (3, 3), padding=1),
    Conv("threaded-many-filters", 1, 5, 7, 3, 30000, (3, 3), stride=(2, 2), padding=1),
    Conv("threaded-few-filters", 1, 3, 5, 6000, 3, (3, 3)),
)
THREADED_POOLS = (
    Pool("threaded-pool", 32, 26, 26, 64, (2, 2), (2, 2)),
    Pool("threaded-pool-overlapping", 16, 31, 30, 33, (3, 3), (2, 2), "same"),
)
THREADED_DENSES = (Dense("threaded-dense", 65, 1600, 128), Dense("threaded-dense-odd", 67, 333, 211))
CONVS = (*SEED_CONVS, *NETWORK_CONVS, *EDGE_CONVS, *GROUPED_CONVS, *TAIL_CONVS)

EDGE_POOLS = (
    Pool("2x2", 2, 8, 6, 5, (2, 2), (2, 2)),
    Pool("rest-dropped", 2, 7, 7, 3, (2, 2), (2, 2)),
    Pool("3x3-rest-dropped", 1, 7, 8, 4, (3, 3), (3, 3)),
    Pool("overlapping", 2, 9, 8, 17, (3, 3), (2, 2)),
    Pool("overlapping-by-one", 1, 6, 7, 16, (3, 2), (1, 1)),
    Pool("one-pixel-windows", 1, 5, 4, 3, (1, 1), (2, 1)),
    Pool("whole-plane", 3, 5, 6, 7, (5, 6), (5, 6)),
    Pool("gaps", 1, 12, 11, 2, (2, 3), (5, 4)),
    Pool("same", 2, 7, 5, 6, (2, 2), (2, 2), "same"),
    Pool("same-overlapping", 1, 8, 9, 33, (3, 3), (2, 2), "same"),
    Pool("same-beyond-image", 1, 2, 1, 4, (5, 3), (1, 1), "same"),
    Pool("padded", 2, 6, 7, 5, (3, 3), (2, 2), 1),
    Pool("unevenly-padded", 1, 6, 5, 9, (4, 5), (2, 3), ((2, 1), (0, 2))),
    Pool("empty-batch", 0, 6, 6, 3, (2, 2), (2, 2)),
    *(Pool(f"tail-{c}", 1, 5, 4, c, (2, 2), (2, 2)) for c in range(1, 71)),
)
POOLS = (*SEED_POOLS, *EDGE_POOLS)

EDGE_DENSES = (
    Dense("one", 1, 1, 1),
    Dense("single-sample", 1, 70, 33),
    Dense("single-input", 9, 1, 17),
    Dense("empty-batch", 0, 4, 3),
    Dense("few-columns", 45, 70, 3),
    Dense("one-column", 300, 37, 1),
    *(Dense(f"tail-{c}", 1 + c % 9, 71 - c, c) for c in range(1, 71)),
)
DENSES = (*SEED_DENSES, *EDGE_DENSES)


def random_convs(seed: int, count: int, *, largest: int = 9) -> list[Conv]:
    """Small convolutions of random sizes, strides, dilations and paddings of every form; all are valid."""
    rng = np.random.default_rng(seed)

    def pair(low: int, high: int) -> Pair:
        return (int(rng.integers(low, high + 1)), int(rng.integers(low, high + 1)))

    cases = []
    for number in range(count):
        size, kernel = pair(1, largest), pair(1, 5)
        stride = pair(1, 4) if rng.random() < 0.6 else (1, 1)
        dilation = pair(1, 3) if rng.random() < 0.25 else (1, 1)
        paddings = ["valid", "same", int(rng.integers(0, 4)), pair(0, 4), (pair(0, 4), pair(0, 4))]
        padding: Any = paddings[int(rng.integers(0, 5))]
        pads = resolve_pads(padding, size, kernel, stride, dilation)
        # An image that the kernel does not fit into grows until it does.
        rows, columns = (
            max(n, d * (k - 1) + 1 - sum(p)) for n, k, d, p in zip(size, kernel, dilation, pads, strict=True)
        )
        channels = [int(rng.integers(1, 70) if rng.random() < 0.15 else rng.integers(1, 12)) for _ in range(2)]
        batch = int(rng.integers(1, 4))
        groups = int(rng.integers(2, 20)) if rng.random() < 0.25 else 1
        ic, oc = (groups * c if groups == 1 else groups * -(-c // 3) for c in channels)
        name = f"random-{seed}-{number}"
        border = ("edge", "mirror", "symmetric", "wrap")[number % 4] if rng.random() < 0.2 else "zeros"
        shape = (batch, rows, columns, ic, oc)
        cases.append(Conv(name, *shape, kernel, stride, padding, dilation, groups, border))
    return cases


def random_pools(seed: int, count: int, *, largest: int = 11) -> list[Pool]:
    """Small pools of random sizes, windows, strides and paddings; all are valid."""
    rng = np.random.default_rng(seed)

    def pair(low: int, high: int) -> Pair:
        return (int(rng.integers(low, high + 1)), int(rng.integers(low, high + 1)))

    cases = []
    for number in range(count):
        pool, stride = pair(1, 4), pair(1, 4)
        half = (pool[0] // 2, pool[1] // 2)
        uneven = tuple((int(rng.integers(0, h + 1)), int(rng.integers(0, h + 1))) for h in half)
        paddings: list[Any] = ["valid", "same", min(half), half, uneven]
        padding = paddings[int(rng.integers(0, 5))]
        rows, columns = (max(a, b) for a, b in zip(pair(1, largest), pool, strict=True))
        batch, channels = int(rng.integers(1, 4)), int(rng.integers(1, 40))
        cases.append(Pool(f"random-{seed}-{number}", batch, rows, columns, channels, pool, stride, padding))
    return cases
