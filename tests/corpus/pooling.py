"""Pooling and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcore import ops
from convcore.errors import ConvcoreError, DTypeError, ParameterError, ShapeError
from tests import sliding
from tests.corpus.forward import zeros
from tests.corpus.registry import Call, answered, refused
from tests.reference import Array

X = np.arange(2 * 6 * 6 * 3, dtype=np.float32).reshape(2, 6, 6, 3)


def pool(*arguments: Any, **keywords: Any) -> Call:
    return lambda: ops.max_pool2d(X, *arguments, **keywords)


def gradient(dy: tuple[int, ...], indices: Array, image: object, **keywords: Any) -> Call:
    array = zeros(*dy)
    return lambda: ops.max_pool2d_backward(array, indices, image, **keywords)


def some_indices(*shape: int) -> Array:
    return np.zeros(shape, np.int64)


def with_index(value: int) -> Call:
    """The gradient of a 2x2 pool of X with one wrong index; the error comes before anything is written."""
    _, indices = ops.max_pool2d(X, return_indices=True)
    indices[1, 2, 0, 1] = value
    return lambda: ops.max_pool2d_backward(np.ones(indices.shape, np.float32), indices, X.shape)


refused("pool-size-zero", ParameterError, "pool_size 0", pool(0), pool((2, 0)), pool((0, 2), stride=1))
refused("pool-size-negative", ParameterError, "pool_size -2", pool(-2), pool((-2, 2)), pool((2, -2), stride=1))
refused(
    "pool-stride-zero", ParameterError, "stride 0", pool(2, stride=0), pool(2, stride=(0, 1)), pool(2, stride=(1, 0))
)
refused(
    "pool-enormous",
    (ParameterError, ShapeError),
    "",
    pool((2**63 - 1, 5868783964474102731), stride=(1, 1)),
    pool((2**63 - 1, 5868783964474102731), stride=(-1, 5)),
    pool(8608480567731124087, padding=1250999896764),
    pool(2**64),
    pool(2, stride=2**64),
    pool(2, stride=(2**63, 1)),
    pool(1250999896764, padding=625499948382),
)
refused(
    "pool-dilation-enormous",
    ParameterError,
    "dilation",
    *(pool(2, dilation=bad) for bad in (1250999896764, 2**31 - 1, 2**64, (1, 2**63), 0, -1, 1.5, True, None, [], "2")),
    pool(1, dilation=(0, 1)),
)
refused("pool-dilated-beyond-the-image", ShapeError, "6", pool(3, dilation=3), pool((1, 4), dilation=2))
refused(
    "pool-padding-beyond-half-a-window",
    ParameterError,
    "padding",
    pool(2, padding=2),
    pool(3, padding=2),
    pool((4, 2), padding=(1, 2)),
    pool(2, padding=((0, 2), (0, 0))),
    pool(1, padding=1),
)
refused(
    "pool-padding-negative-or-unknown",
    ParameterError,
    "padding",
    *(pool(2, padding=bad) for bad in (-1, "samee", None, [], (1,), 2**64)),
)
refused("pool-window-beyond-image", ShapeError, "6 7", pool(7), pool((6, 7)))
refused(
    "pool-size-that-is-no-integer",
    ParameterError,
    "pool_size",
    *(pool(bad) for bad in (1.5, True, "2", None, [], (2,), (2, 2, 2), np.nan)),
)
refused(
    "pool-of-empty-image",
    ShapeError,
    "",
    *(lambda s=s: ops.max_pool2d(zeros(*s)) for s in ((1, 0, 6, 3), (1, 6, 0, 3), (1, 6, 6, 0), (0, 0, 0, 0))),
)
refused(
    "pool-of-wrong-rank",
    ShapeError,
    "x",
    *(lambda n=n: ops.max_pool2d(zeros(*(6, 6, 3, 1, 1)[:n])) for n in (0, 1, 2, 3, 5)),
)
refused("index-beyond-the-image", ConvcoreError, "indices 36", with_index(36))
refused(
    "index-far-beyond-the-image", ConvcoreError, "indices", with_index(2**40), with_index(2**63 - 1), with_index(37)
)
refused("index-negative", ConvcoreError, "indices -1", with_index(-1))
refused("index-most-negative", ConvcoreError, "indices", with_index(-(2**63)))
refused(
    "pool-gradient-empty", ShapeError, "", gradient((0, 0, 0, 0), some_indices(0, 0, 0, 0), (1, 1, 1, 1), pool_size=1)
)
refused(
    "pool-gradient-of-all-empty-arrays",
    ShapeError,
    "",
    gradient((3, 0, 0, 2), some_indices(3, 0, 0, 2), (3, 0, 0, 2), pool_size=16, stride=18, padding=((7, 3), (8, 5))),
    gradient((3, 0, 0, 2), some_indices(3, 0, 0, 2), (3, 0, 0, 2), pool_size=1),
)
refused(
    "pool-gradient-of-another-shape",
    ShapeError,
    "",
    gradient((9, 7, 9, 9), some_indices(9, 7, 9, 9), (5, 7, 9, 9), pool_size=1),
    gradient((0, 2, 1, 3), some_indices(0, 2, 1, 3), (5, 7, 9, 9)),
    gradient((2, 3, 3, 3), some_indices(2, 3, 3, 2), (2, 6, 6, 3)),
    gradient((2, 3, 3, 3), some_indices(0, 2, 1, 3), (2, 6, 6, 3)),
    gradient((2, 3, 3, 3), some_indices(2, 3, 3), (2, 6, 6, 3)),
    gradient((2, 3, 3), some_indices(2, 3, 3), (2, 6, 6, 3)),
    gradient((2, 3, 3, 3), some_indices(2, 3, 3, 3), (2, 8, 6, 3)),
    gradient((2, 3, 3, 3), some_indices(2, 3, 3, 3), (2, 6, 6)),
)
refused(
    "indices-of-another-dtype",
    DTypeError,
    "indices",
    *(
        gradient((2, 3, 3, 3), np.zeros((2, 3, 3, 3), kind), (2, 6, 6, 3))
        for kind in ("f4", "f8", "c8", "O", "U1", "?")
    ),
)


@answered("indices-of-other-integers-and-layouts")
def _() -> None:
    y, indices = ops.max_pool2d(X, return_indices=True)
    truth = sliding.max_pool2d_backward(y, indices, X.shape)
    for kind in (np.int32, np.uint8, np.int16, np.uint64, ">i8"):
        try:
            dx = ops.max_pool2d_backward(y, indices.astype(kind), X.shape)
        except DTypeError:
            continue
        np.testing.assert_array_equal(dx, truth)
    np.testing.assert_array_equal(ops.max_pool2d_backward(y, np.asfortranarray(indices), X.shape), truth)
    reverse = indices[::-1, ::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1, ::-1]
    np.testing.assert_array_equal(ops.max_pool2d_backward(y, reverse, X.shape), truth)


@answered("pool-of-an-empty-batch")
def _() -> None:
    y, indices = ops.max_pool2d(zeros(0, 6, 6, 3), return_indices=True)
    assert y.shape == indices.shape == (0, 3, 3, 3)
    assert (y.dtype, indices.dtype) == (np.float32, np.int64)
    assert ops.max_pool2d_backward(y, indices, (0, 6, 6, 3)).shape == (0, 6, 6, 3)


@answered("window-of-minus-infinity")
def _() -> None:
    x = np.full((1, 4, 4, 17), -np.inf, np.float32)
    for size, stride, padding in ((2, 2, 0), (3, 1, 1), (3, 2, "same")):
        y, indices = ops.max_pool2d(x, size, stride=stride, padding=padding, return_indices=True)
        assert np.isneginf(y).all()
        assert indices.min() >= 0
        assert indices.max() < 16
        dx = ops.max_pool2d_backward(np.ones_like(y), indices, x.shape, pool_size=size, stride=stride, padding=padding)
        assert dx.sum() == y.size
    assert (ops.max_pool2d(x, return_indices=True)[1] == np.array([[0, 2], [8, 10]])[None, :, :, None]).all()


@answered("window-of-nan")
def _() -> None:
    y, indices = ops.max_pool2d(np.full((1, 4, 4, 17), np.nan, np.float32), return_indices=True)
    assert np.isnan(y).all()
    assert (indices == np.array([[0, 2], [8, 10]])[None, :, :, None]).all()


@answered("one-nan-at-every-place")
def _() -> None:
    for size in (2, 3):
        for row, column in np.ndindex(size, size):
            x = np.ones((1, size, size, 19), np.float32)
            x[0, row, column] = np.nan
            y, indices = ops.max_pool2d(x, size, return_indices=True)
            assert np.isnan(y).all()
            assert (indices == row * size + column).all()


@answered("ties-go-to-the-first")
def _() -> None:
    for size in (2, 3):
        x = np.full((1, 7, 7, 18), 3, np.float32)
        y, indices = ops.max_pool2d(x, size, stride=2, return_indices=True)
        assert (indices[0, :, :, 0] == np.array([[r * 14 + q * 2 for q in range(3)] for r in range(3)])).all()
        dx = ops.max_pool2d_backward(np.ones_like(y), indices, x.shape, pool_size=size, stride=2)
        assert np.count_nonzero(dx) == y.size
        assert dx.sum() == y.size


@answered("overlapping-windows-add-up")
def _() -> None:
    x = np.zeros((1, 5, 5, 17), np.float32)
    x[0, 2, 2] = 1
    y, indices = ops.max_pool2d(x, 3, stride=2, return_indices=True)
    dx = ops.max_pool2d_backward(np.ones_like(y), indices, x.shape, pool_size=3, stride=2)
    assert (dx[0, 2, 2] == 4).all()


@answered("a-rest-of-the-image-is-dropped")
def _() -> None:
    for size, stride, rows in ((2, 2, 3), (3, 3, 2), (3, 2, 3), (5, 4, 1)):
        x = np.arange(7 * 7 * 5, dtype=np.float32).reshape(1, 7, 7, 5)
        y, indices = ops.max_pool2d(x, size, stride=stride, return_indices=True)
        value, index = sliding.max_pool2d(x, (size, size), stride=(stride, stride), pads=((0, 0), (0, 0)))
        assert y.shape == (1, rows, rows, 5)
        np.testing.assert_array_equal(y, value)
        np.testing.assert_array_equal(indices, index)


@answered("bytes-into-a-pool")
def _() -> None:
    x = (np.arange(2 * 6 * 6 * 3) % 251).astype(np.uint8).reshape(2, 6, 6, 3)
    try:
        y = ops.max_pool2d(x)
    except DTypeError:
        return
    np.testing.assert_array_equal(y, sliding.max_pool2d(x, (2, 2), stride=(2, 2), pads=((0, 0), (0, 0)))[0])
