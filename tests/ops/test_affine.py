"""`affine_transform` and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ConvcoreError, NotSupportedError, ParameterError, ResourceLimitError, ShapeError
from tests import resampling
from tests.checks import digest, integers, normals
from tests.conftest import THREADS
from tests.reference import Array
from tests.worker import run_job

IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0]
CHANNELS = (1, 2, 3, 7, 16, 17, 35)


def maps(seed: int, n: int, *, halves: bool) -> Array:
    """Random transforms; with `halves` all numbers are halves, so that whole pixels give exact results."""
    rng = np.random.default_rng(seed)
    transforms = np.zeros((n, 8))
    if halves:
        transforms[:, :6] = rng.integers(-3, 4, (n, 6)) / 2
        transforms[:, [2, 5]] = rng.integers(-30, 31, (n, 2)) / 2
    else:
        transforms[:, :6] = rng.normal(size=(n, 6)) * [1, 1, 8, 1, 1, 8]
    return transforms.astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("mode", resampling.MODES)
def test_whole_numbers_are_exact(mode: str, interpolation: str) -> None:
    """Every bit of values and gradients, at any number of threads, in both dtypes and layouts."""
    for number, channels in enumerate(CHANNELS):
        x, dy = integers(number, (3, 5, 7, channels), (3, 4, 150, channels))
        transforms, size = maps(number, 3, halves=True), (4, 150)
        truth = resampling.affine(x, transforms, interpolation, mode, 4.0, size)
        back = resampling.affine_backward(dy, transforms, interpolation, mode, (5, 7))
        for dtype in (np.float32, np.float64):
            for count in THREADS:
                with runtime.threads(count):
                    args: Any = (transforms, interpolation, mode)
                    y = ops.affine_transform(x.astype(dtype), *args, 4.0, size=size)
                    dx = ops.affine_transform_backward(dy.astype(dtype), *args, size=(5, 7))
                assert (y.dtype, dx.dtype) == (dtype, dtype)
                np.testing.assert_array_equal(y, truth)
                np.testing.assert_array_equal(dx, back)
            first = ops.affine_transform(x.astype(dtype).transpose(0, 3, 1, 2), *args, 4.0, "channels_first", size=size)
            np.testing.assert_array_equal(first.transpose(0, 2, 3, 1), truth)
            first = ops.affine_transform_backward(
                dy.astype(dtype).transpose(0, 3, 1, 2), *args, "channels_first", size=(5, 7)
            )
            np.testing.assert_array_equal(first.transpose(0, 2, 3, 1), back)


@pytest.mark.parametrize("mode", resampling.MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_map(mode: str, dtype: str) -> None:
    tolerance = {"float32": 2e-5, "float64": 1e-12}[dtype]
    for channels in (1, 3, 17):
        x, dy = (each.astype(dtype) for each in normals(channels, (4, 9, 6, channels), (4, 9, 6, channels)))
        transforms = maps(channels, 4, halves=False)
        truth = resampling.affine(x, transforms, "bilinear", mode, 2.0, (9, 6))
        y = ops.affine_transform(x, transforms, fill_mode=mode, fill_value=2.0)
        np.testing.assert_allclose(y, truth, rtol=0, atol=tolerance * (1 + np.abs(transforms).max()))
        back = resampling.affine_backward(dy, transforms, "bilinear", mode, (9, 6))
        dx = ops.affine_transform_backward(dy, transforms, fill_mode=mode)
        np.testing.assert_allclose(dx, back, rtol=0, atol=10 * tolerance * (1 + np.abs(transforms).max()))


def test_gradients_are_those_of_differences() -> None:
    """In float64: what a step of each pixel adds to the sum of the weighted outputs."""
    x, dy = (each.astype(np.float64) for each in normals(1, (2, 4, 3, 2), (2, 4, 3, 2)))
    for mode in resampling.MODES:
        transforms = maps(5, 2, halves=False)
        dx = ops.affine_transform_backward(dy, transforms, fill_mode=mode)
        for at in np.ndindex(*x.shape):
            step = np.zeros_like(x)
            step[at] = 1e-3
            up = ops.affine_transform(x + step, transforms, fill_mode=mode)
            down = ops.affine_transform(x - step, transforms, fill_mode=mode)
            assert ((up - down) * dy).sum() / 2e-3 == pytest.approx(dx[at], rel=1e-6, abs=1e-9)


def test_the_bits_are_those_of_every_isa_and_number_of_threads(isa: str) -> None:
    assert run_job("resampled", isa=isa, threads=list(THREADS)) == [resampled_digest()] * len(THREADS)


def resampled_digest() -> str:
    """The hash of images of odd sizes, many and few channels, and gradients: nothing in them is fused."""
    results = []
    for number, channels in enumerate(CHANNELS):
        for n, height, width in ((5, 9, 7), (1, 40, 131)):
            x, dy = normals(number, (n, height, width, channels), (n, height, width, channels))
            for mode in resampling.MODES:
                transforms = maps(number, n, halves=False)
                results.append(ops.affine_transform(x, transforms, fill_mode=mode, fill_value=1.5))
                results.append(ops.affine_transform_backward(dy, transforms, fill_mode=mode))
    return digest(results)


def test_one_transform_for_all_images() -> None:
    (x,) = normals(3, (4, 6, 5, 3))
    shift = [1, 0, 1, 0, 1, 0, 0, 0]
    y = ops.affine_transform(x, shift, "nearest")
    np.testing.assert_array_equal(y[:, :, :-1], x[:, :, 1:])
    np.testing.assert_array_equal(y[:, :, -1], 0)
    np.testing.assert_array_equal(ops.affine_transform(x, [shift]), y)
    np.testing.assert_array_equal(ops.affine_transform(x, [shift] * 4), y)
    np.testing.assert_array_equal(ops.affine_transform(x, IDENTITY), x)


@pytest.mark.parametrize("channels", [1, 3, 20])
def test_what_is_not_seen_does_no_harm(channels: int) -> None:
    """A NaN at the first pixel is not what is shown where there is none."""
    x = np.full((1, 4, 4, channels), np.nan, np.float32)
    for interpolation in ("bilinear", "nearest"):
        y = ops.affine_transform(x, [1, 0, 9, 0, 1, 0, 0, 0], interpolation, fill_value=3.0)
        np.testing.assert_array_equal(y, np.full_like(x, 3.0))


def test_maps_that_lead_far_away() -> None:
    x = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    for mode in resampling.MODES:
        for far in (1e9, 3e38, -3e38):
            y = ops.affine_transform(x, [far, far, far, -far, far, far, 0, 0], "bilinear", mode, fill_value=5.0)
            assert np.isfinite(y).all()
    y = ops.affine_transform(x, [0, 0, 1e30, 0, 0, 1e30, 0, 0], fill_mode="nearest")
    np.testing.assert_array_equal(y, 11.0)


def test_dtypes_and_empty_batches() -> None:
    assert ops.affine_transform(np.ones((1, 2, 2, 1), np.float16), IDENTITY).dtype == np.float16
    assert ops.affine_transform(np.ones((1, 2, 2, 1), np.uint8), IDENTITY).dtype == np.float32
    assert ops.affine_transform(np.ones((0, 2, 2, 1)), np.zeros((0, 8)), size=(3, 5)).shape == (0, 3, 5, 1)
    assert ops.affine_transform_backward(np.ones((0, 2, 2, 1)), IDENTITY).shape == (0, 2, 2, 1)


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"images": np.zeros((2, 2, 1))}, ShapeError, "images"),
        ({"images": np.zeros((1, 0, 2, 1))}, ShapeError, "at least 1"),
        ({"transform": np.zeros(6)}, ShapeError, "transform"),
        ({"transform": np.zeros((3, 8))}, ShapeError, "transform"),
        ({"transform": [np.nan, 0, 0, 0, 0, 0, 0, 0]}, ParameterError, "finite"),
        ({"transform": [1, 0, 0, 0, 1, 0, 0.5, 0]}, NotSupportedError, "projective"),
        ({"interpolation": "cubic"}, ParameterError, "interpolation"),
        ({"fill_mode": "symmetric"}, ParameterError, "fill_mode"),
        ({"fill_value": "0"}, ParameterError, "fill_value"),
        ({"data_format": "NHWC"}, ParameterError, "data_format"),
        ({"size": (0, 1)}, ParameterError, "size"),
        ({"size": (2**15, 2**15)}, ResourceLimitError, "elements"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], error: type[ConvcoreError], match: str) -> None:
    arguments = {"images": np.zeros((2, 2, 2, 1)), "transform": IDENTITY, **changes}
    with pytest.raises(error, match=match):
        ops.affine_transform(**arguments)
