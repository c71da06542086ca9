"""The oracles must agree with each other and with SciPy before they may judge the engine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import reference, sliding
from tests.bounds import gamma, worst_ratio
from tests.cases import EDGE_CONVS, EDGE_POOLS, GROUPED_CONVS, Conv, Pool, random_convs, random_pools
from tests.reference import Array, resolve_pads

TINY_CONVS = [case for case in random_convs(11, 300, largest=5) if case.flops < 20_000][:120]
SMALL_EDGE_CONVS = [case for case in (*EDGE_CONVS, *GROUPED_CONVS[:17]) if case.flops < 200_000]


def integers(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.integers(-8, 9, shape)


@pytest.mark.parametrize("case", [*SMALL_EDGE_CONVS, *TINY_CONVS], ids=str)
def test_sliding_convolutions_are_the_naive_ones(case: Conv) -> None:
    rng = np.random.default_rng(1)
    x, w, bias = (integers(rng, s) for s in (case.input_shape, case.kernel_shape, (case.oc,)))
    options = case.oracle_arguments
    y = reference.conv2d(x, w, bias, **options)
    assert y.dtype == np.int64
    assert y.shape == case.output_shape
    np.testing.assert_array_equal(sliding.conv2d(x, w, bias, **options), y)
    dy = integers(rng, y.shape)
    dx = reference.conv2d_backward_data(dy, w, x.shape, **options)
    np.testing.assert_array_equal(sliding.conv2d_backward_data(dy, w, x.shape, **options), dx)
    for ours, truth in zip(
        sliding.conv2d_backward_weights(x, dy, case.kernel, **options),
        reference.conv2d_backward_weights(x, dy, case.kernel, **options),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, truth)


@pytest.mark.parametrize("case", random_convs(12, 60), ids=str)
def test_the_gradients_are_the_adjoints_of_the_convolution(case: Conv) -> None:
    """conv2d is bilinear, so <conv(x, w), g> = <x, dx> = <w, dw> proves both gradients, to the bit."""
    rng = np.random.default_rng(2)
    x, w, g = (integers(rng, s) for s in (case.input_shape, case.kernel_shape, case.output_shape))
    options = case.oracle_arguments
    product = int((sliding.conv2d(x, w, **options) * g).sum())
    dw, db = sliding.conv2d_backward_weights(x, g, case.kernel, **options)
    assert int((x * sliding.conv2d_backward_data(g, w, x.shape, **options)).sum()) == product
    assert int((w * dw).sum()) == product
    np.testing.assert_array_equal(db, g.sum(axis=(0, 1, 2)))


@pytest.mark.parametrize("case", random_convs(13, 40), ids=str)
def test_convolutions_agree_with_scipy(case: Conv) -> None:
    signal = pytest.importorskip("scipy.signal")
    rng = np.random.default_rng(3)
    x, w = integers(rng, case.input_shape), integers(rng, case.kernel_shape)
    padded = sliding.pad(x, case.pads, case.border)
    reach = [d * (k - 1) + 1 for d, k in zip(case.dilation, case.kernel, strict=True)]
    spread = np.zeros((*reach, *w.shape[2:]), w.dtype)
    spread[:: case.dilation[0], :: case.dilation[1]] = w
    y = np.zeros(case.output_shape, np.int64)
    for n, o, c in np.ndindex(case.n, case.oc, w.shape[2]):
        channel = o // (case.oc // case.groups) * w.shape[2] + c
        full = signal.correlate(padded[n, :, :, channel], spread[:, :, c, o], mode="valid", method="direct")
        y[n, :, :, o] += full[:: case.stride[0], :: case.stride[1]]
    np.testing.assert_array_equal(sliding.conv2d(x, w, **case.oracle_arguments), y)


@pytest.mark.parametrize("case", [*EDGE_POOLS[:14], *random_pools(14, 60, largest=7)], ids=str)
def test_sliding_pools_are_the_naive_ones(case: Pool) -> None:
    rng = np.random.default_rng(4)
    x = rng.integers(-3, 4, case.input_shape).astype(np.float64)
    x[rng.random(x.shape) < 0.3] = -np.inf
    x[rng.random(x.shape) < 0.05] = np.nan
    value, index = reference.max_pool2d(x, **case.oracle_arguments)
    ours = sliding.max_pool2d(x, **case.oracle_arguments)
    np.testing.assert_array_equal(ours[0], value)
    np.testing.assert_array_equal(ours[1], index)
    assert value.size == 0 or (index.min() >= 0 and index.max() < case.h * case.w)
    dy = integers(rng, value.shape)
    dx = reference.max_pool2d_backward(dy, index, x.shape)
    np.testing.assert_array_equal(sliding.max_pool2d_backward(dy, index, x.shape), dx)
    assert dx.sum() == dy.sum()


def test_dense_is_the_matrix_product() -> None:
    rng = np.random.default_rng(5)
    x, w, bias = integers(rng, (4, 7)), integers(rng, (7, 3)), integers(rng, (3,))
    np.testing.assert_array_equal(reference.dense(x, w, bias), x @ w + bias)


def test_cross_entropy_agrees_with_its_own_difference_quotient() -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(size=(5, 4)) * 3
    for labels in (np.array([0, 3, 1, 1, 2]), rng.dirichlet(np.ones(4), size=5)):
        loss, gradient = reference.softmax_cross_entropy(logits, labels)
        for row, k in np.ndindex(*logits.shape):
            step = np.zeros_like(logits)
            step[row, k] = 1e-6
            up, _ = reference.softmax_cross_entropy(logits + step, labels)
            down, _ = reference.softmax_cross_entropy(logits - step, labels)
            assert gradient[row, k] == pytest.approx((up[row] - down[row]) / 2e-6, abs=1e-8)
        assert loss.min() > 0


def test_cross_entropy_of_extreme_logits() -> None:
    loss, gradient = reference.softmax_cross_entropy(
        np.array([[3e38, 3e38, -np.inf], [1e4, -1e4, 0]]), np.array([0, 1])
    )
    assert loss == pytest.approx([math.log(2), 2e4])
    assert np.isfinite(gradient).all()


def test_same_padding_puts_the_odd_pixel_last() -> None:
    assert resolve_pads("same", (8, 7), (3, 2), (2, 1)) == ((0, 1), (0, 1))
    assert resolve_pads("SAME", (4, 4), (3, 5), (1, 1)) == ((1, 1), (2, 2))
    assert resolve_pads(((1, 2), (3, 4)), (9, 9), (3, 3), (1, 1)) == ((1, 2), (3, 4))


def test_the_bound_notices_an_error_just_outside() -> None:
    truth, magnitude = np.array([1.0]), np.array([1.0])
    inside = truth + 0.99 * gamma(10)
    outside = truth + 1.01 * gamma(10)
    assert worst_ratio(inside, truth, magnitude, 10) <= 1 < worst_ratio(outside, truth, magnitude, 10)
    assert not worst_ratio(np.array([np.nan]), truth, magnitude, 10) <= 1
