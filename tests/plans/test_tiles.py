"""Parts of a convolution: every output and every input is in one of them, with all that it needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convcore.plans import tiles
from convcore.plans.tiles import Part, Window
from convcore.shapes import Geometry, conv2d_geometry

CASES = {
    "plain": conv2d_geometry((3, 17, 19, 2), (3, 3, 2, 5)),
    "padded": conv2d_geometry((2, 17, 19, 2), (5, 3, 2, 5), padding="same", stride=2),
    "dilated": conv2d_geometry((1, 17, 19, 2), (3, 2, 2, 5), padding=4, dilation=(3, 5)),
    "long": conv2d_geometry((1, 1, 200, 4), (1, 9, 4, 3), padding=((0, 0), (4, 4))),
    "far": conv2d_geometry((1, 4, 5, 1), (1, 1, 1, 2), padding=6, stride=3),
    "strided far": conv2d_geometry((1, 19, 21, 3), (4, 3, 3, 2), padding=8, stride=(4, 3), dilation=(6, 5)),
    "wrapped far": replace(conv2d_geometry((2, 9, 8, 2), (3, 3, 2, 2), padding=6, dilation=3), border=4),
    "wrapped": replace(conv2d_geometry((2, 9, 8, 2), (5, 5, 2, 2), padding=2), border=4),
}


def marked(shape: tuple[int, ...], parts: list[Part], side: str) -> np.ndarray:
    """How many parts each pixel of `shape` (n, height, width) is in."""
    seen = np.zeros(shape, int)
    for part in parts:
        window: Window = getattr(part, side)
        rows = slice(window.row, window.row + window.rows)
        seen[part.first : part.first + part.g.n, rows, window.column : window.column + window.columns] += 1
    return seen


def taps(g: Geometry, row: int, column: int) -> set[tuple[int, int]]:
    """The pixels of x, those of its padding too, that an output reads."""
    return {(row * g.sh + i * g.dh - g.pt, column * g.sw + j * g.dw - g.pl) for i in range(g.kh) for j in range(g.kw)}


@pytest.mark.parametrize("most", [1, 60, 500, 4000, 10**6])
@pytest.mark.parametrize("g", CASES.values(), ids=CASES)
def test_each_output_is_computed_once_from_the_same_pixels(g: Geometry, most: int) -> None:
    parts = list(tiles.from_output(g, most))
    assert (marked((g.n, g.oh, g.ow), parts, "y") == 1).all()
    for part in parts:
        assert (part.g.ih, part.g.iw, part.g.oh, part.g.ow) == (
            part.x.rows,
            part.x.columns,
            part.y.rows,
            part.y.columns,
        )
        there = {(r, c) for r in range(part.g.ih) for c in range(part.g.iw)}
        for row, column in ((0, 0), (part.g.oh - 1, part.g.ow - 1)):
            whole = taps(g, part.y.row + row, part.y.column + column)
            own = taps(part.g, row, column)
            if part.g.border == g.border:  # which rows of padding a part has says nothing
                whole, own = {(r, c) for r, c in whole if 0 <= r < g.ih}, {(r, c) for r, c in own if 0 <= r < part.g.ih}
            assert {(r * part.x.step + part.x.row, c + part.x.column) for r, c in own} == whole
            if part.g.border == g.border:  # what is no padding is in the part
                assert {(r, c) for r, c in own if 0 <= c + part.x.column < g.iw} <= there


@pytest.mark.parametrize("most", [1, 60, 500, 4000, 10**6])
@pytest.mark.parametrize("g", CASES.values(), ids=CASES)
def test_each_input_has_its_gradient_once_from_all_outputs_that_read_it(g: Geometry, most: int) -> None:
    parts = list(tiles.from_x(g, most))
    assert (marked((g.n, g.ih, g.iw), parts, "x") == 1).all()
    for part in parts:
        for row in range(g.oh):
            for column in range(g.ow):
                met = {(r, c) for r, c in taps(g, row, column) if inside(part.x, r, c)}
                assert not met or inside(part.y, row, column)


def inside(window: Window, row: int, column: int) -> bool:
    of_rows = range(window.row, window.row + window.rows * window.step, window.step)
    return row in of_rows and 0 <= column - window.column < window.columns


def test_a_border_is_what_padding_repeats() -> None:
    g = CASES["wrapped"]
    assert not list(tiles.outside(replace(g, border=0)))
    for regions in (tiles.outside(g), (part.x for part in tiles.from_outside(g.with_batch(1), 60))):
        seen = np.zeros((g.ih + 4, g.iw + 4), int)
        for window in regions:
            rows = slice(2 + window.row, 2 + window.row + window.rows)
            seen[rows, 2 + window.column : 2 + window.column + window.columns] += 1
        expected = np.ones_like(seen)
        expected[2:-2, 2:-2] = 0
        np.testing.assert_array_equal(seen, expected)


def test_tiles_are_rows_if_one_of_them_fits() -> None:
    whole = Window(0, 100, 0, 10)
    assert {window.columns for window in tiles.tiles(whole, lambda rows, columns: rows * columns, 40)} == {10}
    assert {window.rows for window in tiles.tiles(whole, lambda rows, columns: rows * columns, 4)} == {1}
    assert list(tiles.tiles(whole, lambda rows, columns: rows * columns, 1000)) == [whole]


def test_images_that_need_not_be_copied_go_at_once() -> None:
    g = conv2d_geometry((7, 500, 500, 1), (3, 3, 1, 1))
    (part,) = tiles.from_output(g, 100)
    assert part.g == g
