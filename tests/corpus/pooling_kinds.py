"""The pools beside `max_pool2d`: averages, whole planes, lines, other layouts, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convcore import ops
from convcore.errors import ConvcoreError, DTypeError, ParameterError, ShapeError
from tests import reference
from tests.corpus.forward import zeros
from tests.corpus.pooling import X
from tests.corpus.registry import Call, answered, refused

LINE = X[:, 0]


def average(*arguments: Any, **keywords: Any) -> Call:
    return lambda: ops.avg_pool2d(X, *arguments, **keywords)


def line(*arguments: Any, **keywords: Any) -> Call:
    return lambda: ops.max_pool1d(LINE, *arguments, **keywords)


def back(dy: tuple[int, ...], image: object, **keywords: Any) -> Call:
    return lambda: ops.avg_pool2d_backward(zeros(*dy), image, **keywords)  # type: ignore[arg-type]


def unpool(index: int, **keywords: Any) -> Call:
    y, indices = ops.max_pool2d(X, return_indices=True)
    indices[1, 2, 0, 1] = index
    return lambda: ops.max_unpool2d(y, indices, **keywords)


refused("average-size-zero-or-negative", ParameterError, "pool_size", average(0), average((2, 0)), average(-2))
refused(
    "average-stride-not-positive",
    ParameterError,
    "stride",
    *(average(2, stride=bad) for bad in (0, -1, (-1, 1), (1, -(2**31)), 2**64, [], 1.5)),
)
refused(
    "average-enormous",
    (ParameterError, ShapeError),
    "",
    average((2**63 - 1, 5868783964474102731), stride=(-1, 5)),
    average(1250999896764, padding=625499948382),
    average(2**31 - 1, padding=2**30),
)
refused("average-padding-beyond-half-a-window", ParameterError, "padding", average(2, padding=2), average(1, padding=1))
refused(
    "divisor-that-is-none", ParameterError, "divisor_override",
    *(average(2, divisor_override=bad) for bad in (0, 0.5, 2**64, True, "2", [2])),
)  # fmt: skip
refused(
    "average-gradient-of-another-shape",
    ShapeError,
    "",
    back((0, 0, 0, 0), (1, 1, 1, 1), pool_size=1),
    back((3, 0, 0, 2), (3, 0, 0, 2), pool_size=16, stride=18, padding=((7, 3), (8, 5))),
    back((9, 7, 9, 9), (5, 7, 9, 9), pool_size=1),
    back((2, 3, 3), (2, 6, 6, 3)),
    back((2, 3, 3, 3), (2, 6, 6)),
    back((2, 3, 3, 3), None),
)
refused(
    "line-arguments",
    ParameterError,
    "",
    *(line(bad) for bad in (0, -2, (2, 2), 1.5, 2**64, None)),
    *(line(2, stride=bad) for bad in (0, (1, 1), -1)),
    *(line(2, padding=bad) for bad in (2, -1, (1,), (1, 1, 1), ((1, 1), (1, 1)), "samee")),
)
refused(
    "plane-of-nothing",
    ShapeError,
    "",
    *(
        lambda s=shape, f=function: f(zeros(*s))
        for shape in ((1, 0, 6, 3), (1, 6, 0, 3), (1, 6, 6, 0), (6, 6, 3), (1, 1, 1, 1, 1))
        for function in (ops.global_avg_pool2d, ops.global_max_pool2d, ops.avg_pool2d)
    ),
)
refused(
    "unpool-index-outside", ConvcoreError, "indices", *(unpool(bad) for bad in (36, -1, 2**40, -(2**63), 2**63 - 1))
)
refused(
    "unpool-to-another-size",
    (ParameterError, ShapeError),
    "output_size",
    *(unpool(0, output_size=bad) for bad in ((8, 6), (4, 6), 2**31 - 1, -1, 0, (6,), 2**64, "6")),
)
refused(
    "layouts-that-are-none",
    ParameterError,
    "data_format",
    *(average(2, data_format=bad) for bad in ("NCHW", None, b"channels_last", 1, [])),
)
refused(
    "averages-of-other-dtypes",
    DTypeError,
    "x",
    *(lambda k=kind: ops.avg_pool2d(np.zeros((1, 4, 4, 2), k)) for kind in ("c8", "O", "U1", "i8")),
)


def _same_bits(function: Callable[..., Any], x: Any) -> None:
    truth = np.asarray(function(np.ascontiguousarray(x)))
    np.testing.assert_array_equal(np.asarray(function(x)), truth)


@answered("averages-of-other-layouts")
def _() -> None:
    wide = np.random.default_rng(1).standard_normal((4, 12, 12, 6)).astype(np.float32)
    views = (
        wide[::2, ::2, ::-1],
        np.asfortranarray(wide),
        wide.transpose(0, 3, 1, 2),
        np.broadcast_to(wide[:1], wide.shape),
    )
    for view in views:
        for function in (ops.avg_pool2d, ops.global_avg_pool2d, ops.global_max_pool2d, ops.max_pool2d):
            _same_bits(function, view)


@answered("average-of-a-partial-window")
def _() -> None:
    for size, stride, ceil in ((2, 2, True), (3, 3, True), (3, 2, False)):
        options: dict[str, Any] = {"stride": stride, "ceil_mode": ceil}
        x = np.arange(7 * 8 * 5, dtype=np.float64).reshape(1, 7, 8, 5)
        y = ops.avg_pool2d(x, size, **options)
        truth = reference.avg_pool2d(
            x, (size, size), stride=(stride, stride), pads=((0, 0), (0, 0)), output=(y.shape[1], y.shape[2])
        )
        np.testing.assert_allclose(y, truth, rtol=1e-12)


@answered("planes-of-an-empty-batch")
def _() -> None:
    assert ops.avg_pool2d(zeros(0, 6, 6, 3)).shape == (0, 3, 3, 3)
    assert ops.global_avg_pool2d(zeros(0, 6, 6, 3), keepdims=True).shape == (0, 1, 1, 3)
    y, indices = ops.global_max_pool2d(zeros(0, 3, 6, 6), return_indices=True, data_format="channels_first")
    assert y.shape == indices.shape == (0, 3)
    assert ops.avg_pool2d_backward(zeros(0, 3, 3, 3), (0, 6, 6, 3)).shape == (0, 6, 6, 3)


@answered("planes-of-minus-infinity-and-nan")
def _() -> None:
    for value in (-np.inf, np.nan):
        for channels in (1, 3, 17):
            y, indices = ops.global_max_pool2d(np.full((2, 9, 8, channels), value, np.float32), return_indices=True)
            np.testing.assert_array_equal(y, np.full((2, channels), value, np.float32))
            assert (indices == 0).all()
