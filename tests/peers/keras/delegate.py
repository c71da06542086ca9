"""The convolution and pooling of Keras's NumPy backend, computed by `convcore.ops`.

The functions have the names and arguments of those that they replace; what Keras checks before it computes is checked
as there. Volumes are computed plane by plane, by the ops of images: see volumes.py.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from keras.src import backend
from keras.src.backend.common.backend_utils import check_conv_input_channels, check_conv_transpose_input_channels

from convcore import ops
from tests.peers.keras import volumes

__all__ = ["average_pool", "conv", "conv_transpose", "depthwise_conv", "max_pool", "separable_conv"]

#: How often each op of convcore was called.
CALLS: Counter[str] = Counter()


def call(name: str, *args: Any, **words: Any) -> np.ndarray:
    CALLS[name] += 1
    return getattr(ops, name)(*args, **words)


def rank(inputs: Any) -> int:
    """The number of spatial axes of a batch."""
    return np.ndim(inputs) - 2


def one_dtype(inputs: Any, kernel: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays of one dtype, which Keras sees to."""
    x, w = backend.convert_to_tensor(inputs), backend.convert_to_tensor(kernel)
    dtype = backend.result_type(x.dtype, w.dtype)
    return x.astype(dtype, copy=False), w.astype(dtype, copy=False)


def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    data_format = backend.standardize_data_format(data_format)
    x, w = one_dtype(inputs, kernel)
    channels = x.shape[-1 if data_format == "channels_last" else 1]
    if channels % w.shape[-2]:
        raise ValueError(
            "The number of input channels must be evenly divisible by "
            f"kernel's in_channels. Received input channels {channels} and kernel in_channels {w.shape[-2]}. "
        )
    words = {"stride": strides, "padding": padding, "dilation": dilation_rate, "groups": channels // w.shape[-2]}
    if rank(x) == 3:
        return volumes.conv(lambda *args, **more: call("conv2d", *args, **more), x, w, data_format, **words)
    return call(f"conv{rank(x)}d", x, w, data_format=data_format, **words)


def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    data_format = backend.standardize_data_format(data_format)
    x, w = one_dtype(inputs, kernel)
    check_conv_input_channels(x, w, data_format)
    words = {"stride": strides, "padding": padding, "dilation": dilation_rate, "data_format": data_format}
    return call(f"depthwise_conv{rank(x)}d", x, w, **words)


def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    data_format = backend.standardize_data_format(data_format)
    x, depthwise = one_dtype(inputs, depthwise_kernel)
    x, pointwise = one_dtype(x, pointwise_kernel)
    check_conv_input_channels(x, depthwise, data_format)
    words = {"stride": strides, "padding": padding, "dilation": dilation_rate, "data_format": data_format}
    return call(f"separable_conv{rank(x)}d", x, depthwise, pointwise, **words)


def conv_transpose(inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    data_format = backend.standardize_data_format(data_format)
    x, w = one_dtype(inputs, kernel)
    check_conv_transpose_input_channels(x, w, data_format)
    words = {"stride": strides, "padding": padding, "output_padding": output_padding, "dilation": dilation_rate}
    if rank(x) == 3:
        transposed = lambda *args, **more: call("conv2d_transpose", *args, **more)  # noqa: E731
        return volumes.conv_transpose(transposed, x, w, data_format, **words)
    return call(f"conv{rank(x)}d_transpose", x, w, data_format=data_format, **words)


def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    return _pool("max_pool", inputs, pool_size, strides, padding, data_format)


def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    return _pool("avg_pool", inputs, pool_size, strides, padding, data_format)


def _pool(name, inputs, pool_size, strides, padding, data_format):
    data_format = backend.standardize_data_format(data_format)
    x = backend.convert_to_tensor(inputs)
    words = {"stride": strides, "padding": padding}
    if rank(x) == 3:
        return volumes.pool(lambda *args, **more: call(f"{name}2d", *args, **more), x, pool_size, data_format, **words)
    return call(f"{name}{rank(x)}d", x, pool_size, data_format=data_format, **words)
