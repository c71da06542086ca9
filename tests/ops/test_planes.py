"""How maps of every layout are read."""

from __future__ import annotations

from typing import Any

import pytest

from convcore.errors import ParameterError, ShapeError
from convcore.ops.planes import planes


def test_layouts() -> None:
    last, first = planes("x", (2, 5, 6, 3), "channels_last"), planes("x", (2, 3, 5, 6), "CHANNELS_FIRST")
    assert last.images == (2, 5, 6, 3)
    assert first.images == (6, 5, 6, 1)
    assert (last.shape(4, 7), first.shape(4, 7)) == ((2, 4, 7, 3), (2, 3, 4, 7))
    assert (last.pooled(keepdims=True), first.pooled(keepdims=True)) == ((2, 1, 1, 3), (2, 3, 1, 1))
    assert last.pooled(keepdims=False) == first.pooled(keepdims=False) == (2, 3)
    long, tall = planes("x", (2, 6, 3), "channels_last", 1), planes("x", (2, 3, 6), "channels_first", 1)
    assert (long.images, tall.images) == ((2, 1, 6, 3), (6, 1, 6, 1))
    assert (long.shape(1, 4), tall.shape(1, 4)) == ((2, 4, 3), (2, 3, 4))


@pytest.mark.parametrize("shape", [(), (1,), (5, 6, 3), (1, 2, 3, 4, 5), (1, 0, 6, 3), (1, 5, 0, 3), (1, 5, 6, 0)])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_shapes_that_are_no_images(shape: tuple[int, ...], layout: str) -> None:
    with pytest.raises(ShapeError, match="^x: "):
        planes("x", shape, layout)


@pytest.mark.parametrize("layout", [None, "NHWC", b"channels_last", 1, ["channels_last"]])
def test_words_that_are_no_layouts(layout: Any) -> None:
    with pytest.raises(ParameterError, match="^data_format: "):
        planes("x", (1, 2, 3, 4), layout)
