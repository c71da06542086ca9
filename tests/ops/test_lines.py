"""Lines are images one pixel high: the ops say so, the numbers are those of the naive definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.errors import ParameterError, ShapeError
from tests import reference
from tests.checks import integers

PADDINGS = ("valid", "same", "same_lower", "causal", 2, (1, 3))


@pytest.mark.parametrize("padding", PADDINGS, ids=str)
@pytest.mark.parametrize(("stride", "dilation", "groups"), [(1, 1, 1), (2, 1, 2), (1, 3, 1), (3, 2, 1)])
def test_against_the_definition(padding: object, stride: int, dilation: int, groups: int) -> None:
    x, w, bias = integers(1, (2, 17, 4), (3, 4 // groups, 6), (6,))
    words = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    reach = dilation * 2
    pads = {"causal": (reach, 0), 2: (2, 2), (1, 3): (1, 3)}.get(padding)  # type: ignore[call-overload]
    if pads is None:
        pads = reference.resolve_pads(padding, (1, 17), (1, 3), (1, stride), (1, dilation))[1]
    options = {"stride": (1, stride), "pads": ((0, 0), pads), "dilation": (1, dilation), "groups": groups}
    truth = reference.conv2d(x[:, None], w[None], bias, **options)[:, 0]
    y = ops.conv1d(x, w, bias, **words)
    np.testing.assert_array_equal(y, truth)
    (dy,) = integers(2, y.shape)
    dx = ops.conv1d_backward_data(dy, w, x.shape, **words)
    np.testing.assert_array_equal(
        dx, reference.conv2d_backward_data(dy[:, None], w[None], (2, 1, 17, 4), **options)[:, 0]
    )
    dw, db = ops.conv1d_backward_weights(x, dy, w.shape, **words)
    expected = reference.conv2d_backward_weights(x[:, None], dy[:, None], (1, 3), **options)
    np.testing.assert_array_equal(dw, expected[0][0])
    np.testing.assert_array_equal(db, expected[1])

    first = {**words, "data_format": "channels_first"}
    turned, grad = x.transpose(0, 2, 1), dy.transpose(0, 2, 1)
    np.testing.assert_array_equal(ops.conv1d(turned, w, bias, **first).transpose(0, 2, 1), y)
    np.testing.assert_array_equal(ops.conv1d_backward_data(grad, w, turned.shape, **first).transpose(0, 2, 1), dx)
    for ours, theirs in zip(ops.conv1d_backward_weights(turned, grad, w.shape, **first), (dw, db), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("padding", "added"), [("valid", None), ("same", None), ("same", 1), (1, 1), ((2, 0), None)])
def test_transposed(padding: object, added: int | None) -> None:
    x, w, bias = integers(3, (2, 7, 4), (3, 5, 4), (5,))
    words = {"stride": 2, "padding": padding, "output_padding": added}
    image = dict(words, stride=(1, 2), output_padding=None if added is None else (0, added))
    if isinstance(padding, (int, tuple)):
        image["padding"] = ((0, 0), padding) if isinstance(padding, tuple) else (0, padding)
    y = ops.conv1d_transpose(x, w, bias, **words)
    np.testing.assert_array_equal(y, ops.conv2d_transpose(x[:, None], w[None], bias, **image)[:, 0])
    (dy,) = integers(4, y.shape)
    dx = ops.conv1d_transpose_backward_data(dy, w, x.shape, **words)
    dw, db = ops.conv1d_transpose_backward_weights(x, dy, w.shape, **words)
    product = int((ops.conv1d_transpose(x, w, **words) * dy).sum())
    assert int((dx * x).sum()) == int((dw * w).sum()) == product
    np.testing.assert_array_equal(db, dy.sum(axis=(0, 1)))
    first = ops.conv1d_transpose(x.transpose(0, 2, 1), w, bias, **words, data_format="channels_first")
    np.testing.assert_array_equal(first.transpose(0, 2, 1), y)


def test_a_causal_output_does_not_see_what_comes_after_it() -> None:
    x, w = integers(5, (1, 20, 3), (4, 3, 2))
    y = ops.conv1d(x, w, padding="causal", dilation=2)
    x[:, 11:] = 99
    np.testing.assert_array_equal(ops.conv1d(x, w, padding="causal", dilation=2)[:, :11], y[:, :11])


def test_float16_stays() -> None:
    x, w = (a.astype(np.float16) for a in integers(6, (1, 9, 2), (3, 2, 2)))
    assert ops.conv1d(x, w).dtype == np.float16
    assert ops.conv1d_transpose(x, w).dtype == np.float16


def test_what_is_no_line_is_refused() -> None:
    x, w = np.zeros((1, 9, 2), np.float32), np.zeros((3, 2, 4), np.float32)
    for bad in (x[0], x[None]):
        with pytest.raises(ShapeError, match="x: expected 3 dimensions"):
            ops.conv1d(bad, w)
    with pytest.raises(ShapeError, match="w: expected 3 dimensions"):
        ops.conv1d(x, w[0])
    with pytest.raises(ParameterError, match="causal"):
        ops.conv1d(x, w, padding="full")
    with pytest.raises(ParameterError, match="stride"):
        ops.conv1d(x, w, stride=(1, 1))
    with pytest.raises(ParameterError, match="padding"):
        ops.conv1d_transpose(x, np.zeros((3, 4, 2), np.float32), padding="full")


def test_transposed_lines_in_groups() -> None:
    x, w, dy = (a.astype(np.float64) for a in integers(9, (2, 5, 6), (3, 2, 6), (2, 11, 4)))
    words: dict[str, Any] = {"stride": 2, "groups": 2}
    parts = [np.split(a, 2, -1) for a in (x, w, dy)]
    y = [ops.conv1d_transpose(one, kernel, stride=2) for one, kernel in zip(*parts[:2], strict=True)]
    np.testing.assert_array_equal(ops.conv1d_transpose(x, w, **words), np.concatenate(y, -1))
    gradients = [ops.conv1d_transpose_backward_data(g, k, (2, 5, 3), stride=2) for k, g in zip(*parts[1:], strict=True)]
    dx = ops.conv1d_transpose_backward_data(dy, w, x.shape, **words)
    np.testing.assert_array_equal(dx, np.concatenate(gradients, -1))
    dw, _ = ops.conv1d_transpose_backward_weights(x, dy, w.shape, **words)
    dx = ops.conv1d_transpose_backward_data(dy, w, x.shape, **words)
    assert (dw * w).sum() == (dx * x).sum()
