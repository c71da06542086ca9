"""What convolution layers share: lines are images one pixel high, in both data formats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore
from convcore import Sequential, layers, ops
from convcore.errors import ParameterError, ShapeError
from tests.checks import normals
from tests.reference import Array

# Class, its arguments in front of kernel_size, further keywords.
LINES: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [
    ("Conv1D", (6,), {}),
    ("Conv1D", (6,), {"padding": "same", "strides": 2}),
    ("Conv1D", (6,), {"groups": 2, "dilation_rate": 2, "use_bias": False}),
    ("Conv1DTranspose", (5,), {}),
    ("Conv1DTranspose", (5,), {"padding": "same", "strides": 3, "output_padding": 2}),
    ("DepthwiseConv1D", (), {"depth_multiplier": 3, "strides": 2}),
    ("DepthwiseConv1D", (), {"padding": "same", "dilation_rate": 2}),
    ("SeparableConv1D", (5,), {"depth_multiplier": 2}),
    ("SeparableConv1D", (5,), {"padding": "same", "strides": 2, "use_bias": False}),
]


def _for_images(words: dict[str, Any]) -> dict[str, Any]:
    """The keywords of the layer of images that does the same to images one pixel high."""
    rows = {"strides": 1, "dilation_rate": 1, "output_padding": 0}
    return {name: (rows[name], value) if name in rows else value for name, value in words.items()}


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("activation", [None, "relu", "softmax"])
@pytest.mark.parametrize(("kind", "first", "words"), LINES)
def test_a_line_is_an_image_one_pixel_high(
    kind: str, first: tuple[int, ...], words: dict[str, Any], activation: str | None, data_format: str
) -> None:
    channels_first = data_format == "channels_first"
    (x,) = normals(1, (3, 4, 11) if channels_first else (3, 11, 4))
    shared = {"activation": activation, "data_format": data_format}
    line = getattr(layers, kind)(*first, 3, bias_initializer="random_normal", **words, **shared)
    image = getattr(layers, kind.replace("1D", "2D"))(*first, (1, 3), **_for_images(words), **shared)
    row = 2 if channels_first else 1
    y = line.forward(x)
    image.build(np.expand_dims(x, row).shape)
    image.set_weights([w if w.ndim == 1 else w[np.newaxis] for w in line.get_weights()])
    np.testing.assert_array_equal(y, image.forward(np.expand_dims(x, row)).squeeze(row))
    assert y.shape == line.compute_output_shape(x.shape)
    assert line.compute_output_shape((None, *x.shape[1:])) == (None, *y.shape[1:])
    (dy,) = normals(2, y.shape)
    np.testing.assert_array_equal(line.backward(dy), image.backward(np.expand_dims(dy, row)).squeeze(row))
    for ours, theirs in zip(line.weights, image.weights, strict=True):
        assert ours.name == theirs.name
        np.testing.assert_array_equal(ours.grad.ravel(), theirs.grad.ravel())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("Conv2D", {"groups": 2}),
        ("Conv2D", {"padding": "same", "strides": (2, 1)}),
        ("Conv2DTranspose", {"strides": 2}),
        ("SeparableConv2D", {"depth_multiplier": 2}),
    ],
)
@pytest.mark.parametrize("activation", ["relu", "softmax"])
def test_channels_first_is_the_same_with_its_axes_moved(kind: str, words: dict[str, Any], activation: str) -> None:
    """Softmax works on the last axis, which is the width here: Keras applies it to the output as it lies."""
    (x,) = normals(1, (2, 4, 8, 7))
    first = getattr(layers, kind)(6, 3, data_format="channels_first", activation=activation, **words)
    last = getattr(layers, kind)(6, 3, **words)
    y = first.forward(x)
    last.build((2, 8, 7, 4))
    last.set_weights(first.get_weights())
    plain = np.moveaxis(last.forward(np.moveaxis(x, 1, -1)), -1, 1)
    truth = np.maximum(plain, 0) if activation == "relu" else _softmax(plain)
    np.testing.assert_allclose(y, truth, rtol=1e-5, atol=1e-6)
    (dy,) = normals(2, y.shape)
    dx = first.backward(dy)
    back = dy * (truth > 0) if activation == "relu" else truth * (dy - (dy * truth).sum(-1, keepdims=True))
    np.testing.assert_allclose(dx, np.moveaxis(last.backward(np.moveaxis(back, 1, -1)), -1, 1), rtol=1e-4, atol=1e-5)


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    y: Array = e / e.sum(axis=-1, keepdims=True)
    return y


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_causal_padding_sees_nothing_of_what_comes(strides: int, data_format: str) -> None:
    dilation = 3 - strides
    layer = layers.Conv1D(4, 3, strides, "Causal", data_format, dilation)
    (x,) = normals(3, (2, 3, 9) if data_format == "channels_first" else (2, 9, 3))
    y = layer(x)
    words: dict[str, Any] = {"stride": strides, "dilation": dilation, "data_format": data_format}
    np.testing.assert_allclose(y, ops.conv1d(x, *layer.get_weights(), padding="causal", **words), rtol=1e-5, atol=1e-6)
    assert layer.padding == "causal"
    assert y.shape == layer.compute_output_shape(x.shape)
    later = x.copy()
    axis = 2 if data_format == "channels_first" else 1
    np.moveaxis(later, axis, 0)[5:] = 7
    unchanged = -(-5 // strides)
    np.testing.assert_array_equal(np.moveaxis(layer(later), axis, 0)[:unchanged], np.moveaxis(y, axis, 0)[:unchanged])


@pytest.mark.parametrize("kind", ["Conv2D", "DepthwiseConv2D", "Conv1DTranspose", "DepthwiseConv1D", "SeparableConv1D"])
def test_only_conv1d_is_causal(kind: str) -> None:
    first = () if kind.startswith("Depthwise") else (2,)
    with pytest.raises(ParameterError, match="`padding` argument must be one of 'valid', 'same'\\. Received: 'causal'"):
        getattr(layers, kind)(*first, 3, padding="causal")


@pytest.mark.parametrize("kind", ["Conv1D", "Conv1DTranspose", "SeparableConv1D"])
def test_configurations_come_back(kind: str) -> None:
    layer = getattr(layers, kind)(4, 3, padding="same", data_format="channels_first", activation="relu", use_bias=False)
    config = layer.get_config()
    assert (config["kernel_size"], config["strides"], config["data_format"]) == ((3,), (1,), "channels_first")
    twin = type(layer).from_config(config)
    assert twin.get_config() == config
    assert getattr(layers, kind.replace("Conv1D", "Convolution1D")) is type(layer)


def test_wrong_shapes() -> None:
    with pytest.raises(ShapeError, match="expected ndim=3, found ndim=4"):
        layers.Conv1D(2, 3)(np.zeros((1, 5, 5, 1)))
    layer = layers.Conv1D(2, 3, data_format="channels_first", name="c")
    layer(np.zeros((1, 3, 5)))
    with pytest.raises(ShapeError, match="layer 'c' is incompatible with the layer: expected axis 1 .* value 3"):
        layer(np.zeros((1, 4, 5)))
    text = (
        r"zero or negative\. Received `inputs shape=\(1, 2, 1\)`, `kernel shape=\(3, 1, 2\)`, `dilation_rate=\[1\]`, "
    )
    with pytest.raises(ShapeError, match=text):
        layers.Conv1D(2, 3)(np.zeros((1, 2, 1)))


def test_a_model_of_lines_learns_and_comes_back(tmp_path: Any) -> None:
    """Which of two frequencies a noisy wave has; saved, loaded and cloned, the model says the same."""
    convcore.utils.set_random_seed(1)
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 256)
    phases = np.linspace(0, 8, 48)[None] * (1 + labels[:, None]) + rng.uniform(0, 6, (256, 1))
    x = (np.sin(phases) + 0.3 * rng.standard_normal(phases.shape)).astype(np.float32)[..., None]
    model = Sequential(
        [
            layers.Input((48, 1)),
            layers.Conv1D(8, 5, padding="causal", activation="relu"),
            layers.SeparableConv1D(8, 5, strides=2, activation="relu"),
            layers.DepthwiseConv1D(3, padding="same", activation="relu"),
            layers.Conv1DTranspose(4, 3, strides=2),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=convcore.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, labels, epochs=20, verbose=0)
    assert model.evaluate(x, labels, verbose=0)[1] > 0.95
    model.save(tmp_path / "lines.keras")
    loaded = convcore.models.load_model(tmp_path / "lines.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    clone = convcore.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(x, verbose=0), model.predict(x, verbose=0))
