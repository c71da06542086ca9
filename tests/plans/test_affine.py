"""What is planned to resample images, and what the random maps are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convcore.plans import affine
from convcore.plans.affine import Ranges, Resampling
from convcore.plans.steps import Steps
from tests.plans.recorded import kernels
from tests.reference import Array

HEIGHT, WIDTH = 5, 8


def drawn(ranges: Ranges, n: int = 600, key: int = 3, step: int = 1) -> Array:
    """The maps of n images."""
    steps = Steps("float64")
    state = np.array([0, step], np.uint64)
    maps = affine.random_affine(steps, n, (HEIGHT, WIDTH), key, steps.bind(state), ranges)
    kept = np.empty((n, affine.MAP))
    steps.add("copy_columns", {"n": n, "count": 8, "ic": 8, "oc": 8}, maps, steps.bind(kept), work=n)
    steps.build().run(())
    return kept


def centred(maps: Array) -> Array:
    """The same, counted from the centre: (a0, a1, shift, b0, b1, shift)."""
    x, y = (WIDTH - 1) / 2, (HEIGHT - 1) / 2
    result = maps[:, :6].copy()
    result[:, 2] += maps[:, 0] * x + maps[:, 1] * y - x
    result[:, 5] += maps[:, 3] * x + maps[:, 4] * y - y
    return result


def test_steps() -> None:
    steps = Steps()
    r = Resampling(6, 4, 4, 3, 4, 4, 2, 3, "bilinear", 1, 0.0)
    x, maps, y = (steps.external(-1) for _ in range(3))
    affine.affine(steps, r, x, maps, y)
    affine.affine_backward(steps, r, y, maps, x)
    assert kernels(steps) == ["affine", "affine_backward"]
    assert {**r.fields(), "n": 6, "groups": 3, "count": 2, "kind": 1, "border": 1} == r.fields()


def test_without_ranges_the_map_is_the_identity() -> None:
    np.testing.assert_array_equal(drawn(Ranges()), [[1, 0, 0, 0, 1, 0, 0, 0]] * 600)


@pytest.mark.parametrize("quarters", range(-9, 10))
def test_quarter_turns_are_exact(quarters: int) -> None:
    maps = centred(drawn(Ranges(turn=(quarters / 4, quarters / 4)), 1))[0]
    cosine, sine = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarters % 4]
    np.testing.assert_array_equal(maps, [cosine, -sine, 0, sine, cosine, 0])


def test_turns() -> None:
    maps = centred(drawn(Ranges(turn=(-1.0, 1.0))))
    np.testing.assert_allclose(maps[:, 0] ** 2 + maps[:, 3] ** 2, 1, rtol=1e-15)
    np.testing.assert_allclose(maps, maps[:, [4, 1, 2, 3, 0, 5]] * [1, 1, 0, 1, 1, 0], atol=2e-15)
    for turn in np.linspace(-1, 1, 57):
        a0, a1, _, b0, *_ = centred(drawn(Ranges(turn=(turn, turn)), 1))[0]
        assert (a0, a1, b0) == pytest.approx(
            (math.cos(2 * math.pi * turn), -math.sin(2 * math.pi * turn), math.sin(2 * math.pi * turn)), abs=1e-15
        )


def test_zooms_and_shifts_fill_their_ranges() -> None:
    ranges = Ranges(zoom_h=(0.5, 0.7), zoom_w=(1.2, 1.9), shift_h=(-0.5, 0.25), shift_w=(0.1, 0.2))
    maps = centred(drawn(ranges))
    for column, low, high in ((4, 0.5, 0.7), (0, 1.2, 1.9), (5, -0.25 * HEIGHT, 0.5 * HEIGHT), (2, -0.2 * WIDTH, -0.8)):
        values = maps[:, column]
        assert low <= values.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < values.max() <= high
        assert values.mean() == pytest.approx((low + high) / 2, abs=0.05 * (high - low))
    np.testing.assert_array_equal(maps[:, [1, 3]], 0)
    aspect = drawn(Ranges(zoom_h=(0.5, 0.7), zoom_w=(0.5, 0.7), keeps_aspect=True))
    np.testing.assert_array_equal(aspect[:, 0], aspect[:, 4])


@pytest.mark.parametrize(("flips_h", "flips_w"), [(True, False), (False, True), (True, True)])
def test_flips(flips_h: bool, flips_w: bool) -> None:
    maps = drawn(Ranges(flips_h=flips_h, flips_w=flips_w))
    flipped = maps[:, 0] + maps[:, 4] < 2
    assert flipped.mean() == pytest.approx(0.5, abs=0.1)
    x, y = (-1, WIDTH - 1) if flips_w else (1, 0), (-1, HEIGHT - 1) if flips_h else (1, 0)
    np.testing.assert_array_equal(maps[flipped], [[x[0], 0, x[1], 0, y[0], y[1], 0, 0]] * flipped.sum())


def test_keys_and_steps_draw_their_own() -> None:
    ranges = Ranges(shift_h=(-1.0, 1.0), shift_w=(-1.0, 1.0))
    first = drawn(ranges)
    np.testing.assert_array_equal(drawn(ranges), first)
    np.testing.assert_array_equal(drawn(ranges, 400), first[:400])
    for other in (drawn(ranges, key=4), drawn(ranges, step=2)):
        assert not np.isin(other[:, 2], first[:, 2]).any()
    assert len(np.unique(first[:, 2])) == len(np.unique(first[:, 5])) == 600
