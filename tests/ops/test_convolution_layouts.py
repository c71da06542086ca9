"""Convolutions of images whose channels stand first, and with borders that repeat the image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ParameterError
from convcore.ops import convolving
from convcore.plans import border, conv, images
from tests.cases import EDGE_CONVS, THREADED_CONVS, Conv
from tests.checks import conv_inputs, conv_outputs, digest, integers
from tests.reference import Array

EDGES = [case for case in EDGE_CONVS if case.n]
# Taps so far apart that tiles take their rows alone.
FAR = [
    Conv("far", 2, 13, 14, 3, 4, (3, 2), padding=((5, 4), (3, 3)), dilation=(4, 3)),
    Conv("far-stride", 1, 19, 21, 3, 2, (4, 3), stride=(4, 3), padding=8, dilation=(6, 5)),
    Conv("far-beyond", 1, 4, 5, 2, 3, (2, 2), stride=(3, 2), padding=9, dilation=(5, 4)),
    Conv("far-groups", 1, 12, 11, 4, 6, (3, 3), stride=(2, 1), padding=4, dilation=(5, 4), groups=2),
    Conv("far-border", 2, 9, 8, 3, 2, (3, 3), padding=6, dilation=(3, 3), border="wrap"),
]


def same_bits(a: Array, b: Array) -> None:
    assert digest([a]) == digest([b])


@pytest.fixture(params=[400, 4000])
def small_tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if only so many bytes of images fitted, and of sums of weights."""
    caches = [each for each in vars(convolving).values() if hasattr(each, "cache_clear")]
    monkeypatch.setattr(images, "MOST_BYTES", request.param)
    monkeypatch.setattr(border, "MOST_STRIP_BYTES", request.param)
    monkeypatch.setattr(conv, "MOST_PARTIAL_BYTES", 8 * request.param)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


class TestChannelsFirst:
    """The same numbers, laid out as PyTorch has them; weights stay as they are."""

    @pytest.mark.parametrize("case", [*EDGES, *THREADED_CONVS], ids=str)
    def test_it_is_the_same_convolution(self, case: Conv) -> None:
        x, w, bias, dy = conv_inputs(case, 31, whole=True)
        last = conv_outputs(case, x, w, bias, dy)
        x, dy = (np.ascontiguousarray(np.moveaxis(a, -1, 1)) for a in (x, dy))
        options = {**case.arguments, "data_format": "channels_first"}
        for count in (1, 3):
            with runtime.threads(count):
                y = ops.conv2d(x, w, bias, activation="relu", **options)
                dx = ops.conv2d_backward_data(dy, w, x.shape, **options)
                dw, db = ops.conv2d_backward_weights(x, dy, w.shape, **options)
            same_bits(np.ascontiguousarray(np.moveaxis(y, 1, -1)), last["relu"])
            same_bits(np.ascontiguousarray(np.moveaxis(dx, 1, -1)), last["dx"])
            same_bits(dw, last["dw"])
            same_bits(db, last["db"])

    @pytest.mark.parametrize("case", [*EDGES, *FAR], ids=str)
    def test_images_go_in_tiles_where_they_are_large(self, case: Conv, small_tiles: None) -> None:
        x, w, bias, dy = conv_inputs(case, 36, whole=True)
        last = conv_outputs(case, x, w, bias, dy)
        x, dy = (np.ascontiguousarray(np.moveaxis(a, -1, 1)) for a in (x, dy))
        options = {**case.arguments, "data_format": "channels_first"}
        y = ops.conv2d(x, w, bias, activation="relu", **options)
        same_bits(np.ascontiguousarray(np.moveaxis(y, 1, -1)), last["relu"])
        dx = ops.conv2d_backward_data(dy, w, x.shape, **options)
        same_bits(np.ascontiguousarray(np.moveaxis(dx, 1, -1)), last["dx"])
        dw, db = ops.conv2d_backward_weights(x, dy, w.shape, **options)
        same_bits(dw, last["dw"])
        same_bits(db, last["db"])

    def test_transposed_ones_go_in_tiles_too(self, small_tiles: None) -> None:
        x, w, bias, dy = integers(37, (2, 9, 10, 5), (3, 4, 7, 5), (7,), (2, 18, 20, 7))
        words = {"stride": 2, "padding": "same"}
        last = ops.conv2d_transpose(x, w, bias, activation="relu", **words)
        gradients = ops.conv2d_transpose_backward_weights(x, dy, w.shape, **words)
        dx = ops.conv2d_transpose_backward_data(dy, w, x.shape, **words)
        x, dy = (np.ascontiguousarray(np.moveaxis(a, -1, 1)) for a in (x, dy))
        first = {**words, "data_format": "channels_first"}
        y = ops.conv2d_transpose(x, w, bias, activation="relu", **first)
        np.testing.assert_array_equal(np.moveaxis(y, 1, -1), last)
        of_x = ops.conv2d_transpose_backward_data(dy, w, x.shape, **first)
        np.testing.assert_array_equal(np.moveaxis(of_x, 1, -1), dx)
        for ours, theirs in zip(ops.conv2d_transpose_backward_weights(x, dy, w.shape, **first), gradients, strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_many_parts_of_a_batch(self) -> None:
        case = Conv("parts", 45, 64, 64, 16, 3, (3, 3), padding=1)
        x, w, bias, dy = conv_inputs(case, 32, whole=True)
        last = conv_outputs(case, x, w, bias, dy)
        x, dy = (np.moveaxis(a, -1, 1) for a in (x, dy))
        options = {**case.arguments, "data_format": "channels_first"}
        np.testing.assert_array_equal(np.moveaxis(ops.conv2d(x, w, bias, **options), 1, -1), last["y"])
        dx = ops.conv2d_backward_data(dy, w, x.shape, **options)
        np.testing.assert_array_equal(np.moveaxis(dx, 1, -1), last["dx"])
        for gradient, name in zip(ops.conv2d_backward_weights(x, dy, w.shape, **options), ("dw", "db"), strict=True):
            np.testing.assert_array_equal(gradient, last[name])

    def test_an_empty_batch(self) -> None:
        x, w = np.zeros((0, 3, 5, 6), np.float32), np.zeros((2, 2, 3, 4), np.float32)
        y = ops.conv2d(x, w, data_format="channels_first")
        assert y.shape == (0, 4, 4, 5)
        assert ops.conv2d_backward_data(y, w, x.shape, data_format="channels_first").shape == x.shape
        dw, db = ops.conv2d_backward_weights(x, y, w.shape, data_format="channels_first")
        assert (dw.shape, db.shape) == (w.shape, (4,))


class TestBorders:
    def test_a_wrapped_image_is_a_torus(self) -> None:
        """Rolling the image rolls the result, and no place is special: the gradient of a sum is the same everywhere."""
        x, w = integers(33, (2, 6, 7, 3), (3, 3, 3, 5))
        y = ops.conv2d(x, w, padding="same", padding_mode="wrap")
        rolled = ops.conv2d(np.roll(x, (2, 3), (1, 2)), w, padding="same", padding_mode="wrap")
        np.testing.assert_array_equal(rolled, np.roll(y, (2, 3), (1, 2)))
        dx = ops.conv2d_backward_data(np.ones_like(y), w, x.shape, padding="same", padding_mode="wrap")
        np.testing.assert_array_equal(dx, np.broadcast_to(dx[:1, :1, :1], dx.shape))

    def test_reflect_is_refused_with_both_its_meanings(self) -> None:
        x, w = integers(34, (1, 4, 4, 1), (3, 3, 1, 1))
        with pytest.raises(ParameterError, match=r"mirror.*NumPy, PyTorch.*symmetric.*SciPy, OpenCV"):
            ops.conv2d(x, w, padding=1, padding_mode="reflect")
