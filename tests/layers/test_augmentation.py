"""The layers that change images at random in training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import layers
from convcore.errors import ConvcoreError, NotSupportedError, ParameterError, ShapeError
from tests.checks import normals

COUNTED = np.arange(25, dtype=np.float32).reshape(1, 5, 5, 1)
EVERY: list[tuple[str, tuple[Any, ...]]] = [
    ("RandomFlip", ("horizontal",)),
    ("RandomRotation", (0.2,)),
    ("RandomTranslation", (0.3, 0.2)),
    ("RandomZoom", (0.4,)),
]


def make(name: str, arguments: tuple[Any, ...], **words: Any) -> Any:
    return getattr(layers, name)(*arguments, **words)


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_what_they_share(name: str, arguments: tuple[Any, ...]) -> None:
    (x,) = normals(1, (20, 6, 8, 3))
    layer = make(name, arguments, seed=3)
    np.testing.assert_array_equal(layer(x, training=False), x)
    y = layer(x, training=True)
    assert (y.shape, y.dtype) == (x.shape, np.float32)
    changed = [not np.array_equal(a, b) for a, b in zip(x, y, strict=True)]
    assert any(changed)
    assert name == "RandomFlip" or all(changed)
    np.testing.assert_array_equal(make(name, arguments, seed=3)(x), y)  # augments unless told otherwise
    assert not np.array_equal(layer(x), y)
    assert not np.array_equal(make(name, arguments, seed=4)(x), y)
    first = make(name, arguments, seed=3, data_format="channels_first")
    np.testing.assert_array_equal(first(x.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1), y)
    twin = type(layer).from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    np.testing.assert_array_equal(twin(x), y)
    assert layer.compute_output_shape((None, 6, 8, 3)) == (None, 6, 8, 3)
    assert layer.weights == []


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_single_images_and_dtypes(name: str, arguments: tuple[Any, ...]) -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    y = make(name, arguments, seed=3)(image)
    np.testing.assert_array_equal(y, make(name, arguments, seed=3)(image[None])[0])
    assert (y.shape, y.dtype) == (image.shape, np.float32)
    with pytest.raises(ShapeError, match=r"rank 3 \(single image\) or 4"):
        make(name, arguments)(np.zeros((4, 4)))
    with pytest.raises(NotSupportedError, match=f"dictionaries as inputs of keras.layers.{name}"):
        make(name, arguments)({"images": image[None]})
    with pytest.raises(NotSupportedError, match="bounding_box_format"):
        make(name, arguments, bounding_box_format="xyxy")


def test_shifts() -> None:
    down = layers.RandomTranslation((0.2, 0.2), 0, fill_mode="constant", fill_value=-1.0)(COUNTED)[0, :, :, 0]
    np.testing.assert_array_equal(down[1:], COUNTED[0, :-1, :, 0])
    np.testing.assert_array_equal(down[0], -1)
    left = layers.RandomTranslation(0, (-0.2, -0.2), fill_mode="reflect")(COUNTED)[0, :, :, 0]
    np.testing.assert_array_equal(left[:, :-1], COUNTED[0, :, 1:, 0])
    np.testing.assert_array_equal(left[:, -1], COUNTED[0, :, -1, 0])
    wrapped = layers.RandomTranslation((0.2, 0.2), (0.4, 0.4), "wrap", "nearest")(COUNTED)
    np.testing.assert_array_equal(wrapped, np.roll(COUNTED, (1, 2), axis=(1, 2)))
    half = layers.RandomTranslation((0.1, 0.1), 0, "nearest")(COUNTED)[0, :, :, 0]
    np.testing.assert_allclose(half[1:], (COUNTED[0, 1:, :, 0] + COUNTED[0, :-1, :, 0]) / 2, rtol=1e-6)


def test_zooms() -> None:
    """The numbers of Keras's own tests."""
    out = layers.RandomZoom((0.5, 0.5), (0.8, 0.8), fill_mode="constant")(COUNTED)[0, 1:4, 1:4, 0]
    np.testing.assert_allclose(out, [[2.7, 4.5, 6.3], [10.2, 12.0, 13.8], [17.7, 19.5, 21.3]], rtol=1e-6)
    near = layers.RandomZoom((-0.5, -0.5), (-0.5, -0.5), fill_mode="constant")(COUNTED)[0, :, :, 0]
    np.testing.assert_allclose(near, np.add.outer([6.0, 8.5, 11.0, 13.5, 16.0], np.arange(5) / 2), rtol=1e-6)
    (x,) = normals(2, (1, 7, 7, 1))
    alone, both = (layers.RandomZoom(*factors, seed=1)(x) for factors in ((0.5,), (0.5, 0.5)))
    assert not np.array_equal(alone, both)


def test_rotations() -> None:
    for quarters in range(-4, 5):
        turned = layers.RandomRotation((quarters / 4, quarters / 4))(COUNTED)
        np.testing.assert_array_equal(turned, np.rot90(COUNTED, quarters, axes=(1, 2)))
    np.testing.assert_array_equal(layers.RandomRotation(None)(COUNTED), COUNTED)


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_flips(mode: str) -> None:
    (x,) = normals(3, (200, 3, 5, 2))
    x[0, 1, 1] = np.nan, np.inf
    axes = [axis for axis, word in ((0, "vertical"), (1, "horizontal")) if word in mode]
    flipped = 0
    for image, seen in zip(x, layers.RandomFlip(mode, seed=1)(x), strict=True):
        whole = np.array_equal(seen, np.flip(image, axes), equal_nan=True)
        assert whole or np.array_equal(seen, image, equal_nan=True)
        flipped += whole
    assert 70 < flipped < 130


@pytest.mark.parametrize(
    ("make_one", "error", "match"),
    [
        (lambda: layers.RandomTranslation([0.1, 0.2, 0.3], 0.0), ParameterError, r"Received: height_factor=\[0.1"),
        (lambda: layers.RandomTranslation(0.0, {"a": 0.3}), ParameterError, r"range \[-1.0, 1.0\]. Received: width_f"),
        (lambda: layers.RandomTranslation(-1.1, 0.0), ParameterError, "height_factor=-1.1"),
        (lambda: layers.RandomTranslation((-1.1, 0.0), 0.0), ParameterError, "height_factor"),
        (lambda: layers.RandomTranslation(np.nan, 0.0), ParameterError, "height_factor"),
        (lambda: layers.RandomZoom(-1.0), ParameterError, r"range \(-1.0, 1.0\]. Received: height_factor=-1.0"),
        (lambda: layers.RandomZoom((-1.0, 0.0)), ParameterError, "height_factor"),
        (lambda: layers.RandomZoom(0.1, 1.5), ParameterError, "width_factor=1.5"),
        (lambda: layers.RandomRotation(2), ParameterError, r"range \[-1, 1\]. Received: factor=2"),
        (lambda: layers.RandomRotation(0.1, fill_mode="edge"), NotSupportedError, "Unknown `fill_mode` edge. Expected"),
        (lambda: layers.RandomZoom(0.1, interpolation="cubic"), NotSupportedError, "Unknown `interpolation` cubic."),
        (lambda: layers.RandomZoom(0.1, fill_value=np.inf), ParameterError, "fill_value"),
        (lambda: layers.RandomFlip("diagonal"), ParameterError, "mode='diagonal'"),
        (lambda: layers.RandomFlip(seed=-1), ParameterError, "seed"),
        (lambda: layers.RandomFlip(data_format="NHWC"), ParameterError, "data_format"),
        (lambda: layers.RandomFlip(factor=1), ParameterError, "Unrecognized keyword arguments"),
    ],
)
def test_what_is_refused(make_one: Any, error: type[ConvcoreError], match: str) -> None:
    with pytest.raises(error, match=match):
        make_one()


def augmented() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.RandomTranslation(0.2, 0.2, seed=1),
            layers.RandomRotation(0.1, seed=2),
            layers.Conv2D(4, 3, activation="relu"),
            layers.RandomFlip("horizontal", seed=3),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def test_models_augment_in_training_only(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    (x,) = normals(4, (30, 8, 8, 1))
    y = np.arange(30) % 3
    model, twin = augmented(), augmented()
    twin.set_weights(model.get_weights())
    plain = [each for each in model.layers if not each.name.startswith("random")]
    expected = x
    for layer in plain:
        expected = layer(expected)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5)
    np.testing.assert_array_equal(model(x), model(x, training=False))
    assert not np.array_equal(model(x, training=True), model(x))
    for each in (model, twin):
        each.compile("sgd", "sparse_categorical_crossentropy")
        each.fit(x, y, epochs=2, batch_size=10, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    for each in (model, again):
        each.fit(x, y, epochs=1, batch_size=10, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_of_augmentation_augments_when_called() -> None:
    (x,) = normals(5, (4, 8, 8, 1))
    model = keras.Sequential([layers.Rescaling(1.0), layers.RandomRotation(0.2)])
    assert not np.array_equal(model(x), x)
    np.testing.assert_array_equal(model(x, training=False), x)
    np.testing.assert_array_equal(model.predict(x, verbose=0), x)
