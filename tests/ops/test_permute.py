"""`convcore.ops.permute`."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ParameterError
from tests.checks import digest, normals
from tests.layouts import layouts

SHAPES = [
    (0, 3, 2),
    (1, 1, 1),
    (2, 3, 5),
    (3, 17, 16),
    (2, 33, 70),
    (1, 300, 2),
    (2, 1, 400),
    (1, 2, 3, 4),
    (2, 9, 17, 5),
    (3, 2, 4, 2, 5),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_order(shape: tuple[int, ...], dtype: type) -> None:
    x = np.random.default_rng(1).standard_normal(shape).astype(dtype)
    for order in itertools.permutations(range(len(shape))):
        for count in (1, 3):
            with runtime.threads(count):
                y = ops.permute(x, order)
            assert y.dtype == dtype
            assert y.flags.c_contiguous
            np.testing.assert_array_equal(y, x.transpose(order))


@pytest.mark.parametrize("size", [(64, 64, 64), (128, 28, 128), (3, 224, 224), (224, 224, 3), (1024, 1, 1024)], ids=str)
def test_large_images(size: tuple[int, int, int]) -> None:
    (x,) = normals(2, (2, *size))
    for order in ((0, 3, 1, 2), (0, 2, 3, 1), (0, 2, 1, 3), (0, 3, 2, 1)):
        np.testing.assert_array_equal(ops.permute(x, order), x.transpose(order))


@pytest.mark.parametrize("shape", [(2, 3, 2, 3, 2, 3), (2, 2, 3, 2, 2, 3, 2)], ids=str)
def test_many_axes(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal(shape).astype(np.float32)
    for order in (tuple(range(len(shape)))[::-1], *(tuple(rng.permutation(len(shape)).tolist()) for _ in range(20))):
        np.testing.assert_array_equal(ops.permute(x, order), x.transpose(order))


def test_special_values_are_copied_as_they_are() -> None:
    x = np.array([[np.nan, -0.0, np.inf], [-np.inf, 1e-45, 3e38]], np.float32)
    assert digest([ops.permute(x, (1, 0))]) == digest([np.ascontiguousarray(x.T)])


def test_there_and_back() -> None:
    (x,) = normals(3, (2, 5, 6, 7))
    np.testing.assert_array_equal(ops.permute(ops.permute(x, (0, 3, 1, 2)), (0, 2, 3, 1)), x)


def test_layouts() -> None:
    (x,) = normals(4, (3, 5, 19))
    for form, shaped in layouts(x).items():
        assert digest([ops.permute(shaped, (2, 0, 1))]) == digest([ops.permute(x, (2, 0, 1))]), form


@pytest.mark.parametrize("order", [(0, 1), (0, 1, 1), (0, 1, 3), (0, 1, -1), "012", 3, (0, 1, 2.0), (0, 1, 2, 3)])
def test_orders_that_are_none(order: object) -> None:
    with pytest.raises(ParameterError, match="order"):
        ops.permute(np.zeros((1, 2, 3), np.float32), order)  # type: ignore[arg-type]
