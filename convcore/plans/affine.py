"""Steps that resample images by affine maps, and the maps drawn at random."""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass

from convcore.plans.steps import Buffer, Steps

__all__ = [
    "MAP",
    "INTERPOLATIONS",
    "Ranges",
    "Resampling",
    "affine",
    "affine_backward",
    "height_and_width",
    "random_affine",
]

# Numbers of a map.
MAP = 8
# The kernels know an interpolation by its place here.
INTERPOLATIONS = ("nearest", "bilinear")

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Resampling:
    """From n images of ih x iw pixels to as many of oh x ow; `border` is a place in geometries.BORDERS.

    There are `maps` maps: one for all images, or one for every `group` of them.
    """

    n: int
    ih: int
    iw: int
    channels: int
    oh: int
    ow: int
    maps: int
    group: int
    interpolation: str
    border: int
    fill_value: float

    @property
    def outputs(self) -> int:
        return self.n * self.oh * self.ow * self.channels

    def fields(self) -> dict[str, int | float]:
        return {
            "n": self.n, "ih": self.ih, "iw": self.iw, "ic": self.channels,
            "oh": self.oh, "ow": self.ow, "oc": self.channels,
            "count": self.maps, "groups": self.group, "border": self.border,
            "kind": INTERPOLATIONS.index(self.interpolation), "a": self.fill_value,
        }  # fmt: skip

    @property
    def work(self) -> int:
        return self.outputs * (8 if self.interpolation == "bilinear" else 2)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Between what each number of a random map is drawn: parts of a full turn, zooms (1 is none), shifts in parts of
    the height and the width.

    Half of the images are flipped: where `flips_h`, upside down, where `flips_w`, left to right, and where both, both
    at once. With `keeps_aspect` the zoom of the width is that of the height.
    """

    turn: Range = (0.0, 0.0)
    zoom_h: Range = (1.0, 1.0)
    zoom_w: Range = (1.0, 1.0)
    shift_h: Range = (0.0, 0.0)
    shift_w: Range = (0.0, 0.0)
    flips_h: bool = False
    flips_w: bool = False
    keeps_aspect: bool = False

    def packed(self) -> bytearray:
        """The same as the kernel reads it."""
        *ranges, flips_h, flips_w, keeps_aspect = astuple(self)
        return bytearray(struct.pack("=13d", *(end for pair in ranges for end in pair), flips_h, flips_w, keeps_aspect))


def height_and_width(shape: tuple[int, ...], first: bool) -> tuple[int, int]:
    """Those of images of `shape`, of which the channels come `first`, or last."""
    return (shape[1], shape[2]) if first else (shape[0], shape[1])


def random_affine(steps: Steps, n: int, size: tuple[int, int], key: int, state: Buffer, ranges: Ranges) -> Buffer:
    """The maps of n images of `size` (height, width), drawn with `key` and `state`."""
    maps = steps.reals(n * MAP)
    fields = {"n": n, "ih": size[0], "iw": size[1], "kind": key}
    steps.add("random_affine", fields, state, steps.bind(ranges.packed()), maps, work=n * 100)
    return maps


def affine(steps: Steps, r: Resampling, x: Buffer, maps: Buffer, y: Buffer) -> None:
    """y = x, resampled."""
    steps.add("affine", r.fields(), x, maps, y, work=r.work)


def affine_backward(steps: Steps, r: Resampling, dy: Buffer, maps: Buffer, dx: Buffer) -> None:
    """dx from dy, the gradient of y."""
    steps.add("affine_backward", r.fields(), dy, maps, dx, work=r.work)
