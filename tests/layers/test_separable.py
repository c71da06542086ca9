"""SeparableConv2D as a layer; the arithmetic is tested with the ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers, ops, optimizers
from convcore.errors import ParameterError
from tests.checks import normals


def test_signature_has_the_order_of_keras() -> None:
    layer = layers.SeparableConv2D(
        4, (3, 2), (2, 1), "same", None, 1, 3, "relu", False, "ones", "ones", "ones", *[None] * 7
    )
    assert (layer.filters, layer.kernel_size, layer.strides, layer.padding) == (4, (3, 2), (2, 1), "same")
    assert (layer.depth_multiplier, layer.use_bias) == (3, False)
    assert layers.SeparableConvolution2D is layers.SeparableConv2D


def test_build_makes_the_weights_in_this_order() -> None:
    layer = layers.SeparableConv2D(5, (3, 2), depth_multiplier=4)
    layer.build((None, 8, 8, 3))
    assert [(weight.name, weight.shape) for weight in layer.weights] == [
        ("depthwise_kernel", (3, 2, 3, 4)),
        ("pointwise_kernel", (1, 1, 12, 5)),
        ("bias", (5,)),
    ]
    assert layer.compute_output_shape((None, 8, 8, 3)) == (None, 6, 7, 5)


@pytest.mark.parametrize(
    "options",
    [{}, {"padding": "same", "strides": (2, 1)}, {"dilation_rate": 2}, {"use_bias": False}, {"depth_multiplier": 3}],
)
@pytest.mark.parametrize("activation", [None, "relu"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_a_call_is_the_op(options: dict[str, Any], activation: str | None, data_format: str) -> None:
    first = data_format == "channels_first"
    (x,) = normals(0, (2, 3, 9, 8) if first else (2, 9, 8, 3))
    layer = layers.SeparableConv2D(
        5, 3, activation=activation, bias_initializer="random_normal", data_format=data_format, **options
    )
    y = layer(x)
    weights = [weight.numpy() for weight in layer.weights]
    expected = ops.separable_conv2d(
        np.moveaxis(x, 1, -1) if first else x,
        *weights,
        stride=layer.strides,
        padding=layer.padding,
        dilation=layer.dilation_rate,
        activation=activation,
    )
    np.testing.assert_allclose(y, np.moveaxis(expected, -1, 1) if first else expected, rtol=1e-5, atol=1e-5)
    assert y.shape == layer.compute_output_shape(x.shape)


def test_backward_is_that_of_the_two_in_turn() -> None:
    (x,) = normals(1, (2, 7, 7, 2))
    layer = layers.SeparableConv2D(3, 3, depth_multiplier=2)
    y = layer.forward(x)
    (dy,) = normals(2, y.shape)
    dx = layer.backward(dy)
    depthwise, pointwise, _ = (weight.numpy() for weight in layer.weights)
    between = ops.depthwise_conv2d(x, depthwise)
    d_between = ops.conv2d_backward_data(dy, pointwise, between.shape)
    truths = (
        ops.depthwise_conv2d_backward_weights(x, d_between, depthwise.shape)[0],
        *ops.conv2d_backward_weights(between, dy, pointwise.shape),
    )
    for weight, truth in zip(layer.weights, truths, strict=True):
        np.testing.assert_allclose(weight.grad, truth, rtol=1e-4, atol=1e-4)
    expected = ops.depthwise_conv2d_backward_data(d_between, depthwise, x.shape)
    np.testing.assert_allclose(dx, expected, rtol=1e-4, atol=1e-4)


def test_regularizers_and_constraints_go_to_the_weights() -> None:
    layer = layers.SeparableConv2D(
        2, 3, depthwise_regularizer="l1", pointwise_regularizer="l2", pointwise_constraint="unit_norm"
    )
    layer.build((None, 5, 5, 3))
    depthwise, pointwise, bias = layer.weights
    assert (depthwise.regularizer, pointwise.regularizer) == (layer.depthwise_regularizer, layer.pointwise_regularizer)
    assert (depthwise.constraint, pointwise.constraint) == (None, layer.pointwise_constraint)
    assert (bias.regularizer, bias.constraint) == (None, None)
    assert len(layer.losses) == 2


def test_filters_that_are_none() -> None:
    text = "Invalid value for argument `filters`. Expected a strictly positive value. Received filters=0."
    with pytest.raises(ParameterError, match=text):
        layers.SeparableConv2D(0, 3)


def test_a_small_mobile_net_learns(capsys: pytest.CaptureFixture[str]) -> None:
    """Depthwise, separable and grouped layers train together, and explain says why the pool stays apart."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((64, 12, 12, 4)).astype(np.float32)
    labels = (x.mean(axis=(1, 2))[:, 0] > 0).astype(np.int64)
    model = Sequential(
        [
            layers.Input((12, 12, 4)),
            layers.Conv2D(8, 3, groups=2, activation="relu"),
            layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu"),
            layers.SeparableConv2D(8, 3, activation="relu"),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizer=optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    losses = model.fit(x, labels, epochs=30, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    model.explain(batch_size=16)
    told = capsys.readouterr().out
    assert "not joined with the pool: a convolution in groups" in told
    assert "conv2d_forward_groups" in told
