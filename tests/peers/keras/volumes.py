"""Convolution and pooling of volumes (n, depth, height, width, channels), put together from those of images.

A volume's convolution is a sum of its planes' convolutions, and a pool over a box is a pool over depth of a pool over
the plane. convcore has no op for volumes; this lets Keras's tests of them run over the ops of images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras.src.backend.common.backend_utils import compute_conv_transpose_padding_args_for_jax

__all__ = ["conv", "conv_transpose", "pool"]

Op = Callable[..., np.ndarray]


def three(value: Any) -> tuple[int, int, int]:
    return (value,) * 3 if isinstance(value, int) else tuple(value)


def channels_last(x: np.ndarray, data_format: str) -> np.ndarray:
    return x if data_format == "channels_last" else np.moveaxis(x, 1, -1)


def in_format(y: np.ndarray, data_format: str) -> np.ndarray:
    return y if data_format == "channels_last" else np.moveaxis(y, -1, 1)


def planes(x: np.ndarray) -> np.ndarray:
    """The planes of a volume as images: (n * depth, height, width, channels)."""
    return x.reshape(-1, *x.shape[2:])


def conv(op: Op, x: np.ndarray, w: np.ndarray, data_format: str, *, stride, padding, dilation, groups) -> np.ndarray:
    (sd, *strides), (dd, *dilations) = three(stride), three(dilation)
    x = channels_last(x, data_format)
    n, depth, kd, reach = len(x), x.shape[1], len(w), dd * (len(w) - 1) + 1
    if padding == "same":
        total = max(0, (-(-depth // sd) - 1) * sd + reach - depth)
        x = np.pad(x, ((0, 0), (total // 2, total - total // 2), (0, 0), (0, 0), (0, 0)))
    out = (x.shape[1] - reach) // sd + 1
    if out < 1:
        raise ValueError(f"A kernel of depth {reach} does not fit into {x.shape[1]} planes.")
    words = {"stride": strides, "padding": padding, "dilation": dilations, "groups": groups}
    y = sum(op(planes(x[:, k * dd : k * dd + (out - 1) * sd + 1 : sd]), w[k], **words) for k in range(kd))
    return in_format(y.reshape(n, out, *y.shape[1:]), data_format)


def conv_transpose(
    op: Op, x: np.ndarray, w: np.ndarray, data_format: str, *, stride, padding, output_padding, dilation
) -> np.ndarray:
    (sd, *strides), (dd, *dilations) = three(stride), three(dilation)
    extra = [None] * 3 if output_padding is None else list(three(output_padding))
    x = channels_last(x, data_format)
    depth, kd, reach = x.shape[1], len(w), dd * (len(w) - 1) + 1
    words = {
        "stride": strides, "padding": padding, "dilation": dilations,
        "output_padding": None if extra[0] is None else extra[1:],
    }  # fmt: skip
    parts = [op(planes(x), w[k], **words) for k in range(kd)]
    parts = [part.reshape(len(x), depth, *part.shape[1:]) for part in parts]
    left, right = compute_conv_transpose_padding_args_for_jax(
        (len(x), depth, 1), (kd, 1, 1), sd, padding, extra[0], dd
    )[0]
    whole = np.zeros((len(x), (depth - 1) * sd + reach + max(0, right - reach + 1), *parts[0].shape[2:]), x.dtype)
    for k, part in enumerate(parts):
        whole[:, k * dd : k * dd + (depth - 1) * sd + 1 : sd] += part
    first = reach - 1 - left
    return in_format(whole[:, first : first + (depth - 1) * sd + left + right - reach + 2], data_format)


def pool(op: Op, x: np.ndarray, pool_size, data_format: str, *, stride, padding) -> np.ndarray:
    pd, *window = three(pool_size)
    sd, *strides = three(pool_size if stride is None else stride)
    x = channels_last(x, data_format)
    y = op(planes(x), window, stride=strides, padding=padding)
    n, depth, (height, width, channels) = len(x), x.shape[1], y.shape[1:]
    lines = y.reshape(n, depth, height * width, channels)
    y = op(lines, (pd, 1), stride=(sd, 1), padding=padding)
    return in_format(y.reshape(n, -1, height, width, channels), data_format)
