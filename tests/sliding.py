"""The convolutions and the pool of `reference` on whole arrays, in int64 or float64, for larger shapes.

Forward is a window view and one matrix product; the gradients go tap by tap over shifted slices of the padded image.
Arguments are those of `reference`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.reference import Array, Pads, Pair, exact


def _split(array: Array, groups: int) -> list[Array]:
    return np.split(array, groups, axis=-1)


def conv2d(
    x: Array,
    w: Array,
    bias: Array | None = None,
    *,
    stride: Pair,
    pads: Pads,
    dilation: Pair = (1, 1),
    groups: int = 1,
    border: str = "zeros",
) -> Array:
    """The forward convolution; see `reference.conv2d`."""
    x, w = exact(x), exact(w)
    if groups > 1:
        options: dict[str, Any] = {"stride": stride, "pads": pads, "dilation": dilation, "border": border}
        pairs = zip(_split(x, groups), _split(w, groups), strict=True)
        whole = np.concatenate([conv2d(a, b, **options) for a, b in pairs], axis=-1)
        return whole if bias is None else whole + exact(bias)
    kh, kw, ic, oc = w.shape
    reach = (dilation[0] * (kh - 1) + 1, dilation[1] * (kw - 1) + 1)
    windows = sliding_window_view(pad(x, pads, border), reach, axis=(1, 2))
    windows = windows[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
    rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kh * kw * ic)
    with np.errstate(invalid="ignore"):  # infinity times zero is meant to be NaN
        y = (rows @ w.reshape(-1, oc)).reshape(*windows.shape[:3], oc)
    return y if bias is None else y + exact(bias)


def _taps(
    padded_size: Pair, kernel: Pair, output: Pair, stride: Pair, dilation: Pair
) -> Iterator[tuple[int, int, slice, slice]]:
    """For each tap (i, j) the rows and columns of the padded image that it reads, one an output."""
    for i, j in np.ndindex(*kernel):
        top, left = i * dilation[0], j * dilation[1]
        yield (
            i,
            j,
            slice(top, min(top + (output[0] - 1) * stride[0] + 1, padded_size[0]), stride[0]),
            slice(left, min(left + (output[1] - 1) * stride[1] + 1, padded_size[1]), stride[1]),
        )


def pad(x: Array, pads: Pads, border: str) -> Array:
    """An image with what lies beyond its border."""
    mode = {"zeros": "constant", "mirror": "reflect"}.get(border, border)
    return np.pad(x, ((0, 0), *pads, (0, 0)), mode=mode)  # type: ignore[call-overload,no-any-return]


def _unpad(padded: Array, pads: Pads, size: Pair, border: str) -> Array:
    """The gradient of `pad`: what lies in the padding goes to the pixel that it repeats, or nowhere."""
    inner = padded[:, pads[0][0] : pads[0][0] + size[0], pads[1][0] : pads[1][0] + size[1]]
    if border == "zeros":
        return inner
    places = pad(np.arange(size[0] * size[1]).reshape(1, *size, 1), pads, border).ravel()
    flat = np.zeros((padded.shape[0], size[0] * size[1], padded.shape[3]), padded.dtype)
    np.add.at(flat, (slice(None), places), padded.reshape(padded.shape[0], -1, padded.shape[3]))
    return flat.reshape(inner.shape)


def conv2d_backward_data(
    dy: Array,
    w: Array,
    input_shape: tuple[int, ...],
    *,
    stride: Pair,
    pads: Pads,
    dilation: Pair = (1, 1),
    groups: int = 1,
    border: str = "zeros",
) -> Array:
    """The gradient by the input; see `reference.conv2d_backward_data`."""
    dy, w = exact(dy), exact(w)
    if groups > 1:
        shape = (*input_shape[:3], input_shape[3] // groups)
        pairs = zip(_split(dy, groups), _split(w, groups), strict=True)
        options: dict[str, Any] = {"stride": stride, "pads": pads, "dilation": dilation, "border": border}
        parts = [conv2d_backward_data(a, b, shape, **options) for a, b in pairs]
        return np.concatenate(parts, axis=-1)
    n, ih, iw, ic = input_shape
    padded = np.zeros((n, ih + sum(pads[0]), iw + sum(pads[1]), ic), np.result_type(dy, w))
    for i, j, rows, columns in _taps(padded.shape[1:3], w.shape[:2], dy.shape[1:3], stride, dilation):
        padded[:, rows, columns] += dy @ w[i, j].T
    return _unpad(padded, pads, (ih, iw), border)


def conv2d_backward_weights(
    x: Array,
    dy: Array,
    kernel: Pair,
    *,
    stride: Pair,
    pads: Pads,
    dilation: Pair = (1, 1),
    groups: int = 1,
    border: str = "zeros",
) -> tuple[Array, Array]:
    """The gradients by kernel and bias; see `reference.conv2d_backward_weights`."""
    x, dy = exact(x), exact(dy)
    if groups > 1:
        options: dict[str, Any] = {"stride": stride, "pads": pads, "dilation": dilation, "border": border}
        pairs = zip(_split(x, groups), _split(dy, groups), strict=True)
        parts = [conv2d_backward_weights(a, b, kernel, **options) for a, b in pairs]
        return np.concatenate([dw for dw, _ in parts], axis=-1), np.concatenate([db for _, db in parts])
    padded = pad(x, pads, border)
    dw = np.zeros((*kernel, x.shape[3], dy.shape[3]), np.result_type(x, dy))
    flat_dy = dy.reshape(-1, dy.shape[3])
    for i, j, rows, columns in _taps(padded.shape[1:3], kernel, dy.shape[1:3], stride, dilation):
        dw[i, j] = padded[:, rows, columns].reshape(-1, x.shape[3]).T @ flat_dy
    return dw, flat_dy.sum(axis=0)


def max_pool2d(x: Array, pool: Pair, *, stride: Pair, pads: Pads) -> tuple[Array, Array]:
    """Value and index of each window's first maximum or first NaN; see `reference.max_pool2d`."""
    x = np.asarray(x)
    n, ih, iw, channels = x.shape
    margins = ((0, 0), *pads, (0, 0))
    plane = np.pad(np.arange(ih * iw).reshape(1, ih, iw, 1), margins, constant_values=-1)
    real = np.broadcast_to(plane, (n, *plane.shape[1:3], channels))
    padded = np.pad(x.astype(np.float64), margins, constant_values=-np.inf)

    def windows(image: Array) -> Array:
        view = sliding_window_view(image, pool, axis=(1, 2))[:, :: stride[0], :: stride[1]]
        return view.reshape(*view.shape[:4], pool[0] * pool[1])

    values, places = windows(padded), windows(real)
    # A window of -inf only: argmax may point into the padding, so real elements rank above equal padding.
    order = np.where(np.isnan(values), np.inf, values)
    best = np.where(
        np.isnan(values).any(axis=-1),
        np.isnan(values).argmax(axis=-1),
        ((order == order.max(axis=-1, keepdims=True)) & (places >= 0)).argmax(axis=-1),
    )[..., None]
    y = np.take_along_axis(values, best, axis=-1)[..., 0].astype(x.dtype)
    return y, np.take_along_axis(places, best, axis=-1)[..., 0].astype(np.int64)


def max_pool2d_backward(dy: Array, indices: Array, input_shape: tuple[int, ...]) -> Array:
    """The gradient of the pool; see `reference.max_pool2d_backward`."""
    dy = exact(dy)
    dx = np.zeros(input_shape, dy.dtype)
    n, _, _, c = np.indices(dy.shape)
    np.add.at(dx, (n, indices // input_shape[2], indices % input_shape[2], c), dy)
    return dx
