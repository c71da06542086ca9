"""ImageDataGenerator over arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors
from convcore.stand_ins.generators import ImageDataGenerator

X = np.random.default_rng(0).uniform(0, 255, size=(10, 6, 8, 3)).astype("float32")
Y = np.arange(10)


def one(image: Any = X[0], **words: Any) -> Any:
    return ImageDataGenerator(**words).random_transform(image)


def test_batches_by_number_and_one_after_the_other() -> None:
    batches = ImageDataGenerator(rescale=1 / 255).flow(X, Y, batch_size=4, seed=1)
    assert [len(batches[index][0]) for index in range(len(batches))] == [4, 4, 2]
    seen = np.concatenate([next(batches)[1] for _ in range(3)])
    assert sorted(seen) == list(range(10))
    x, y = batches.next()
    np.testing.assert_allclose(x, X[y] / 255, rtol=1e-6)
    assert next(iter(ImageDataGenerator().flow(X, shuffle=False))).shape == X.shape
    weighted = ImageDataGenerator().flow(X, Y, sample_weight=Y / 10, shuffle=False)[0]
    np.testing.assert_array_equal(weighted[2], Y / 10)


def test_subsets_share_the_data() -> None:
    generator = ImageDataGenerator(validation_split=0.3)
    parts = [generator.flow(X, Y, subset=subset, ignore_class_split=True) for subset in ("validation", "training")]
    assert [sorted(part.y) for part in parts] == [[0, 1, 2], [3, 4, 5, 6, 7, 8, 9]]
    assert len(generator.flow(X, Y % 2, subset="training").x) == 7
    with pytest.raises(errors.ParameterError, match="different number of classes after the split"):
        generator.flow(X, Y, subset="training")
    with pytest.raises(errors.ParameterError, match="Invalid subset name: test"):
        generator.flow(X, Y, subset="test")


def test_a_model_learns_from_it() -> None:
    model = keras.Sequential([keras.Input((6, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    batches = ImageDataGenerator(width_shift_range=0.1, horizontal_flip=True, rescale=1 / 255).flow(X, Y, batch_size=4)
    assert len(model.fit(batches, epochs=2, verbose=0).history["loss"]) == 2
    model.fit(batches, steps_per_epoch=2, verbose=0)
    assert model.predict(ImageDataGenerator().flow(X, shuffle=False, batch_size=3), verbose=0).shape == (10, 10)


def test_what_is_done_to_images() -> None:
    image = X[0]
    np.testing.assert_array_equal(one(), image)
    flips = {one(horizontal_flip=True).tobytes() for _ in range(30)}
    assert flips == {image.tobytes(), np.ascontiguousarray(image[:, ::-1]).tobytes()}
    flips = {one(vertical_flip=True).tobytes() for _ in range(30)}
    assert flips == {image.tobytes(), np.ascontiguousarray(image[::-1]).tobytes()}
    half = ImageDataGenerator(zoom_range=(0.5, 0.5)).random_transform(np.arange(9.0).reshape(3, 3, 1))
    np.testing.assert_allclose(half[..., 0], [[2, 2.5, 3], [3.5, 4, 4.5], [5, 5.5, 6]])
    for words in ({"rotation_range": 40}, {"shear_range": 30.0}, {"height_shift_range": [2], "fill_mode": "constant"}):
        assert np.abs(one(**words) - image).max() > 1


def test_normalization() -> None:
    generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    generator.fit(X)
    y = generator.standardize(X)
    np.testing.assert_allclose([y.mean((0, 1, 2)), y.std((0, 1, 2))], [[0] * 3, [1] * 3], atol=1e-4)
    each = ImageDataGenerator(samplewise_center=True, samplewise_std_normalization=True).standardize(X)
    np.testing.assert_allclose([each.mean((1, 2, 3)), each.std((1, 2, 3))], [[0] * 10, [1] * 10], atol=1e-4)
    scaled = ImageDataGenerator(featurewise_std_normalization=True, featurewise_center=True, rescale=1 / 255)
    with pytest.warns(UserWarning, match="hasn't been fit on any training data"):
        scaled.standardize(X)
    scaled.fit(X)
    np.testing.assert_allclose(scaled.standardize(X), y, atol=1e-4)
    for which in ("featurewise", "samplewise"):
        with pytest.warns(UserWarning, match=f"overrides setting of `{which}_center`"):
            ImageDataGenerator(**{f"{which}_std_normalization": True})
    doubled = ImageDataGenerator(preprocessing_function=lambda image: 2 * image).standardize(X[0])
    np.testing.assert_array_equal(doubled, 2 * X[0])


def test_functions_of_users_see_one_image() -> None:
    shapes = []
    batches = ImageDataGenerator(preprocessing_function=lambda image: shapes.append(image.shape) or -image).flow(X)
    assert next(batches).max() <= 0
    assert shapes == [(6, 8, 3)] * 10


def test_whole_shifts_and_lists_of_them() -> None:
    image = np.arange(25, dtype=np.float32).reshape(5, 5, 1)
    words: dict[str, Any] = {"fill_mode": "constant", "cval": -1}
    seen = {float(one(image, width_shift_range=2, **words)[0, 2, 0]) for _ in range(60)}
    assert seen == {1, 2, 3}
    seen = {float(one(image, height_shift_range=[0, 2], **words)[2, 0, 0]) for _ in range(60)}
    assert seen == {0, 10, 20}


@pytest.mark.parametrize("dtype", [None, "float32", "float64"])
def test_batches_are_of_the_dtype(dtype: Any) -> None:
    for words in ({}, {"rotation_range": 20.0, "rescale": 1 / 3}):
        generator = ImageDataGenerator(dtype=dtype, **words)  # type: ignore[arg-type]
        assert next(generator.flow(X.astype("uint8"))).dtype == (dtype or "float32")
    assert generator.random_transform(X[0]).dtype == generator.standardize(X).dtype == (dtype or "float32")


def test_channels_are_where_the_format_says() -> None:
    turned = np.ascontiguousarray(X.transpose(0, 3, 1, 2))
    words: dict[str, Any] = {"rotation_range": 30, "width_shift_range": 0.2, "featurewise_center": True}
    last, first = (ImageDataGenerator(**words, data_format=f"channels_{end}") for end in ("last", "first"))
    last.fit(X)
    first.fit(turned)
    pair = [next(generator.flow(x, seed=3)) for generator, x in ((last, X), (first, turned))]
    np.testing.assert_allclose(pair[0].transpose(0, 3, 1, 2), pair[1], atol=1e-4)
    keras.backend.set_image_data_format("channels_first")
    try:
        assert ImageDataGenerator().data_format == "channels_first"
    finally:
        keras.backend.set_image_data_format("channels_last")


@pytest.mark.parametrize(
    ("use", "error", "match"),
    [
        (lambda: ImageDataGenerator(zca_whitening=True), errors.NotSupportedError, "`zca_whitening`"),
        (lambda: ImageDataGenerator(dtype="uint8"), errors.NotSupportedError, "`dtype`.*'uint8'"),
        (lambda: ImageDataGenerator(data_format="last"), errors.ParameterError, "data_format=last"),
        (lambda: ImageDataGenerator(brightness_range=(0, 1)), errors.NotSupportedError, "`brightness_range`"),
        (lambda: ImageDataGenerator().flow(X, save_to_dir="x"), errors.NotSupportedError, "`save_to_dir`"),  # type: ignore[arg-type]
        (lambda: ImageDataGenerator().flow_from_directory("x"), errors.NotSupportedError, "flow_from_directory"),
        (lambda: ImageDataGenerator().flow(X[0]), errors.ParameterError, "should have rank 4"),
        (lambda: ImageDataGenerator().flow(X, Y[:3]), errors.ParameterError, "the same length"),
        (lambda: ImageDataGenerator().fit(X, augment=True), errors.NotSupportedError, "augment=True"),
        (lambda: ImageDataGenerator().fit(X[0]), errors.ParameterError, "should have rank 4"),
    ],
)
def test_the_rest_is_refused(use: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        use()
