"""Zeros around images, images without their borders, and larger ones, against NumPy and the naive definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import DTypeError, NotSupportedError, ParameterError, ResourceLimitError, ShapeError
from convcore.ops.resizing import interpolation_word
from tests import reference
from tests.checks import digest
from tests.reference import Array

DTYPES = {"float32": 1e-5, "float64": 1e-12}
KINDS = ("nearest", "bilinear")


def _layout(x: Array, data_format: str) -> Array:
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if data_format == "channels_first" else x


def _back(y: Array, data_format: str) -> Array:
    return np.moveaxis(y, 1, -1) if data_format == "channels_first" else y


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", [*DTYPES, "float16", "uint8", "int16"])
def test_padding_and_cropping_are_those_of_numpy(dtype: str, data_format: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        n, height, width, channels = rng.integers((1, 1, 1, 1), (4, 9, 40, 20))
        x = rng.integers(0, 100, (n, height, width, channels)).astype(dtype)
        (top, bottom), (left, right) = sides = rng.integers(0, 4, (2, 2)).tolist()
        y = ops.zero_pad2d(_layout(x, data_format), sides, data_format=data_format)
        assert y.dtype == x.dtype
        np.testing.assert_array_equal(_back(y, data_format), np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0))))
        np.testing.assert_array_equal(ops.crop2d(y, sides, data_format=data_format), _layout(x, data_format))
        assert ops.crop2d(y, 0, data_format=data_format).shape == y.shape


def test_amounts_as_keras_has_them() -> None:
    x = np.ones((1, 5, 6, 2), np.float32)
    assert ops.zero_pad2d(x).shape == (1, 7, 8, 2)
    assert ops.zero_pad2d(x, (1, 2)).shape == ops.zero_pad2d(x, ((1, 1), (2, 2))).shape == (1, 7, 10, 2)
    assert ops.crop2d(x, (0, 2)).shape == (1, 5, 2, 2)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_upsampling(kind: str, dtype: str, data_format: str) -> None:
    rng = np.random.default_rng(1)
    for number in range(60):
        n, height, width = (int(size) for size in rng.integers((1, 1, 1), (4, 9, 9)))
        channels, size = int(rng.choice([1, 3, 17, 40])), tuple(int(times) for times in rng.integers(1, 6, 2))
        words: dict[str, Any] = {"interpolation": kind, "data_format": data_format}
        words["size"] = size[0] if size[0] == size[1] else size
        rows, columns = (
            reference.upsampling(pixels, times, linear=kind == "bilinear")
            for pixels, times in zip((height, width), size, strict=True)
        )
        x = rng.standard_normal((n, height, width, channels)).astype(dtype)
        y = ops.upsample2d(_layout(x, data_format), **words)
        truth = np.einsum("ah,bw,nhwc->nabc", rows, columns, x.astype(np.float64))
        assert y.dtype == x.dtype
        np.testing.assert_allclose(_back(y, data_format), truth, atol=DTYPES[dtype], err_msg=str(number))
        dy = rng.standard_normal(truth.shape).astype(dtype)
        dx = ops.upsample2d_backward(_layout(dy, data_format), _layout(x, data_format).shape, **words)
        truth = np.einsum("ah,bw,nabc->nhwc", rows, columns, dy.astype(np.float64))
        np.testing.assert_allclose(_back(dx, data_format), truth, atol=10 * DTYPES[dtype], err_msg=str(number))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(2, 4), (1, 2), (8, 1)])
def test_whole_numbers_are_exact_and_adjoint(size: tuple[int, int], kind: str, data_format: str) -> None:
    """The parts of these sizes are sums of powers of two: <upsample(x), dy> = <x, gradient(dy)> to the bit."""
    rng = np.random.default_rng(2)
    words: dict[str, Any] = {"size": size, "interpolation": kind, "data_format": data_format}
    for shape in ((2, 5, 7, 3), (1, 1, 1, 1), (1, 3, 2500, 1), (3, 2, 3, 1030)):
        x = _layout(rng.integers(-8, 9, shape).astype(np.float32), data_format)
        y = ops.upsample2d(x, **words)
        dy = rng.integers(-8, 9, y.shape).astype(np.float32)
        dx = ops.upsample2d_backward(dy, x.shape, **words)
        assert np.vdot(y.astype(float), dy.astype(float)) == np.vdot(x.astype(float), dx.astype(float))


@pytest.mark.parametrize("kind", KINDS)
def test_finite_differences(kind: str) -> None:
    rng = np.random.default_rng(3)
    words: dict[str, Any] = {"size": (3, 2), "interpolation": kind}
    x = rng.standard_normal((1, 3, 4, 2))
    dy = rng.standard_normal(ops.upsample2d(x, **words).shape)
    dx = ops.upsample2d_backward(dy, x.shape, **words)
    for at in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[at] = 1e-6
        slope = np.vdot(ops.upsample2d(x + step, **words) - ops.upsample2d(x - step, **words), dy) / 2e-6
        np.testing.assert_allclose(dx[at], slope, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_no_bit(threads: int) -> None:
    x = np.random.default_rng(4).standard_normal((3, 31, 57, 5)).astype(np.float32)

    def results() -> str:
        ups = [ops.upsample2d(x, 3, interpolation=kind) for kind in KINDS]
        downs = [
            ops.upsample2d_backward(up, x.shape, 3, interpolation=kind) for up, kind in zip(ups, KINDS, strict=True)
        ]
        return digest([*ups, *downs, ops.zero_pad2d(x, 3), ops.crop2d(x, 3)])

    with runtime.threads(threads):
        ours = results()
    with runtime.threads(5):
        assert results() == ours


def test_infinite_pixels_stay_where_they_have_a_part() -> None:
    """Of an odd size, outputs at a pixel's centre are that pixel, whatever is beside it."""
    x = np.zeros((1, 1, 4, 1), np.float32)
    x[0, 0, 2] = np.inf
    y = ops.upsample2d(x, (1, 3), interpolation="bilinear").ravel()
    np.testing.assert_array_equal(np.isinf(y).nonzero()[0], [5, 6, 7, 8, 9])
    assert not np.isnan(y).any()


def test_empty_batches_and_types() -> None:
    empty = np.zeros((0, 4, 4, 2), np.float32)
    assert ops.zero_pad2d(empty).shape == (0, 6, 6, 2)
    assert ops.upsample2d(empty).shape == (0, 8, 8, 2)
    assert ops.upsample2d_backward(ops.upsample2d(empty), empty.shape).shape == empty.shape
    assert ops.upsample2d(np.ones((1, 1, 1, 1), np.float16)).dtype == np.float16
    with pytest.raises(DTypeError):
        ops.zero_pad2d(np.ones((1, 2, 2, 1), complex))


def test_what_is_refused() -> None:
    x = np.zeros((1, 4, 5, 2), np.float32)
    for amount in (-1, 1.5, "same", (1, 2, 3), ((1, 2), (3, -4)), ((1, 2), "3"), None, True):
        with pytest.raises(ParameterError, match="^padding"):
            ops.zero_pad2d(x, amount)
        with pytest.raises(ParameterError, match="^cropping"):
            ops.crop2d(x, amount)
    for amount in (2, ((4, 0), (0, 0)), (0, 3), ((9, 0), (0, 0))):
        with pytest.raises(ShapeError, match="leaves nothing of images of 4x5 pixels"):
            ops.crop2d(x, amount)
    for size in (0, -1, 1.5, "2", (1, 2, 3), None):
        with pytest.raises(ParameterError, match="^size"):
            ops.upsample2d(x, size)
    for size in (2**30, (2**31 - 1, 1), (2**28, 2**28)):
        with pytest.raises(ResourceLimitError):
            ops.upsample2d(x, size)
    with pytest.raises(ResourceLimitError):
        ops.zero_pad2d(x, 2**31 - 1)
    with pytest.raises(ShapeError, match="dy: expected shape"):
        ops.upsample2d_backward(np.zeros((1, 8, 10, 3)), x.shape)
    with pytest.raises(ShapeError, match="x: expected 4 dimensions"):
        ops.upsample2d(x[0])
    for word in ("bicubic", "Lanczos3", "lanczos5"):
        with pytest.raises(NotSupportedError, match=f"interpolation='{word.lower()}'.*'nearest', 'bilinear'"):
            ops.upsample2d(x, interpolation=word)
    for other in ("cubic", None, 1, b"nearest", ["nearest"]):
        with pytest.raises(ParameterError, match="^interpolation"):
            interpolation_word(other)
    assert interpolation_word("NEAREST") == "nearest"
