"""Every op on guarded arrays: inputs read-only and flush against a forbidden page, at one end, then at the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import numpy as np

from convcore import ops
from tests.cases import Conv, Dense, Pool
from tests.checks import conv_inputs, conv_outputs, digest, normals
from tests.guard import GuardedArena
from tests.reference import Array

CAPACITY = 16 << 20
ENDS: tuple[Literal["first", "last"], ...] = ("first", "last")


@cache
def arena(number: int) -> GuardedArena:
    """One arena for each argument position, used again by every case."""
    return GuardedArena(CAPACITY)


def _guard(arrays: list[Array], end: Literal["first", "last"], *, writable: bool = False) -> list[Array]:
    return [arena(number).place(array, end, writable=writable) for number, array in enumerate(arrays)]


def _results(case: Conv | Pool | Dense, arrays: list[Array]) -> list[Array]:
    if isinstance(case, Conv):
        x, w, bias, dy = arrays
        return list(conv_outputs(case, x, w, bias, dy).values())
    if isinstance(case, Pool):
        x, dy, indices = arrays
        y, found = ops.max_pool2d(x, return_indices=True, **case.arguments)
        return [y, found, ops.max_pool2d_backward(dy, indices, x.shape, **case.arguments)]
    x, w, bias, dy = arrays
    return [ops.dense(x, w, bias), ops.dense_backward_data(dy, w), *ops.dense_backward_weights(x, dy)]


def _inputs(case: Conv | Pool | Dense) -> list[Array]:
    if isinstance(case, Conv):
        return conv_inputs(case, 5, whole=False)
    if isinstance(case, Pool):
        x, dy = normals(6, case.input_shape, case.output_shape)
        return [x, dy, ops.max_pool2d(x, return_indices=True, **case.arguments)[1]]
    return normals(7, (case.n, case.inputs), (case.inputs, case.units), (case.units,), (case.n, case.units))


def run(case: Conv | Pool | Dense) -> None:
    """The results on guarded arrays are those on common ones, and no byte outside is touched."""
    arrays = _inputs(case)
    expected = digest(_results(case, arrays))
    for end in ENDS:
        assert digest(_results(case, _guard(arrays, end))) == expected, (case, end)


def run_pointwise() -> None:
    """Element-wise ops and optimizer steps for every remainder of a vector; the steps write in place."""
    for size in range(1, 71):
        (x,) = normals(size, (size,))
        rows = x.reshape(1, size)
        labels = np.array([size - 1])
        for end in ENDS:
            a, b, c = _guard([x, rows, labels], end)
            for op in (ops.relu, ops.sigmoid, ops.tanh):
                assert digest([op(a)]) == digest([op(x)]), (op, size, end)
            assert digest([ops.softmax(b)]) == digest([ops.softmax(rows)]), (size, end)
            assert digest(ops.softmax_cross_entropy(b, c)) == digest(ops.softmax_cross_entropy(rows, labels))
            for step in (ops.sgd_step, ops.adam_step, ops.rmsprop_step):
                _run_step(step, size, end)


def _run_step(step: Callable[..., None], size: int, end: Literal["first", "last"]) -> None:
    """An optimizer step, which writes into its arrays, on guarded ones."""
    w, g, m, v = normals(size + 1, *([(size,)] * 4))
    v = np.abs(v)

    def run_on(w: Array, g: Array, m: Array, v: Array) -> str:
        if step is ops.sgd_step:
            step(w, g, m, momentum=0.9)
        elif step is ops.adam_step:
            step(w, g, m, v, iteration=2)
        else:
            step(w, g, v, mean=m * 0, velocity=m, momentum=0.9)
        return digest([w, m, v])

    expected = run_on(w.copy(), g, m.copy(), v.copy())
    assert run_on(*_guard([w, g, m, v], end, writable=True)) == expected, (step, size, end)
