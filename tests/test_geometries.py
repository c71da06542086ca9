"""Borders, layouts, lines and transposed convolutions: integers and words only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import geometries
from convcore.errors import ParameterError, ResourceLimitError, ShapeError
from convcore.geometries import conv2d_transpose_geometry
from convcore.shapes import LARGEST, resolve_padding


def test_borders_have_the_names_of_their_pictures() -> None:
    assert [geometries.border_mode(name) for name in geometries.BORDERS] == [0, 1, 2, 3, 4]
    assert geometries.border_mode("WRAP") == 4


@pytest.mark.parametrize("bad", ["Reflect", "", b"edge", None, 1, True, ["edge"], 2.5, np.ones(2)])
def test_other_borders_are_refused(bad: Any) -> None:
    with pytest.raises(ParameterError, match="padding_mode"):
        geometries.border_mode(bad)


def test_foreign_names_get_a_hint() -> None:
    for name, ours in (("replicate", "edge"), ("circular", "wrap"), ("constant", "zeros")):
        with pytest.raises(ParameterError, match=f"Did you mean '{ours}'"):
            geometries.border_mode(name)


def test_data_formats() -> None:
    assert geometries.channels_first("Channels_First")
    assert not geometries.channels_first("channels_last")
    for bad in ("NCHW", None, 1, b"channels_last", []):
        with pytest.raises(ParameterError, match="channels_last"):
            geometries.channels_first(bad)
    assert geometries.moved_channels((2, 3, 4, 5), first=True) == (2, 4, 5, 3)
    assert geometries.moved_channels((2, 3, 4, 5), first=False) == (2, 3, 4, 5)
    assert geometries.moved_channels((2, 3), first=True) == (2, 3)


def test_lines_are_images_one_pixel_high() -> None:
    assert geometries.line_shape("x", (2, 9, 3), "n, length, channels") == (2, 1, 9, 3)
    assert geometries.line_shape("w", (5, 3, 4), "size, channels, filters") == (1, 5, 3, 4)
    with pytest.raises(ShapeError, match=r"x: expected 3 dimensions .*\(2, 9\)"):
        geometries.line_shape("x", (2, 9), "n, length, channels")
    assert geometries.single("stride", 2) == geometries.single("stride", (2,)) == 2
    with pytest.raises(ParameterError, match="stride"):
        geometries.single("stride", (1, 2))


def test_padding_of_lines() -> None:
    def pads(padding: Any, kernel: int = 4, dilation: int = 2) -> Any:
        words = geometries.line_padding(padding, kernel, dilation)
        return resolve_padding(words, (1, 20), (1, kernel), (1, 1), (1, dilation))

    assert pads("causal") == ((0, 0), (6, 0))
    assert pads("valid") == ((0, 0), (0, 0))
    assert pads("same") == ((0, 0), (3, 3))
    assert pads("same_lower", kernel=2, dilation=1) == ((0, 0), (1, 0))
    assert pads(3) == pads((3,)) == ((0, 0), (3, 3))
    assert pads((1, 2)) == ((0, 0), (1, 2))
    for bad in ("full", b"same", -1, 1.5, (1, 2, 3), None, (-1, 0)):
        with pytest.raises(ParameterError, match="padding"):
            pads(bad)


@pytest.mark.parametrize("kernel", range(1, 6))
@pytest.mark.parametrize("stride", range(1, 5))
def test_keras_sizes_of_transposed_convolutions(kernel: int, stride: int) -> None:
    for size in (1, 2, 7):
        shape, w_shape = (2, size, size, 3), (kernel, kernel, 4, 3)
        g = conv2d_transpose_geometry(shape, w_shape, stride=stride, padding="valid")
        assert g.x_shape == (2, *[(size - 1) * stride + max(kernel, stride)] * 2, 4)
        assert g.y_shape == shape
        g = conv2d_transpose_geometry(shape, w_shape, stride=stride, padding="SAME")
        assert g.ih == g.iw == size * stride
        for added in range(stride):
            g = conv2d_transpose_geometry(shape, w_shape, stride=stride, padding="valid", output_padding=added)
            assert g.ih == (size - 1) * stride + kernel + added
            wanted = (size - 1) * stride + kernel % 2 + added
            if wanted:
                g = conv2d_transpose_geometry(shape, w_shape, stride=stride, padding="same", output_padding=added)
                assert g.ih == wanted


def test_explicit_padding_is_cut_off() -> None:
    g = conv2d_transpose_geometry(
        (1, 5, 6, 2), (3, 4, 7, 2), stride=(2, 3), padding=(1, 2), output_padding=(1, 2), dilation=(2, 1)
    )
    assert (g.ih, g.iw) == (4 * 2 - 2 + 4 + 1 + 1, 5 * 3 - 4 + 3 + 2 + 1)
    assert (g.pt, g.pl) == (1, 2)
    g = conv2d_transpose_geometry((1, 5, 6, 2), (3, 4, 7, 2), padding=((2, 0), (0, 3)))
    assert (g.ih, g.iw, g.pt, g.pl) == (5, 6, 2, 0)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ParameterError, {"padding": "causal"}),
        (ParameterError, {"padding": b"same"}),
        (ParameterError, {"padding": -1}),
        (ParameterError, {"padding": 0, "output_padding": 2, "stride": 2}),
        (ParameterError, {"output_padding": -1}),
        (ParameterError, {"output_padding": (1, 2, 3)}),
        (ParameterError, {"stride": 0}),
        (ParameterError, {"stride": LARGEST}),
        (ParameterError, {"dilation": LARGEST}),
        (ShapeError, {"padding": 4}),
        (ShapeError, {"padding": ((7, 0), (0, 0))}),
    ],
)
def test_what_is_no_transposed_convolution_is_refused(error: type[Exception], words: dict[str, Any]) -> None:
    with pytest.raises(error):
        conv2d_transpose_geometry((1, 5, 5, 2), (3, 3, 4, 2), **words)


def test_shapes_of_transposed_convolutions() -> None:
    with pytest.raises(ShapeError, match="2 channels.*takes 3.*height, width, filters // groups, channels"):
        conv2d_transpose_geometry((1, 5, 5, 2), (3, 3, 2, 3))
    for w_shape in ((3, 3, 2), (3, 0, 4, 2)):
        with pytest.raises(ShapeError, match="w: expected 4"):
            conv2d_transpose_geometry((1, 5, 5, 2), w_shape)
    with pytest.raises(ResourceLimitError, match="exceeds"):
        conv2d_transpose_geometry((1, 2000, 2000, 8), (1, 1, 8, 8), stride=100_000)


def test_images_that_can_be_resampled() -> None:
    geometries.check_resampled(2**15, 2**14, 1)
    for size in ((2**15, 2**15, 1), (1, 2**28, 4)):
        with pytest.raises(ResourceLimitError, match="cannot be resampled"):
            geometries.check_resampled(*size)


def test_sides_of_an_image() -> None:
    assert geometries.sides("padding", 2) == ((2, 2), (2, 2))
    assert geometries.sides("padding", [1, 0]) == ((1, 1), (0, 0))
    assert geometries.sides("padding", ((1, 2), [3, 0])) == ((1, 2), (3, 0))
    for bad in (-1, "1", (1, -1), (1, (2, 3)), ((1, 2), (3, 4), (5, 6)), ((1,), (2, 3)), 2.0):
        with pytest.raises(ParameterError, match="^padding"):
            geometries.sides("padding", bad)


def test_frames_and_larger_images() -> None:
    g = geometries.frame_geometry((2, 5, 6, 3), (1, -2), (0, 4))
    assert (g.x_shape, g.y_shape, g.pt, g.pb, g.pl, g.pr) == ((2, 5, 6, 3), (2, 4, 10, 3), 1, -2, 0, 4)
    with pytest.raises(ShapeError, match=r"cropping \(\(2, 3\), \(0, 0\)\) leaves nothing of images of 5x6 pixels"):
        geometries.frame_geometry((2, 5, 6, 3), (-2, -3), (0, 0))
    g = geometries.upsample_geometry((2, 5, 6, 3), (2, 3))
    assert (g.x_shape, g.y_shape, g.kh, g.kw) == ((2, 5, 6, 3), (2, 10, 18, 3), 2, 3)
    for size in (LARGEST, (LARGEST, 1), (2**26, 2**27)):
        with pytest.raises(ResourceLimitError, match="on each axis, and"):
            geometries.upsample_geometry((1, 5, 6, 3), size)


def test_arguments_of_lines_are_those_of_images_one_pixel_high() -> None:
    assert geometries.single("stride", 2) == geometries.single("stride", [2]) == 2
    assert (geometries.line_pixels(3), geometries.line_pixels([1, 2])) == ((0, 3), ((0, 0), (1, 2)))
    for bad in (0, 1.5, (1, 2), None, True, "2"):
        with pytest.raises(ParameterError, match="stride"):
            geometries.single("stride", bad)
    for wrong in (-1, 1.5, (1,), (1, -1), (1, 2, 3), None, "same"):
        with pytest.raises(ParameterError, match="padding"):
            geometries.line_pixels(wrong)
