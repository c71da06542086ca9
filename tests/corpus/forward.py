"""The forward convolution: shapes and parameters."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from convcore import ops
from convcore.errors import ParameterError, ResourceLimitError, ShapeError
from tests import sliding
from tests.cases import Conv
from tests.checks import check_whole_conv, integers
from tests.corpus.registry import Call, answered, refused
from tests.reference import Array


def zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


X, W = zeros(1, 32, 32, 1), zeros(3, 3, 1, 4)


def conv(**arguments: Any) -> Call:
    return lambda: ops.conv2d(X, W, **arguments)


def shaped(x: tuple[int, ...], w: tuple[int, ...], bias: tuple[int, ...] | None = None, **arguments: Any) -> Call:
    arrays = zeros(*x), zeros(*w), None if bias is None else zeros(*bias)
    return lambda: ops.conv2d(*arrays, **arguments)


refused("stride-zero", ParameterError, "stride 0 1", conv(stride=0), conv(stride=(1, 0)), conv(stride=[0, 1]))
refused(
    "stride-negative", ParameterError, "stride -", conv(stride=(-1, 1)), conv(stride=(1, -(2**31))), conv(stride=-1)
)
refused("all-sizes-zero", ShapeError, "", shaped((0, 0, 0, 0), (0, 0, 0, 0)))
refused("no-input-channels", ShapeError, "", shaped((1, 8, 8, 3), (3, 3, 0, 4)), shaped((1, 8, 8, 0), (3, 3, 0, 4)))
refused("no-output-channels", ShapeError, "", shaped((1, 8, 8, 3), (3, 3, 3, 0)))
refused(
    "kernel-without-rows-or-columns",
    ShapeError,
    "",
    shaped((1, 8, 8, 3), (0, 3, 3, 4)),
    shaped((1, 8, 8, 3), (3, 0, 3, 4)),
)
refused(
    "image-without-rows-or-columns",
    ShapeError,
    "",
    shaped((1, 0, 8, 3), (3, 3, 3, 4)),
    shaped((1, 8, 0, 3), (3, 3, 3, 4)),
)
refused(
    "kernel-beyond-image",
    ShapeError,
    "28 29",
    shaped((1, 28, 28, 1), (29, 29, 1, 2)),
    shaped((1, 28, 28, 1), (1, 29, 1, 2)),
)
refused(
    "pair-of-wrong-length",
    ParameterError,
    "",
    *(conv(stride=bad) for bad in ([], (), (1,), (1, 1, 1), [1, 1, 1, 1])),
    *(conv(padding=bad) for bad in ([], (), (1,), (1, 1, 1), ((1, 1),), ((1, 1), (1,)), ((1, 1), (1, 1, 1)))),
    *(conv(dilation=bad) for bad in ([], (1,), (1, 1, 1))),
)
refused(
    "padding-negative",
    ParameterError,
    "padding -",
    *(conv(padding=bad) for bad in (-8353862602220610428, -1, (-1, 0), (0, -1), ((0, 0), (0, -3)), ((-1, 0), (0, 0)))),
)
refused(
    "padding-enormous",
    (ParameterError, ResourceLimitError),
    "",
    *(conv(padding=bad) for bad in (2**62, (2**62, 0), ((2**62, 2**62), (0, 0)), 2**31, 2**63 - 1, (2**32, 2**32))),
)
refused(
    "number-beyond-int64",
    ParameterError,
    "",
    *(conv(stride=bad) for bad in (2**64, np.uint64(2**64 - 1), 2**63, (1, 2**100))),
    *(conv(padding=bad) for bad in (2**64, 2**63, np.uint64(2**63), ((2**64, 0), (0, 0)))),
    *(conv(dilation=bad) for bad in (2**64, np.uint64(2**64 - 1), 2**63)),
)
refused(
    "dilation-zero-or-negative",
    ParameterError,
    "dilation",
    *(conv(dilation=bad) for bad in (0, -1, (1, 0), (-(2**63), 1))),
)
refused(
    "dilation-enormous",
    ParameterError,
    "dilation",
    conv(dilation=2**31 - 1),
    conv(dilation=(1, 2**31 - 1)),
    conv(dilation=2**62),
)
refused("groups", ValueError, "groups", conv(groups=0), conv(groups=-1), conv(groups=2))
refused("output-argument-is-not-here", TypeError, "out", conv(out=X))
refused("channels-differ", ShapeError, "3 4", shaped((1, 8, 8, 3), (3, 3, 4, 2)), shaped((1, 8, 8, 4), (3, 3, 3, 2)))
refused(
    "bias-of-wrong-shape",
    ShapeError,
    "bias 4",
    *(shaped((1, 8, 8, 3), (3, 3, 3, 4), bias) for bias in ((3,), (5,), (4, 1), (1, 4), (2, 2), (1,), ())),
)
refused(
    "bias-of-length-zero",
    ShapeError,
    "bias",
    shaped((1, 8, 8, 3), (3, 3, 3, 4), (0,)),
    shaped((0, 8, 8, 3), (3, 3, 3, 4), (0,)),
)
refused("image-of-wrong-rank", ShapeError, "x", *(shaped((8, 8, 3, 1, 1)[:n], (3, 3, 3, 4)) for n in (0, 1, 2, 5)))
refused("image-without-a-batch-axis", ShapeError, "x batch", shaped((8, 8, 3), (3, 3, 3, 4)))
refused("kernel-of-wrong-rank", ShapeError, "w", *(shaped((1, 8, 8, 3), (3, 3, 3, 3, 3)[:n]) for n in (0, 1, 2, 3, 5)))
refused(
    "geometry-that-is-no-integer",
    ParameterError,
    "",
    *(
        conv(**{argument: bad})
        for argument in ("stride", "dilation", "padding")
        for bad in (1.5, True, "1", None, np.array([1, 1, 1]), ((1,), (1,)), 2.0, (1, 1.5), (True, 1), np.nan, {}, b"1")
    ),
)
refused(
    "padding-word-unknown", ParameterError, "valid same", conv(padding="SAMEE"), conv(padding=b"same"), conv(padding="")
)
refused(
    "activation-unknown",
    ParameterError,
    "activation relu",
    *(conv(activation=bad) for bad in ("rleu", 3, b"relu", [], np.tanh)),
)


@answered("batch-of-zero")
def _() -> None:
    y = ops.conv2d(zeros(0, 28, 28, 1), W, padding="same", stride=2)
    assert (y.shape, y.dtype) == ((0, 14, 14, 4), np.float32)


@answered("same-padding-of-an-even-image-by-two")
def _() -> None:
    for size, kernel in itertools.product((2, 4, 6, 8, 28), (1, 2, 3, 4, 5)):
        check_whole_conv(Conv("same", 2, size, size + 2, 3, 5, (kernel, kernel), (2, 2), "same"), size)


@answered("every-tail-of-channels-and-width")
def _() -> None:
    for size in range(1, 71):
        kernel, stride = 1 + size % 7, 1 + size % 4
        for number, (width, ic, oc) in enumerate(((size, 3, 5), (9, size, 4), (8, 2, size), (size, size, size))):
            case = Conv("tail", 1, 7, max(width, kernel), ic, oc, (kernel, kernel), (stride, stride))
            check_whole_conv(case, size * 4 + number)


@answered("wide-padding-of-a-permuted-image")
def _() -> None:
    for kernel in (2, 5, 9):
        x, w = integers(kernel, (6, 3, 2, 7), (1, kernel, 6, 11))
        image, pads = x.transpose(2, 1, 3, 0), ((0, 0), (kernel - 1, kernel - 1))
        truth = sliding.conv2d(image, w, stride=(1, 1), pads=pads)
        for _ in range(20):
            np.testing.assert_array_equal(ops.conv2d(image, w, padding=pads), truth)


@answered("kernel-wider-than-the-image")
def _() -> None:
    for size, kernel in itertools.product((1, 2, 3), (5, 7, 9)):
        check_whole_conv(Conv("wide", 2, size, 1, 3, 5, (kernel, kernel), padding=kernel // 2), size)


@answered("region-of-a-larger-image")
def _() -> None:
    for size in (13, 14, 29, 31, 32, 33, 40):
        large, w = integers(size, (2, 50, 60, 8), (13, 13, 3, 5), limit=2)
        region = large[:, 3 : 3 + size, 11 : 11 + size, 2:5]
        truth = sliding.conv2d(region, w, stride=(1, 1), pads=((0, 0), (0, 0)))
        np.testing.assert_array_equal(ops.conv2d(region, w), truth)
