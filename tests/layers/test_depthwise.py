"""DepthwiseConv2D as a layer; the arithmetic is tested with the ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import layers, ops
from convcore.errors import ParameterError, ShapeError
from tests.checks import normals


def test_signature_has_the_order_of_keras() -> None:
    layer = layers.DepthwiseConv2D(
        (3, 2), (2, 1), "same", 3, None, 1, "relu", False, "ones", "ones", None, None, None, None, None
    )
    assert (layer.kernel_size, layer.strides, layer.padding, layer.depth_multiplier) == ((3, 2), (2, 1), "same", 3)
    assert layer.use_bias is False


def test_build_makes_kernel_and_bias_in_this_order() -> None:
    layer = layers.DepthwiseConv2D((3, 2), depth_multiplier=4)
    layer.build((None, 8, 8, 3))
    assert [(weight.name, weight.shape) for weight in layer.weights] == [("kernel", (3, 2, 3, 4)), ("bias", (12,))]
    assert layer.compute_output_shape((None, 8, None, 3)) == (None, 6, None, 12)
    assert layer.compute_output_shape((2, 8, 8, None)) == (2, 6, 7, None)


def test_the_first_weights_have_keras_s_fans() -> None:
    """Glorot counts the channels as inputs and the multiplier as outputs, as Keras does."""
    layer = layers.DepthwiseConv2D(5, depth_multiplier=2)
    layer.build((None, 8, 8, 40))
    limit = np.sqrt(6 / (25 * 40 + 25 * 2))
    assert layer.kernel is not None
    assert 0.95 * limit < np.abs(layer.kernel.numpy()).max() <= limit


@pytest.mark.parametrize(
    "options",
    [{}, {"padding": "same", "strides": (2, 1)}, {"dilation_rate": 2}, {"use_bias": False}, {"depth_multiplier": 3}],
)
@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_call_is_the_op(options: dict[str, Any], activation: str | None, data_format: str) -> None:
    first = data_format == "channels_first"
    (x,) = normals(0, (2, 3, 9, 8) if first else (2, 9, 8, 3))
    layer = layers.DepthwiseConv2D(
        3, activation=activation, bias_initializer="random_normal", data_format=data_format, **options
    )
    y = layer(x)
    assert layer.kernel is not None
    expected = ops.depthwise_conv2d(
        np.moveaxis(x, 1, -1) if first else x,
        layer.kernel.numpy(),
        None if layer.bias is None else layer.bias.numpy(),
        stride=layer.strides,
        padding=layer.padding,
        dilation=layer.dilation_rate,
    )
    if activation is not None:
        expected = getattr(ops, activation)(expected)
    np.testing.assert_allclose(y, np.moveaxis(expected, -1, 1) if first else expected, rtol=1e-5, atol=1e-6)
    assert y.shape == layer.compute_output_shape(x.shape)


def test_forward_and_backward_are_the_ops() -> None:
    (x,) = normals(1, (2, 7, 7, 2))
    layer = layers.DepthwiseConv2D(3, depth_multiplier=2)
    y = layer.forward(x)
    (dy,) = normals(2, y.shape)
    dx = layer.backward(dy)
    assert layer.kernel is not None
    assert layer.bias is not None
    kernel = layer.kernel.numpy()
    np.testing.assert_allclose(dx, ops.depthwise_conv2d_backward_data(dy, kernel, x.shape), rtol=1e-5, atol=1e-5)
    dw, db = ops.depthwise_conv2d_backward_weights(x, dy, kernel.shape)
    np.testing.assert_allclose(layer.kernel.grad, dw, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(layer.bias.grad, db, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("value", [0, -1, 1.5, None, "2"])
def test_a_multiplier_that_is_none(value: Any) -> None:
    text = r"Invalid value for argument `depth_multiplier`\. Expected a strictly positive value\. Received "
    with pytest.raises(ParameterError, match=text):
        layers.DepthwiseConv2D(3, depth_multiplier=value)


def test_regularizers_and_constraints_go_to_the_weights() -> None:
    layer = layers.DepthwiseConv2D(
        3, depthwise_regularizer="l2", bias_regularizer="l1", depthwise_constraint="non_neg", bias_constraint="max_norm"
    )
    layer.build((None, 5, 5, 3))
    kernel, bias = layer.weights
    assert (kernel.regularizer, bias.regularizer) == (layer.depthwise_regularizer, layer.bias_regularizer)
    assert (kernel.constraint, bias.constraint) == (layer.depthwise_constraint, layer.bias_constraint)
    assert layer.depthwise_regularizer is not None
    assert [float(loss) for loss in layer.losses] == pytest.approx([0.01 * (kernel.numpy() ** 2).sum(), 0], rel=1e-5)


def test_channels_must_be_known_and_stay() -> None:
    layer = layers.DepthwiseConv2D(3)
    with pytest.raises(ShapeError, match="channel dimension"):
        layer.build((None, 8, 8, None))
    layer(np.zeros((1, 5, 5, 3)))
    with pytest.raises(ShapeError, match="expected axis -1 of input shape to have value 3"):
        layer(np.zeros((1, 5, 5, 4)))


def test_an_output_without_pixels() -> None:
    text = r"Computed output size would be zero or negative\. Received `inputs shape=\(1, 2, 2, 1\)`, `kernel shape="
    with pytest.raises(ShapeError, match=text):
        layers.DepthwiseConv2D(3)(np.zeros((1, 2, 2, 1)))
