"""Transposed convolutions against their definition, and as the adjoints that they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ParameterError, ShapeError
from convcore.geometries import conv2d_transpose_geometry
from tests import reference
from tests.bounds import worst_ratio
from tests.checks import digest, integers, normals
from tests.reference import Array

Case = tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]
CASES: list[Case] = [
    ((2, 5, 6, 3), (3, 3, 4, 3), {}),
    ((2, 5, 6, 3), (4, 4, 17, 3), {"stride": 2, "padding": 1}),
    ((1, 4, 3, 18), (3, 2, 5, 18), {"stride": (2, 3), "padding": "same"}),
    ((1, 4, 3, 2), (2, 5, 3, 2), {"stride": (3, 1), "padding": "valid"}),
    ((3, 3, 4, 2), (3, 3, 3, 2), {"stride": 3, "padding": (1, 0), "output_padding": (2, 1)}),
    ((1, 5, 4, 2), (3, 2, 3, 2), {"dilation": (2, 3), "padding": 1, "output_padding": 1}),
    ((1, 3, 4, 2), (2, 2, 3, 2), {"stride": 2, "dilation": 2, "padding": ((1, 0), (0, 1))}),
    ((2, 1, 1, 3), (5, 5, 4, 3), {"stride": 4}),
    ((2, 6, 5, 7), (1, 1, 9, 7), {}),
    ((2, 6, 5, 7), (1, 1, 9, 7), {"stride": 2, "padding": "same", "output_padding": 1}),
    ((1, 3, 3, 2), (2, 3, 4, 2), {"stride": 3, "padding": "same", "output_padding": 0}),
    ((1, 1, 900, 3), (1, 4, 2, 3), {"stride": (1, 2), "padding": "same"}),
    *(((1, 3, 4, 3), (3, 3, c, 3), {"stride": 2, "padding": 1, "output_padding": 1}) for c in range(1, 40)),
    *(((1, 3, 4, c), (2, 3, 3, c), {"stride": 2}) for c in range(1, 40)),
]
GROUPED: list[Case] = [
    ((2, 4, 3, 4), (3, 3, 3, 4), {"stride": 2, "padding": 1, "groups": 2}),
    ((1, 5, 4, 6), (2, 3, 1, 6), {"stride": (1, 2), "padding": "same", "groups": 6}),
    ((2, 3, 4, 36), (3, 2, 20, 36), {"dilation": 2, "groups": 2}),
    ((2, 3, 4, 34), (3, 3, 2, 34), {"stride": 2, "output_padding": 1, "groups": 34}),
    ((2, 3, 4, 9), (1, 1, 5, 9), {"groups": 3}),
]
THREADED: list[Case] = [((3, 15, 14, 40), (4, 4, 33, 40), {"stride": 2, "padding": 1})]


def inputs(case: Case, *, whole: bool = True) -> list[Array]:
    shape, w_shape, words = case
    g = conv2d_transpose_geometry(shape, w_shape, **words)
    make = integers if whole else normals
    return make(1, shape, w_shape, (g.ic,), g.x_shape)


def outputs(case: Case, x: Array, w: Array, bias: Array, dy: Array) -> dict[str, Array]:
    words = case[2]
    dw, db = ops.conv2d_transpose_backward_weights(x, dy, w.shape, **words)
    return {
        "y": ops.conv2d_transpose(x, w, bias, **words),
        "relu": ops.conv2d_transpose(x, w, bias, activation="relu", **words),
        "dx": ops.conv2d_transpose_backward_data(dy, w, x.shape, **words),
        "dw": dw,
        "db": db,
    }


def truth(case: Case, *arrays: Array) -> dict[str, Array]:
    """Group by group: the last axis of every array, x, w, bias and dy, is split into as many parts."""
    groups = case[2].get("groups", 1)
    parts = [truth_of_group(case, *part) for part in zip(*(np.split(a, groups, -1) for a in arrays), strict=True)]
    return {name: np.concatenate([part[name] for part in parts], -1) for name in parts[0]}


def truth_of_group(case: Case, x: Array, w: Array, bias: Array, dy: Array) -> dict[str, Array]:
    g = conv2d_transpose_geometry(*case[:2], **case[2])
    options = {"stride": (g.sh, g.sw), "dilation": (g.dh, g.dw), "cut": (g.pt, g.pl), "size": (g.ih, g.iw)}
    y = reference.conv2d_transpose(x, w, bias, **options)
    dx, dw = reference.conv2d_transpose_backward(x, w, dy, **{k: v for k, v in options.items() if k != "size"})
    return {"y": y, "relu": np.maximum(y, 0), "dx": dx, "dw": dw, "db": reference.exact(dy).sum(axis=(0, 1, 2))}


@pytest.mark.parametrize("case", [*CASES, *GROUPED, *THREADED], ids=str)
def test_whole_numbers(case: Case) -> None:
    arrays = inputs(case)
    expected = truth(case, *arrays)
    for threads in (1, 2, 3):
        with runtime.threads(threads):
            for name, result in outputs(case, *arrays).items():
                np.testing.assert_array_equal(result, expected[name], err_msg=name)


@pytest.mark.parametrize("case", [*CASES[:12], *GROUPED], ids=str)
def test_it_is_the_adjoint_of_the_convolution(case: Case) -> None:
    x, w, _, dy = inputs(case)
    dw, _ = ops.conv2d_transpose_backward_weights(x, dy, w.shape, **case[2])
    product = int((ops.conv2d_transpose(x, w, **case[2]).astype(np.int64) * dy.astype(np.int64)).sum())
    dx = ops.conv2d_transpose_backward_data(dy, w, x.shape, **case[2])
    assert int((dx.astype(np.int64) * x.astype(np.int64)).sum()) == product
    assert int((dw.astype(np.int64) * w.astype(np.int64)).sum()) == product


@pytest.mark.parametrize("case", [*CASES[:8], *GROUPED, *THREADED], ids=str)
def test_real_numbers_are_within_the_bound(case: Case) -> None:
    x, w, bias, dy = inputs(case, whole=False)
    exact, size = truth(case, x, w, bias, dy), truth(case, *(np.abs(a) for a in (x, w, bias, dy)))
    terms = {"y": w[..., 0, :].size + 1, "dx": w[..., 0].size, "dw": x[..., 0].size, "db": dy[..., 0].size}
    results = outputs(case, x, w, bias, dy)
    for name, count in terms.items():
        assert worst_ratio(results[name], exact[name], size[name], count) <= 1, name


@pytest.mark.parametrize("case", [*CASES[:8], *GROUPED], ids=str)
def test_difference_quotients(case: Case) -> None:
    """The op is linear in each argument, so a central difference has no error but rounding."""
    arrays = [a.astype(np.float64) for a in inputs(case, whole=False)]
    dy = arrays.pop()
    gradients = outputs(case, *arrays, dy)
    rng = np.random.default_rng(2)
    for number, name in enumerate(("dx", "dw", "db")):
        assert gradients[name].dtype == np.float64
        for place in rng.choice(arrays[number].size, min(8, arrays[number].size), replace=False):
            values = []
            for step in (1e-4, -1e-4):
                moved = [a.copy() for a in arrays]
                moved[number].flat[place] += step
                values.append(float((ops.conv2d_transpose(*moved, **case[2]) * dy).sum()))
            quotient = (values[0] - values[1]) / 2e-4
            assert float(gradients[name].flat[place]) == pytest.approx(quotient, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("case", [*CASES[:12], *GROUPED, *THREADED], ids=str)
def test_channels_first_and_threads_and_16_bits(case: Case) -> None:
    x, w, bias, dy = inputs(case)
    last = outputs(case, x, w, bias, dy)
    first = (case[0], case[1], {**case[2], "data_format": "channels_first"})
    moved = outputs(first, np.moveaxis(x, -1, 1), w, bias, np.moveaxis(dy, -1, 1))
    for name, result in moved.items():
        np.testing.assert_array_equal(np.moveaxis(result, 1, -1) if name in ("y", "relu", "dx") else result, last[name])
    real = inputs(case, whole=False)
    bits = set()
    for threads in (1, 2, 3, 5):
        with runtime.threads(threads):
            bits.add(digest(outputs(case, *real).values()))
    assert len(bits) == 1
    narrow = outputs(case, *(a.astype(np.float16) for a in real))
    assert {a.dtype for a in narrow.values()} == {np.dtype(np.float16)}


def test_an_empty_batch() -> None:
    x, w = np.zeros((0, 4, 4, 3), np.float32), np.zeros((3, 3, 5, 3), np.float32)
    y = ops.conv2d_transpose(x, w, stride=2)
    assert y.shape == (0, 9, 9, 5)
    assert ops.conv2d_transpose_backward_data(y, w, x.shape, stride=2).shape == x.shape
    dw, db = ops.conv2d_transpose_backward_weights(x, y, w.shape, stride=2)
    assert not dw.any()
    assert db.shape == (5,)


def test_shapes_that_do_not_fit_are_refused() -> None:
    x, w = np.zeros((1, 4, 4, 3), np.float32), np.zeros((3, 3, 5, 3), np.float32)
    with pytest.raises(ShapeError, match="bias"):
        ops.conv2d_transpose(x, w, np.zeros(3, np.float32))
    with pytest.raises(ShapeError, match="dy"):
        ops.conv2d_transpose_backward_data(x, w, x.shape)
    with pytest.raises(ShapeError, match="dy"):
        ops.conv2d_transpose_backward_weights(x, x, w.shape)
    with pytest.raises(ShapeError, match="groups=2 does not divide"):
        ops.conv2d_transpose(x, w, groups=2)
    with pytest.raises(ParameterError, match="groups"):
        ops.conv2d_transpose(x, w, groups=0)
