"""Where the channels are, unless a layer says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from convcore import backend, layers
from convcore.errors import ParameterError
from convcore.layers import formats


@pytest.fixture(autouse=True)
def _last() -> Iterator[None]:
    yield
    formats.set_image_data_format("channels_last")


def test_layers_take_what_is_set_when_they_are_made() -> None:
    before = layers.Conv2D(2, 3)
    backend.set_image_data_format("channels_first")
    assert backend.image_data_format() == "channels_first"
    made = [layers.Conv2D(2, 3), layers.MaxPooling2D(), layers.Flatten(), layers.Conv1D(2, 3), layers.ZeroPadding2D()]
    assert {layer.data_format for layer in made} == {"channels_first"}
    assert before.data_format == layers.Conv2D(2, 3, data_format="channels_last").data_format == "channels_last"
    assert layers.Conv2D(4, 3).compute_output_shape((None, 3, 8, 8)) == (None, 4, 6, 6)


def test_other_words_are_refused() -> None:
    with pytest.raises(ParameterError, match="data_format=first"):
        formats.set_image_data_format("first")


def test_numbers_of_rescaling_follow_the_channels() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    formats.set_image_data_format("channels_first")
    y = layers.Rescaling([1.0, 2.0, 3.0], 0.5)(x)
    np.testing.assert_array_equal(y, x * np.float32([1, 2, 3]).reshape(3, 1, 1) + np.float32(0.5))
