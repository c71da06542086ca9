"""Zero padding, cropping and upsampling as layers: Keras's arguments, shapes and texts; the arithmetic is the ops'."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore
from convcore import Sequential, layers, ops
from convcore.errors import DTypeError, NotSupportedError, ParameterError, ShapeError
from tests.checks import normals
from tests.reference import Array

FORMATS = ["channels_last", "channels_first"]


def _there_and_back(layer: Any, x: Array, truth: Array) -> Array:
    """Checks output and shapes, and a copy from the configuration; returns the gradient for a dy of the output."""
    y = layer.forward(x)
    np.testing.assert_array_equal(y, truth)
    assert layer.compute_output_shape(x.shape) == y.shape
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *y.shape[1:])
    twin = type(layer).from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    np.testing.assert_array_equal(twin(x), y)
    dx: Array = layer.backward(y)
    return dx


def _image(data_format: str) -> Array:
    return normals(1, (2, 3, 7, 9) if data_format == "channels_first" else (2, 7, 9, 3))[0]


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("amount", [0, 2, (1, 2), ((1, 2), (0, 3)), [[0, 0], [2, 1]]])
def test_zero_padding_and_cropping_of_images(amount: Any, data_format: str) -> None:
    x = _image(data_format)
    padding = layers.ZeroPadding2D(amount, data_format)
    np.testing.assert_array_equal(_there_and_back(padding, x, ops.zero_pad2d(x, amount, data_format=data_format)), x)
    cropping = layers.Cropping2D(amount, data_format)
    small = ops.crop2d(x, amount, data_format=data_format)
    np.testing.assert_array_equal(
        _there_and_back(cropping, x, small), ops.zero_pad2d(small, amount, data_format=data_format)
    )
    assert padding.padding == cropping.cropping
    assert all(isinstance(each, tuple) for each in padding.padding)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("amount", [0, 1, (0, 2), [3, 1]])
def test_zero_padding_of_lines(amount: Any, data_format: str) -> None:
    (x,) = normals(1, (2, 3, 9))
    before, behind = (amount, amount) if isinstance(amount, int) else amount
    pads = [(0, 0), (before, behind), (0, 0)] if data_format == "channels_last" else [(0, 0), (0, 0), (before, behind)]
    np.testing.assert_array_equal(_there_and_back(layers.ZeroPadding1D(amount, data_format), x, np.pad(x, pads)), x)


@pytest.mark.parametrize("amount", [0, 1, (0, 2), [3, 1]])
def test_cropping_of_lines(amount: Any) -> None:
    (x,) = normals(1, (2, 9, 3))
    before, behind = (amount, amount) if isinstance(amount, int) else amount
    small = x[:, before : 9 - behind]
    dx = _there_and_back(layers.Cropping1D(amount), x, small)
    np.testing.assert_array_equal(dx, np.pad(small, [(0, 0), (before, behind), (0, 0)]))


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("interpolation", ["nearest", "Bilinear"])
@pytest.mark.parametrize("size", [1, 2, (3, 2)])
def test_upsampling_of_images(size: Any, interpolation: str, data_format: str) -> None:
    x, words = _image(data_format), {"interpolation": interpolation, "data_format": data_format}
    layer = layers.UpSampling2D(size, **words)
    y = ops.upsample2d(x, size, **words)
    dx = _there_and_back(layer, x, y)
    np.testing.assert_array_equal(dx, ops.upsample2d_backward(y, x.shape, size, **words))
    assert layer.interpolation == interpolation.lower()


@pytest.mark.parametrize("size", [1, 2, 5])
def test_upsampling_of_lines(size: int) -> None:
    (x,) = normals(1, (2, 9, 3))
    dx = _there_and_back(layers.UpSampling1D(size), x, np.repeat(x, size, axis=1))
    np.testing.assert_allclose(dx, size * x, rtol=1e-6)


def test_defaults_are_keras_s() -> None:
    assert layers.ZeroPadding1D().padding == (1, 1)
    assert layers.ZeroPadding2D().padding == ((1, 1), (1, 1))
    assert layers.Cropping1D().cropping == (1, 1)
    assert layers.Cropping2D().cropping == ((0, 0), (0, 0))
    assert layers.UpSampling1D().size == 2
    assert (layers.UpSampling2D().size, layers.UpSampling2D().interpolation) == ((2, 2), "nearest")


def test_unknown_sizes_stay_unknown() -> None:
    assert layers.ZeroPadding1D().compute_output_shape((None, None, 3)) == (None, None, 3)
    assert layers.ZeroPadding2D().compute_output_shape((None, None, 5, 3)) == (None, None, 7, 3)
    assert layers.Cropping1D().compute_output_shape((None, None, 3)) == (None, None, 3)
    assert layers.Cropping2D(1, "channels_first").compute_output_shape((1, 3, 5, None)) == (1, 3, 3, None)
    assert layers.UpSampling1D().compute_output_shape((None, None, 3)) == (None, None, 3)
    assert layers.UpSampling2D().compute_output_shape((None, 4, None, 3)) == (None, 8, None, 3)


@pytest.mark.parametrize(
    "bad", ["1", (1,), (1, 2, 3), ((1, 2), (3, 4, 5)), ((1, 2), (3, -4)), ((1, 2), "3"), -1, None, True]
)
def test_amounts_that_are_none(bad: Any) -> None:
    with pytest.raises(ParameterError, match="`(1st entry of |2nd entry of )?padding`"):
        layers.ZeroPadding2D(bad)
    with pytest.raises(ParameterError, match="`(1st entry of |2nd entry of )?cropping`"):
        layers.Cropping2D(bad)


@pytest.mark.parametrize("bad", ["1", (1,), (1, 2, 3), (1, -1), -1, None, 1.5])
def test_amounts_of_lines_that_are_none(bad: Any) -> None:
    with pytest.raises(ParameterError, match="The `padding` argument must be a tuple of 2 integers"):
        layers.ZeroPadding1D(bad)
    with pytest.raises(ParameterError, match="The `cropping` argument must be a tuple of 2 integers"):
        layers.Cropping1D(bad)


def test_more_cropped_than_there_is() -> None:
    text = "`cropping` parameter of `Cropping1D` layer must be smaller than the input length"
    with pytest.raises(ShapeError, match=text):
        layers.Cropping1D((2, 3))(np.zeros((3, 5, 7)))
    text = "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input"
    for cropping in (((4, 5), (0, 0)), ((0, 0), (5, 5))):
        with pytest.raises(ShapeError, match=text):
            layers.Cropping2D(cropping)(np.zeros((3, 8, 9, 5)))
        with pytest.raises(ShapeError, match=text):
            layers.Cropping2D(cropping, "channels_first")(np.zeros((3, 5, 8, 9)))


def test_sizes_and_interpolations_that_are_none() -> None:
    for value in (2.5, "2", None, True, (2,)):
        with pytest.raises(DTypeError, match="Expected an integer value for `size`"):
            layers.UpSampling1D(value)  # type: ignore[arg-type]
    for number in (0, -2):
        with pytest.raises(ParameterError, match="Argument `size` should be a positive integer"):
            layers.UpSampling1D(number)
        with pytest.raises(ParameterError, match="The `size` argument must be a tuple of 2 integers"):
            layers.UpSampling2D((1, number))
    with pytest.raises(NotSupportedError, match="'bicubic'"):
        layers.UpSampling2D(interpolation="bicubic")
    with pytest.raises(ParameterError, match="interpolation"):
        layers.UpSampling2D(interpolation="cubic")


def test_a_model_learns_through_them_and_comes_back(tmp_path: Any) -> None:
    """An image is put together again from a coarser one: a decoder with every one of the layers."""
    convcore.utils.set_random_seed(1)
    (x,) = normals(2, (64, 4, 4, 2))
    truth = ops.crop2d(ops.upsample2d(x[..., :1] - 2 * x[..., 1:], interpolation="bilinear"), 1)
    model = Sequential(
        [
            layers.Input((4, 4, 2)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3),
            layers.UpSampling2D(interpolation="bilinear"),
            layers.Cropping2D(1),
            layers.ZeroPadding2D(((0, 1), (1, 0))),
            layers.Conv2D(1, 2),
        ]
    )
    model.compile(optimizer=convcore.optimizers.Adam(0.02), loss="mse")
    history = model.fit(x, truth, epochs=60, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < 0.02 * history[0]
    model.save(tmp_path / "decoder.keras")
    loaded = convcore.models.load_model(tmp_path / "decoder.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    clone = convcore.models.clone_model(model)
    assert clone.get_config()["layers"] == model.get_config()["layers"]
