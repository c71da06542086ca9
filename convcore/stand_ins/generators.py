"""``keras.preprocessing.image.ImageDataGenerator``: batches of arrays, each image changed at random."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import ops, random
from convcore.errors import MissingAttributeError, NotSupportedError, ParameterError
from convcore.layers.formats import data_format_word, image_data_format
from convcore.utils import PyDataset

__all__ = ["IMAGE", "ImageDataGenerator", "NumpyArrayIterator"]

Array = npt.NDArray[Any]


class ImageDataGenerator:
    """What is done to images, at random but for rescaling and normalization: turned by up to `rotation_range` degrees,
    shifted by parts of their sizes (or pixels, from 1 on), sheared, zoomed and flipped.

    Images are of `dtype`, "float32" or "float64", and in `data_format`, by default that of
    `image_data_format`. `fit` finds what featurewise normalization takes.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[Array], Array] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        refused = {
            "brightness_range": brightness_range,
            "channel_shift_range": channel_shift_range or None,
            "dtype": None if dtype is None or np.dtype(dtype) in (np.float32, np.float64) else dtype,
            "zca_whitening": zca_whitening or None,
        }
        for name, value in refused.items():
            if value is not None:
                raise NotSupportedError(
                    f"convcore does not implement `{name}` of ImageDataGenerator (supported: rotation, shifts, shear, "
                    f"zoom, flips, normalization). Received: {name}={value!r}"
                )
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if dtype is None else dtype)
        self.data_format = image_data_format() if data_format is None else data_format_word(data_format)
        self.featurewise = _moments("featurewise", featurewise_center, featurewise_std_normalization)
        self.samplewise = _moments("samplewise", samplewise_center, samplewise_std_normalization)
        self.rotation, self.shear = float(rotation_range), float(shear_range)
        self.shifts = (height_shift_range, width_shift_range)
        zoom = (1 - zoom_range, 1 + zoom_range) if isinstance(zoom_range, int | float) else tuple(zoom_range)
        self.zoom = (float(zoom[0]), float(zoom[1]))
        self.flips = (vertical_flip, horizontal_flip)
        self.fill_mode, self.cval, self.rescale = fill_mode, float(cval), rescale
        self.interpolation = "nearest" if interpolation_order == 0 else "bilinear"
        self.preprocessing_function, self.validation_split = preprocessing_function, validation_split
        self.mean: Any = None
        self.std: Any = None

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Find the mean and the deviation of each channel in images `x`, rescaled."""
        if augment:
            raise NotSupportedError(
                "convcore does not implement augment=True of ImageDataGenerator.fit (supported: statistics of the "
                "images as they are)"
            )
        images = np.asarray(x, np.float64)
        if images.ndim != 4:
            raise ParameterError(f"Input to `.fit()` should have rank 4. Got array with shape: {images.shape}")
        images = images * (self.rescale or 1)
        axes = (0, 1, 2) if self.data_format == "channels_last" else (0, 2, 3)
        centred, scaled = self.featurewise
        self.mean = images.mean(axes, keepdims=True)[0] if centred else None
        self.std = images.std(axes, keepdims=True)[0] if scaled else None

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """The batches of arrays, of which `subset` takes the "validation" part, the first, or the "training" part."""
        if save_to_dir is not None:
            raise NotSupportedError("convcore does not implement `save_to_dir` of ImageDataGenerator.flow")
        arrays = [None if each is None else np.asarray(each) for each in (x, y, sample_weight)]
        if subset is not None:
            if subset not in ("training", "validation"):
                raise ParameterError(f'Invalid subset name: {subset}; expected "training" or "validation".')
            split = int(len(np.asarray(x)) * self.validation_split)
            labels = arrays[1]
            if not (labels is None or ignore_class_split or _same_values(labels[:split], labels[split:])):
                raise ParameterError(
                    "Training and validation subsets have different number of classes after the split. If your numpy "
                    "arrays are sorted by the label, you might want to shuffle them."
                )
            part = slice(None, split) if subset == "validation" else slice(split, None)
            arrays = [None if each is None else each[part] for each in arrays]
        return NumpyArrayIterator(self, arrays, batch_size, shuffle, random.generator(seed))

    def standardize(self, x: Any) -> Array:
        """`x`, one image or several, rescaled and normalized."""
        images = np.asarray(x, self.dtype)
        if self.preprocessing_function is not None:
            images = np.asarray(self.preprocessing_function(images), self.dtype)
        if self.rescale:
            images = images * self.dtype.type(self.rescale)
        axes = (-3, -2, -1)
        if self.samplewise[0]:
            images = images - images.mean(axes, keepdims=True)
        if self.samplewise[1]:
            images = images / (images.std(axes, keepdims=True) + 1e-6)
        if self.featurewise[0] and self.mean is None:
            warnings.warn(
                "This ImageDataGenerator specifies `featurewise_center`, but it hasn't been fit on any training data. "
                "Fit it first by calling `.fit(numpy_data)`.",
                UserWarning,
                stacklevel=2,
            )
        if self.mean is not None:
            images = images - self.mean
        if self.std is not None:
            images = images / (self.std + 1e-6)
        return np.asarray(images, self.dtype)

    def random_transform(self, x: Any, seed: int | None = None) -> Array:
        """One image, changed at random."""
        return np.asarray(self._transformed(np.asarray(x, self.dtype)[np.newaxis], random.generator(seed))[0])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise MissingAttributeError(
            f"convcore does not implement {name} of ImageDataGenerator (supported: fit, flow, random_transform, "
            "standardize)"
        )

    def _transformed(self, images: Array, draws: np.random.Generator) -> Array:
        count, height, width = np.take(images.shape, (0, 1, 2) if self.data_format == "channels_last" else (0, 2, 3))
        maps = np.stack([self._map(height, width, draws) for _ in range(count)]) if count else np.zeros((0, 8))
        still = np.array([1.0, 0, 0, 0, 1, 0, 0, 0])
        if not np.any(maps != still):
            return images
        return ops.affine_transform(images, maps, self.interpolation, self.fill_mode, self.cval, self.data_format)

    def _map(self, height: int, width: int, draws: np.random.Generator) -> npt.NDArray[np.float64]:
        """From the places of an output to those of its image, as eight numbers."""
        turn, shear = (np.deg2rad(draws.uniform(-size, size)) for size in (self.rotation, self.shear))
        down, right = (_shift(*each, draws) for each in zip(self.shifts, (height, width), strict=True))
        rows, columns = draws.uniform(*self.zoom, 2) if self.zoom != (1.0, 1.0) else (1.0, 1.0)
        whole = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        whole = whole @ [[1, 0, down], [0, 1, right], [0, 0, 1]]
        whole = whole @ [[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]]
        whole = whole @ np.diag([rows, columns, 1.0])
        for axis, (flips, drawn) in enumerate(zip(self.flips, draws.random(2), strict=True)):
            if flips and drawn < 0.5:
                whole = whole @ np.diag([-1.0 if each == axis else 1.0 for each in range(3)])
        middle = np.array([[1, 0, (height - 1) / 2], [0, 1, (width - 1) / 2], [0, 0, 1]])
        (b1, b0, b2), (a1, a0, a2), _ = middle @ whole @ np.linalg.inv(middle)
        return np.array([a0, a1, a2, b0, b1, b2, 0, 0])


def _moments(which: str, center: bool, std_normalization: bool) -> tuple[bool, bool]:
    """Whether means go and whether deviations become 1, which takes the former."""
    if std_normalization and not center:
        warnings.warn(
            f"This ImageDataGenerator specifies `{which}_std_normalization`, which overrides setting of "
            f"`{which}_center`.",
            UserWarning,
            stacklevel=3,
        )
    return bool(center or std_normalization), bool(std_normalization)


def _same_values(one: Array, other: Array) -> bool:
    return np.array_equal(np.unique(one), np.unique(other))


def _shift(size: Any, length: int, draws: np.random.Generator) -> float:
    """How far to go, in pixels: `size` is a largest part of the `length`, or of pixels from 1 on; a whole number that
    the number of pixels stays below; or the pixels from which to choose."""
    if isinstance(size, float):
        drawn = draws.uniform(-size, size)
    else:
        drawn = (draws.choice(size) if np.any(size) else 0) * draws.choice((-1, 1))
    return float(drawn * (length if np.max(size) < 1 else 1))


class NumpyArrayIterator(PyDataset):
    """The batches of `ImageDataGenerator.flow`: by number, or one after the other for ever."""

    def __init__(
        self,
        generator: ImageDataGenerator,
        arrays: list[Array | None],
        batch_size: int,
        shuffle: bool,
        draws: np.random.Generator,
    ) -> None:
        super().__init__()
        self.image_data_generator, self.batch_size, self._shuffle = generator, int(batch_size), shuffle
        self.x, self.y, self.sample_weight = arrays
        if self.x is None or self.x.ndim != 4:
            shape = None if self.x is None else self.x.shape
            raise ParameterError(f"Input data in `NumpyArrayIterator` should have rank 4. Got: {shape}")
        if self.y is not None and len(self.y) != len(self.x):
            raise ParameterError(
                f"`x` (images tensor) and `y` (labels) should have the same length. Found: {len(self.x)}, {len(self.y)}"
            )
        self.n, self._draws, self._next = len(self.x), draws, 0
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Shuffle."""
        self._order = self._draws.permutation(self.n) if self._shuffle else np.arange(self.n)

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        generator = self.image_data_generator
        x = generator._transformed(np.asarray(self.x, generator.dtype)[chosen], self._draws)
        x = np.stack([generator.standardize(image) for image in x]) if len(x) else x
        rest = [each[chosen] for each in (self.y, self.sample_weight) if each is not None]
        return (x, *rest) if rest else x

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._next == len(self):
            self._next = 0
            self.on_epoch_end()
        self._next += 1
        return self[self._next - 1]

    next = __next__


IMAGE: dict[str, Any] = {"ImageDataGenerator": ImageDataGenerator, "NumpyArrayIterator": NumpyArrayIterator}
