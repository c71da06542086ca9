"""The parts of a padded image whose gradient comes back; `tests/ops/test_convolution.py` checks what is computed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from convcore.geometries import BORDERS
from convcore.plans import border, conv
from convcore.plans.steps import Steps
from convcore.shapes import conv2d_geometry
from tests.plans.recorded import all_scratch_is_back, kernels


def planned(n: int, padding: object, mode: int) -> Steps:
    g = replace(conv2d_geometry((n, 20, 30, 8), (3, 3, 8, 4), padding=padding), border=mode)
    steps = Steps()
    dy, w, dx = (steps.external(-1) for _ in range(3))
    conv.backward_data(steps, g, dy, w, dx)
    return steps


def test_the_kernels_number_borders_as_plans_do() -> None:
    header = Path(__file__).parents[2] / "src" / "kernels" / "band.h"
    members = re.findall(r"enum border \{([^}]*)\}", header.read_text(encoding="utf-8"))
    assert [name.strip().lower() for name in members[0].split(",")] == list(BORDERS)


def test_zeros_have_no_gradient() -> None:
    assert "add_border" not in kernels(planned(2, 1, 0))


def test_each_side_that_is_padded_comes_back() -> None:
    assert kernels(planned(2, 1, 2)).count("add_border") == 4
    assert kernels(planned(2, ((1, 0), (0, 2)), 2)).count("add_border") == 2
    assert kernels(planned(2, 0, 2)).count("add_border") == 0


def test_a_large_batch_comes_back_in_parts() -> None:
    steps = planned(5000, 1, 3)
    assert kernels(steps).count("add_border") > 4
    turned = 4 * 3 * 3 * 8 * 4
    assert steps.layout.size <= border.MOST_STRIP_BYTES + turned + 64
    assert all_scratch_is_back(steps)
