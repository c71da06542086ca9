"""Conv2DTranspose: Keras's arguments, shapes and texts, and its numbers against the op."""

from __future__ import annotations

import numpy as np
import pytest

import convcore
from convcore import layers, ops
from convcore.errors import ParameterError
from tests.checks import normals


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("kernel", "stride", "added"), [(3, 1, None), (3, 2, None), (2, 3, None), (4, 2, 1), (3, 3, 2)]
)
def test_shapes_and_numbers(padding: str, kernel: int, stride: int, added: int | None) -> None:
    layer = layers.Conv2DTranspose(5, kernel, stride, padding, added, bias_initializer="ones")
    (x,) = normals(1, (2, 4, 6, 3))
    y = layer(x)
    assert layer.compute_output_shape((None, 4, 6, 3)) == (None, *y.shape[1:])
    assert [w.shape for w in layer.get_weights()] == [(kernel, kernel, 5, 3), (5,)]
    words = {"stride": stride, "padding": padding, "output_padding": added}
    np.testing.assert_allclose(y, ops.conv2d_transpose(x, *layer.get_weights(), **words), rtol=1e-6, atol=1e-6)
    assert layer.compute_output_shape((None, None, 6, 3))[1] is None


def test_the_configuration_comes_back() -> None:
    layer = layers.Conv2DTranspose(4, (3, 2), 2, "same", (1, 0), activation="relu", use_bias=False)
    config = layer.get_config()
    assert config["output_padding"] == (1, 0)
    assert "groups" not in config
    assert layers.Conv2DTranspose.from_config(config).get_config() == config
    assert layers.Convolution2DTranspose is layers.Conv2DTranspose


def test_bad_arguments_get_keras_s_texts() -> None:
    with pytest.raises(ParameterError, match="`output_padding` must be strictly less than `strides`"):
        layers.Conv2DTranspose(2, 3, strides=2, output_padding=2)
    with pytest.raises(ParameterError, match="`strides > 1` not supported in conjunction"):
        layers.Conv2DTranspose(2, 3, strides=2, dilation_rate=2)


def test_a_model_learns_through_it() -> None:
    """An image is put together again from a quarter of its pixels: every gradient is needed."""
    convcore.utils.set_random_seed(3)
    (x,) = normals(2, (64, 4, 4, 4))
    truth = ops.conv2d_transpose(x, normals(3, (2, 2, 1, 4))[0], stride=2)
    model = convcore.Sequential(
        [
            layers.Input((4, 4, 4)),
            layers.Conv2DTranspose(4, 1, activation="linear"),
            layers.Conv2DTranspose(1, 2, strides=2),
        ]
    )
    model.compile(optimizer=convcore.optimizers.Adam(0.02), loss="mse")
    history = model.fit(x, truth, epochs=40, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < 0.01 * history[0]
