"""What layers of images share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers
from convcore.layers.images import ImageLayer, RandomImageLayer

IMAGE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


@pytest.mark.parametrize("make", [lambda: layers.CenterCrop(2, 2), lambda: layers.RandomContrast(0.5, seed=1)])
def test_single_images_and_batches(make: Any) -> None:
    assert isinstance(make(), ImageLayer)
    y = make()(IMAGE)
    np.testing.assert_array_equal(y, make()(IMAGE[None])[0])
    assert y.dtype == np.float32
    with pytest.raises(errors.ShapeError, match=r"rank 3 (\(single image\) )?or 4"):
        make()(np.zeros((4, 4)))
    with pytest.raises(errors.NotSupportedError, match="dictionaries as inputs"):
        make()({"images": IMAGE})


def test_random_ones_augment_unless_told_otherwise() -> None:
    layer = layers.RandomBrightness((0.5, 0.5))
    assert isinstance(layer, RandomImageLayer)
    assert np.any(layer(IMAGE) != IMAGE)
    np.testing.assert_array_equal(layer(IMAGE, training=False), IMAGE)
    model = keras.Sequential([layer])
    assert np.any(model(IMAGE[None]) != IMAGE)
    np.testing.assert_array_equal(model.predict(IMAGE[None], verbose=0), IMAGE[None])
