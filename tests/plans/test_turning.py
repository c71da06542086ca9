"""Turned weights in slices: the same bits as all at once; `tests/ops/test_workspace.py` counts the bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.ops import convolving
from convcore.ops.dense import _dense_program
from convcore.plans import dense
from convcore.plans.steps import Steps
from convcore.plans.turning import Turned
from convcore.shapes import conv2d_geometry
from tests.checks import digest, normals
from tests.plans.recorded import all_scratch_is_back, kernels

CASES: list[dict[str, Any]] = [
    {"x": (2, 7, 8, 40), "w": (3, 3, 40, 20), "padding": 1},
    {"x": (2, 7, 8, 37), "w": (3, 2, 37, 5), "stride": 2, "dilation": 1},
    {"x": (3, 6, 5, 33), "w": (1, 1, 33, 19)},
    {"x": (9, 3, 3, 24), "w": (3, 3, 24, 40)},
    {"x": (2, 7, 8, 48), "w": (3, 3, 16, 60), "groups": 3, "padding": "same"},
    {"x": (2, 7, 8, 12), "w": (3, 3, 2, 18), "groups": 6, "stride": 2},
    {"x": (2, 7, 8, 30), "w": (3, 3, 30, 8), "padding": 2, "padding_mode": "mirror"},
]


@pytest.fixture
def sliced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Sets how many bytes of turned weights fit."""
    caches = convolving._data_program, _dense_program

    def limit(size: int) -> None:
        monkeypatch.setattr(dense, "MOST_TURNED_BYTES", size)
        for cache in caches:
            cache.cache_clear()

    yield limit
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_slices_give_the_same_bits(case: dict[str, Any], dtype: type, sliced: Callable[[int], None]) -> None:
    words = {name: value for name, value in case.items() if name not in {"x", "w"}}
    x, w, bias = (array.astype(dtype) for array in normals(1, case["x"], case["w"], case["x"][-1:]))
    dy = normals(2, ops.conv2d(x, w, **words).shape)[0].astype(dtype)

    def call() -> str:
        results = [ops.conv2d_backward_data(dy, w, case["x"], **words)]
        if words.get("padding_mode") is None:
            crops = {"padding": words.get("padding", "valid")} | {"stride": words.get("stride", 1)}
            words_of = crops | {"groups": words.get("groups", 1), "activation": "relu"}
            results.append(ops.conv2d_transpose(dy, w, bias, **words_of))
        return digest(results)

    sliced(1 << 30)
    expected = call()
    item = np.dtype(dtype).itemsize
    column = int(np.prod(case["w"][:2])) * case["w"][-1] // words.get("groups", 1) * item
    for columns in (1, 5, 17, 2 * case["w"][2]):
        sliced(columns * column)
        assert call() == expected, columns


@pytest.mark.parametrize("n", [3, 9, 40])
def test_slices_of_a_matrix_give_the_same_bits(n: int, sliced: Callable[[int], None]) -> None:
    dy, w = normals(3, (n, 70), (300, 70))
    sliced(1 << 30)
    expected = digest([ops.dense_backward_data(dy, w)])
    for columns in (1, 15, 16, 17, 50, 299):
        sliced(columns * 70 * 4)
        assert digest([ops.dense_backward_data(dy, w)]) == expected, columns


def test_what_fits_is_turned_at_once() -> None:
    g = conv2d_geometry((2, 9, 9, 64), (3, 3, 64, 64))
    steps = Steps()
    dy, w, dx = (steps.external(-1) for _ in range(3))
    turned = Turned(steps, g, w)
    turned.spread(g, dy, None, dx)
    turned.release()
    assert turned.whole
    assert kernels(steps) == ["conv2d_turn_weights", "conv2d_backward_data"]
    assert all_scratch_is_back(steps)


@pytest.mark.parametrize("groups", [1, 2, 1024])
def test_what_does_not_fit_takes_the_same_place_slice_by_slice(groups: int) -> None:
    kernel, padding = ((71, 71), 40) if groups > 2 else ((3, 3), 0)
    g = conv2d_geometry((1, 9, 9, 3072), (*kernel, 3072 // groups, 2048), groups=groups, padding=padding)
    steps = Steps()
    dy, w, dx = (steps.external(-1) for _ in range(3))
    turned = Turned(steps, g, w)
    turned.spread(g, dy, None, dx)
    turned.release()
    assert not turned.whole
    assert 4 < len(kernels(steps)) < 40
    assert dense.MOST_TURNED_BYTES // 2 < steps.layout.size <= dense.MOST_TURNED_BYTES
    assert all_scratch_is_back(steps)
