"""`max_pool2d` with dilation, ceil mode, every padding and both layouts, against the naive definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ParameterError
from tests import reference, sliding
from tests.checks import digest
from tests.pools import random_problems


@pytest.mark.parametrize("part", range(3))
def test_random_arguments(part: int) -> None:
    rng = np.random.default_rng(part)
    for problem in random_problems(part, 60, dilated=True):
        values = [-np.inf, -np.inf, 0.0, 1.0, 2.0, np.nan] if rng.random() < 0.5 else [-1.0, 0.0, 1.0, 2.0]
        x = rng.choice(np.array(values, problem.dtype), problem.shape)
        truth, places = reference.max_pool2d(x, **problem.oracle)
        words = problem.words | {"data_format": problem.data_format}
        y, indices = ops.max_pool2d(problem.out(x), return_indices=True, **words)
        assert (y.dtype, indices.dtype) == (np.dtype(problem.dtype), np.int64)
        np.testing.assert_array_equal(problem.back(y), truth, err_msg=repr(problem))
        np.testing.assert_array_equal(problem.back(indices), places, err_msg=repr(problem))
        np.testing.assert_array_equal(ops.max_pool2d(problem.out(x), **words), y)
        dy = rng.integers(-8, 9, truth.shape).astype(problem.dtype)
        dx = ops.max_pool2d_backward(problem.out(dy), indices, problem.out(x).shape, **words)
        np.testing.assert_array_equal(problem.back(dx), sliding.max_pool2d_backward(dy, places, x.shape))


@pytest.mark.parametrize("shape", [(3, 40, 41, 64), (2, 5, 3000, 3), (1, 1, 9000, 1), (600, 5, 7, 1), (1, 6, 6, 2100)])
def test_bits_do_not_depend_on_the_number_of_threads(shape: tuple[int, ...]) -> None:
    """Overlapping windows add up in their order, in tasks of every form."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal(shape).astype(np.float32)
    words = {"pool_size": 3, "stride": 2, "padding": 1}
    dy = rng.standard_normal(ops.avg_pool2d(x, **words).shape).astype(np.float32)
    digests = set()
    for count in (1, 2, 3):
        with runtime.threads(count):
            y, indices = ops.max_pool2d(x, return_indices=True, **words)
            dx = ops.max_pool2d_backward(dy, indices, shape, **words)
            results = [y, indices, dx, ops.avg_pool2d(x, **words), ops.avg_pool2d_backward(dy, shape, **words)]
            digests.add(digest([*results, ops.global_avg_pool2d(x), *ops.global_max_pool2d(x, return_indices=True)]))
    assert len(digests) == 1
    truth, places = sliding.max_pool2d(x, (3, 3), stride=(2, 2), pads=((1, 1), (1, 1)))
    np.testing.assert_array_equal(y, truth)
    np.testing.assert_array_equal(indices, places)


@pytest.mark.parametrize("kind", ["max", "avg", "counted"])
@pytest.mark.parametrize(("pads", "dilation"), [(((2, 2), (2, 2)), 1), (((0, 2), (2, 1)), 1), (((4, 1), (3, 4)), 2)])
def test_padding_side_by_side_reaches_to_a_pixel_less_than_a_window(kind: str, pads: Any, dilation: int) -> None:
    """ONNX's rule: one pixel of a window stays in the image."""
    x = np.random.default_rng(3).standard_normal((2, 7, 6, 5))
    words: dict[str, Any] = {"stride": 2, "padding": pads}
    fill = -np.inf if kind == "max" else 0.0
    padded = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=fill)
    reach = 2 * dilation + 1
    view = np.lib.stride_tricks.sliding_window_view
    windows = view(padded, (reach, reach), (1, 2))[:, ::2, ::2, :, ::dilation, ::dilation]
    if kind == "max":
        y, indices = ops.max_pool2d(x, 3, dilation=dilation, return_indices=True, **words)
        np.testing.assert_array_equal(y, windows.max((-1, -2)))
        places = indices.reshape(2, -1, 5)
        np.testing.assert_array_equal(np.take_along_axis(x.reshape(2, 42, 5), places, 1), y.reshape(places.shape))
        dx = ops.max_pool2d_backward(y, indices, x.shape, pool_size=3, dilation=dilation, **words)
        assert dx.sum() == pytest.approx(y.sum())
    elif dilation == 1:
        words["count_include_pad"] = kind == "counted"
        ones = np.pad(np.ones((7, 6)), pads)
        held = view(ones, (3, 3))[::2, ::2].sum((-1, -2))[..., None]
        y = ops.avg_pool2d(x, 3, **words)
        np.testing.assert_allclose(y, windows.sum((-1, -2)) / (9 if kind == "counted" else held), atol=1e-14)
        dx = ops.avg_pool2d_backward(y, x.shape, pool_size=3, **words)
        assert (dx * x).sum() == pytest.approx((y * y).sum())


def test_arguments_that_are_not_possible() -> None:
    x = np.zeros((1, 6, 6, 2), np.float32)
    for padding, text in ((2, "at most half of"), ((0, 2), "at most half of"), (((0, 0), (0, 3)), "less than")):
        with pytest.raises(ParameterError, match=f"padding: {text} pool_size"):
            ops.max_pool2d(x, 3, padding=padding)
    for words in ({"dilation": 0}, {"dilation": 2.0}, {"ceil_mode": 1}, {"data_format": "NCHW"}, {"data_format": None}):
        with pytest.raises(ParameterError, match=next(iter(words))):
            ops.max_pool2d(x, **words)
