"""Conv2D as a layer; the arithmetic is tested with the ops."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import layers, ops
from convcore.errors import ShapeError, StateError


def test_signature_has_the_order_of_keras() -> None:
    layer = layers.Conv2D(
        2, (3, 2), (2, 1), "same", None, 1, 1, "relu", False, "ones", "ones", None, None, None, None, None
    )
    assert (layer.filters, layer.kernel_size, layer.strides, layer.padding) == (2, (3, 2), (2, 1), "same")
    assert layer.use_bias is False


def test_build_makes_kernel_and_bias_in_this_order() -> None:
    layer = layers.Conv2D(4, (3, 2))
    layer.build((None, 8, 8, 3))
    assert [(weight.name, weight.shape) for weight in layer.weights] == [("kernel", (3, 2, 3, 4)), ("bias", (4,))]
    assert layer.count_params() == 76
    assert not layer.get_weights()[1].any()
    assert layer.compute_output_shape((None, 8, 8, 3)) == (None, 6, 7, 4)


def test_groups() -> None:
    layer = layers.Conv2D(6, 3, groups=2)
    layer.build((None, 8, 8, 4))
    assert layer.kernel.shape == (3, 3, 2, 6)
    text = (
        r"The number of input channels must be evenly divisible by the number of groups\. Received groups=2, but the "
        r"input has 3 channels \(full input shape is \(None, 8, 8, 3\)\)\."
    )
    with pytest.raises(ShapeError, match=text):
        layers.Conv2D(6, 3, groups=2).build((None, 8, 8, 3))


def test_without_bias() -> None:
    layer = layers.Conv2D(4, 3, use_bias=False)
    layer.build((None, 8, 8, 3))
    assert layer.bias is None
    assert len(layer.get_weights()) == 1


@pytest.mark.parametrize(
    "options", [{}, {"padding": "same", "strides": (2, 1)}, {"dilation_rate": 2}, {"use_bias": False}, {"groups": 2}]
)
@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
def test_a_call_is_the_op(options: dict[str, object], activation: str | None) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 9, 8, 4)).astype(np.float32)
    layer = layers.Conv2D(6, 3, activation=activation, bias_initializer="random_normal", **options)  # type: ignore[arg-type]
    y = layer(x)
    expected = ops.conv2d(
        x,
        layer.kernel.numpy(),
        None if layer.bias is None else layer.bias.numpy(),
        stride=layer.strides,
        padding=layer.padding,
        dilation=layer.dilation_rate,
        groups=layer.groups,
    )
    if activation is not None:
        expected = getattr(ops, activation)(expected)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    assert y.shape == layer.compute_output_shape(x.shape)


def test_forward_and_backward_are_the_ops() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 7, 7, 2)).astype(np.float32)
    layer = layers.Conv2D(3, 3)
    y = layer.forward(x)
    dy = rng.standard_normal(y.shape).astype(np.float32)
    dx = layer.backward(dy)
    np.testing.assert_allclose(dx, ops.conv2d_backward_data(dy, layer.kernel.numpy(), x.shape), rtol=1e-4, atol=1e-5)
    dw, db = ops.conv2d_backward_weights(x, dy, layer.kernel.shape)
    np.testing.assert_allclose(layer.kernel.grad, dw, rtol=1e-4, atol=1e-4)
    assert layer.bias is not None
    np.testing.assert_allclose(layer.bias.grad, db, rtol=1e-4, atol=1e-4)


def test_backward_without_forward() -> None:
    layer = layers.Conv2D(3, 3)
    with pytest.raises(StateError, match="forward"):
        layer.backward(np.zeros((1, 5, 5, 3), np.float32))
    x = np.zeros((1, 7, 7, 2), np.float32)
    layer(x)
    with pytest.raises(StateError):
        layer.backward(np.zeros((1, 5, 5, 3), np.float32))
    layer.forward(x)
    layer.backward(np.zeros((1, 5, 5, 3), np.float32))
    with pytest.raises(StateError):
        layer.backward(np.zeros((1, 5, 5, 3), np.float32))


def test_kernel_before_build() -> None:
    with pytest.raises(AttributeError, match="You must build the layer before accessing `kernel`"):
        _ = layers.Conv2D(3, 3).kernel


def test_an_output_without_pixels() -> None:
    text = (
        r"Computed output size would be zero or negative\. Received `inputs shape=\(1, 2, 2, 1\)`, `kernel shape="
        r"\(3, 3, 1, 3\)`, `dilation_rate=\[1 1\]`, `strides=\(1, 1\)`, `padding=valid`\.$"
    )
    with pytest.raises(ShapeError, match=text):
        layers.Conv2D(3, 3)(np.zeros((1, 2, 2, 1)))


@pytest.mark.parametrize("shape", [(1, 5, 5, 0), (None, 5, 5, None)])
def test_channels_must_be_there(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ShapeError, match="channel dimension"):
        layers.Conv2D(3, 3).build(shape)


def test_other_channels_later() -> None:
    layer = layers.Conv2D(3, 3, name="c")
    layer(np.zeros((1, 5, 5, 1)))
    with pytest.raises(ShapeError, match="layer 'c' is incompatible with the layer: expected axis -1 .* value 1"):
        layer(np.zeros((1, 5, 5, 3)))


def test_config_makes_the_layer_again() -> None:
    layer = layers.Conv2D(
        4, (3, 2), strides=(2, 1), padding="same", activation="relu", use_bias=False, kernel_initializer="he_normal"
    )
    twin = layers.Conv2D.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()


def test_aliases() -> None:
    assert layers.Convolution2D is layers.Conv2D
