"""Shapes and geometry: integers only, Keras's padding, and sizes that no image has are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import shapes
from convcore.errors import ConvcoreError, ParameterError, ResourceLimitError, ShapeError
from tests import reference
from tests.cases import random_convs, random_pools

HUGE = shapes.LARGEST


NO_INTEGERS: list[Any] = [True, 1.0, "1", None, 1j, [1], np.float32(1), np.ones(2, int), 10**400, 10**5000]


@pytest.mark.parametrize("value", NO_INTEGERS, ids=lambda value: type(value).__name__)
def test_what_is_no_integer_in_range_is_refused_in_short(value: Any) -> None:
    with pytest.raises(ParameterError, match="^stride: ") as caught:
        shapes.integer("stride", value, 1)
    assert len(str(caught.value)) < 250


def test_integers_of_numpy_and_bounds() -> None:
    assert shapes.integer("n", np.uint8(3), 1) == 3
    assert type(shapes.integer("n", np.int64(3), 1)) is int
    assert [shapes.integer("n", value, 1, 4) for value in (1, 4)] == [1, 4]
    for value in (0, 5, -1):
        with pytest.raises(ParameterError, match="from 1 to 4"):
            shapes.integer("n", value, 1, 4)


def test_pairs() -> None:
    assert shapes.pair("stride", 2) == shapes.pair("stride", [2, 2]) == (2, 2)
    assert shapes.pair("padding", (0, 1), 0) == (0, 1)
    for bad in ((), (1,), (1, 2, 3), [[1, 2]], ((1, 2), 3), list(range(100_000))):
        with pytest.raises(ParameterError, match="stride") as caught:
            shapes.pair("stride", bad)
        assert len(str(caught.value)) < 250


@pytest.mark.parametrize("size", range(1, 12))
def test_same_padding_is_keras_s(size: int) -> None:
    for kernel in range(1, 6):
        for stride in range(1, 5):
            for dilation in (1, 2):
                pads = shapes.resolve_padding("SAME", (size, size), (kernel,) * 2, (stride,) * 2, (dilation,) * 2)
                before, after = pads[0]
                assert 0 <= after - before <= 1
                assert (size + before + after - dilation * (kernel - 1) - 1) // stride + 1 == -(-size // stride)

                lower = shapes.resolve_padding(
                    "same_lower", (size, size), (kernel,) * 2, (stride,) * 2, (dilation,) * 2
                )
                assert lower == ((after, before), (after, before))


@pytest.mark.parametrize("padding", ["samee", "", b"same", 1.5, None, (1,), (1, 2, 3), ((1, 2), (3,)), ((1, 2), 3), -1])
def test_other_paddings_are_refused(padding: Any) -> None:
    with pytest.raises(ParameterError, match="padding"):
        shapes.resolve_padding(padding, (8, 8), (3, 3), (1, 1), (1, 1))


def test_geometry_of_random_problems() -> None:
    for case in random_convs(5, 200):
        words = {name: word for name, word in case.arguments.items() if name != "padding_mode"}
        g = shapes.conv2d_geometry(case.input_shape, case.kernel_shape, **words)
        assert g.y_shape == case.output_shape
        assert g.x_shape == case.input_shape
        assert g.w_shape == case.kernel_shape
        assert (g.pt, g.pl) == (case.pads[0][0], case.pads[1][0])
    for pool in random_pools(6, 200):
        g = shapes.pool2d_geometry(pool.input_shape, **pool.arguments)
        assert g.y_shape == pool.output_shape


def test_groups_of_channels() -> None:
    g = shapes.conv2d_geometry((2, 9, 8, 6), (3, 2, 2, 12), groups=3)
    assert (g.groups, g.w_shape, g.w_size) == (3, (3, 2, 2, 12), 144)
    assert g.multiply_adds == 2 * g.oh * g.ow * 144
    for groups in (0, -1, 1.5, True, "2", None, [1]):
        with pytest.raises(ParameterError, match="groups"):
            shapes.conv2d_geometry((2, 9, 8, 6), (3, 2, 2, 12), groups=groups)
    with pytest.raises(ShapeError, match=r"x has 6 channels .* w takes 2 in each of 4 groups"):
        shapes.conv2d_geometry((2, 9, 8, 6), (3, 2, 2, 12), groups=4)
    with pytest.raises(ShapeError, match=r"w has 10 filters .* groups=3 does not divide"):
        shapes.conv2d_geometry((2, 9, 8, 6), (3, 2, 2, 10), groups=3)


def test_geometry_on_another_batch_or_part() -> None:
    g = shapes.conv2d_geometry((2, 9, 8, 3), (3, 2, 3, 5), padding=1)
    assert g.with_batch(7).y_shape == (7, *g.y_shape[1:])
    assert g.resized(ih=5, iw=4, oh=3, ow=3).x_shape == (2, 5, 4, 3)
    assert g.multiply_adds == 2 * g.oh * g.ow * 5 * 3 * 2 * 3
    assert g.fields()["kh"] == 3
    assert reference.output_size((9, 8), (3, 2), (1, 1), ((1, 1), (1, 1))) == (g.oh, g.ow)


def conv(**options: Any) -> shapes.Geometry:
    return shapes.conv2d_geometry((1, 32, 32, 1), options.pop("w", (3, 3, 1, 4)), **options)


@pytest.mark.parametrize("dilation", [HUGE, (1, HUGE), (HUGE // 2 + 1, 1)])
def test_a_window_that_no_image_holds_is_a_wrong_dilation(dilation: Any) -> None:
    with pytest.raises(ParameterError, match="^dilation: "):
        conv(dilation=dilation)


def test_a_window_beyond_this_image_is_a_wrong_shape() -> None:
    for options in ({"dilation": 16}, {"dilation": HUGE // 2 - 1}, {"w": (33, 1, 1, 4)}):
        with pytest.raises(ShapeError, match="larger than the padded image"):
            conv(**options)
    # One tap is not moved by a dilation, however large.
    assert conv(w=(1, 1, 1, 4), dilation=HUGE).y_shape == (1, 32, 32, 4)


@pytest.mark.parametrize("stride", [1, HUGE])
@pytest.mark.parametrize("padding", [HUGE, (0, HUGE), ((0, 0), (HUGE, HUGE)), ((HUGE, 0), (0, 0))])
def test_an_image_padded_beyond_all_images_is_a_wrong_padding(padding: Any, stride: int) -> None:
    with pytest.raises(ParameterError, match="^padding: "):
        conv(padding=padding, stride=stride)


def test_a_padded_image_whose_size_would_overflow_is_refused() -> None:
    with pytest.raises(ResourceLimitError):
        conv(padding=HUGE // 2 - 100, stride=HUGE)


def test_the_largest_stride_leaves_one_output() -> None:
    assert conv(stride=HUGE).y_shape == (1, 1, 1, 4)
    assert shapes.pool2d_geometry((1, 5, 5, 2), pool_size=2, stride=HUGE).y_shape == (1, 1, 1, 2)


def test_padding_of_a_pool_leaves_a_pixel_in_each_window() -> None:
    assert shapes.pool2d_geometry((1, 6, 6, 1), pool_size=3, padding=1).y_shape == (1, 2, 2, 1)
    for window, padding in ((3, 2), (2, ((0, 0), (0, 2))), (1, 1), (HUGE, HUGE)):
        with pytest.raises(ParameterError, match="half of pool_size|less than pool_size"):
            shapes.pool2d_geometry((1, 6, 6, 1), pool_size=window, padding=padding)


@pytest.mark.parametrize(
    ("x", "w", "words"),
    [
        ((8, 8, 3), (3, 3, 3, 4), r"x\[None\]"),
        ((1, 8, 8, 3), (3, 3, 3), "HWIO"),
        ((1, 8, 8, 3), (3, 3, 2, 4), "3 channels .* takes 2"),
        ((1, 0, 8, 3), (3, 3, 3, 4), "at least 1"),
        ((1, 8, 8, 3), (3, 3, 3, 0), "at least 1"),
    ],
)
def test_shapes_that_do_not_fit(x: tuple[int, ...], w: tuple[int, ...], words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        shapes.conv2d_geometry(x, w)


@pytest.mark.parametrize("value", [None, 5, "abcd", (1, 2, 3), (1, 2, 3, -4), (1, 2, 3, 2**31), (1, 2, 3, 4.0)])
def test_shapes_as_arguments(value: Any) -> None:
    assert shapes.shape_argument("input_shape", [np.int64(1), 2, 3, 0], 4) == (1, 2, 3, 0)
    with pytest.raises(ConvcoreError, match="input_shape"):
        shapes.shape_argument("input_shape", value, 4)


def test_a_plane_beyond_what_indices_reach_is_refused() -> None:
    with pytest.raises(ShapeError, match="50000x50000"):
        shapes.pool2d_geometry((1, 50_000, 50_000, 1), pool_size=1000)
    assert shapes.pool2d_geometry((1, 2**15, 2**15, 1), pool_size=1000).oh == 32


def outputs(size: int, **options: Any) -> int:
    return shapes.pool2d_geometry((1, 1, size, 1), **{"pool_size": (1, 3), "ceil_mode": True, **options}).ow


def test_ceil_mode_is_pytorch_s() -> None:
    """A rest gives one output more, unless its window would begin beyond the image."""
    assert [outputs(size, stride=2) for size in (3, 4, 5, 6)] == [1, 2, 2, 3]
    assert [outputs(size, stride=2, padding=(0, 1)) for size in (2, 3, 4, 5)] == [2, 2, 3, 3]
    assert outputs(2, stride=2) == 1  # a window larger than the image
    assert outputs(4, stride=4) == 1  # it would begin behind the image
    assert outputs(7, pool_size=(1, 2), stride=2, padding=(0, 1)) == 4
    assert outputs(8, dilation=2, stride=2) == 3
    with pytest.raises(ShapeError, match="larger than the padded image"):
        outputs(1, pool_size=(1, 5), stride=1)
    for size in range(1, 9):
        for word in ("same", "same_lower"):
            assert outputs(size, stride=2, padding=word) == -(-size // 2)


def test_every_window_of_a_dilated_pool_holds_a_pixel() -> None:
    assert shapes.pool2d_geometry((1, 1, 3, 1), pool_size=(1, 3), stride=1, dilation=2, padding=(0, 2)).ow == 3
    with pytest.raises(ParameterError, match=r"^dilation: .*no pixel of an image of 1x1"):
        shapes.pool2d_geometry((1, 1, 1, 1), pool_size=(1, 2), dilation=2, padding=(0, 1))
    with pytest.raises(ParameterError, match=r"half of pool_size \(1, 2\) with dilation \(4, 4\)"):
        shapes.pool2d_geometry((1, 1, 9, 1), pool_size=(1, 2), dilation=4, padding=(0, 3))


def test_orders_of_axes() -> None:
    assert shapes.axes_order("order", (2, 0, 1), 3) == (2, 0, 1)
    assert shapes.axes_order("dims", [np.int64(2), 1], 2, 1) == (1, 0)
    for order in ((0, 1), (1, 1), (1, 3), (1, 2, 3), "12", 5, None, (1.0, 2)):
        with pytest.raises(ParameterError, match="dims"):
            shapes.axes_order("dims", order, 2, 1)
