"""Steps under construction: what their buffers are, and the program they become."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.engine import native
from convcore.plans.steps import Buffer, Steps


def test_buffers_of_the_three_kinds() -> None:
    steps = Steps("float64")
    held = np.zeros(4)
    assert steps.external(8) == Buffer("external", 0, 0)
    assert steps.external(8, written=True) == Buffer("external", 1, 0)
    assert steps.bind(held) == steps.bind(held) == Buffer("bound", 0, 0)
    assert steps.bind(held.copy()) == Buffer("bound", 1, 0)
    assert steps.bind(held).at(16) == Buffer("bound", 0, 16)
    assert [steps.reals(8), steps.reals(1)] == [Buffer("arena", 0, 0), Buffer("arena", 0, 64)]


def test_only_the_arena_s_memory_is_released() -> None:
    steps = Steps()
    bound, first = steps.bind(np.zeros(1, np.float32)), steps.reals(10)
    steps.release(bound)
    steps.release(steps.external(4))
    steps.release(first)
    assert steps.reals(10) == first


def test_continued_steps_share_memory_and_externals() -> None:
    steps = Steps()
    steps.reals(16)
    x = steps.external(64)
    following = steps.continued()
    assert following.external(64).index == x.index + 1
    assert following.reals(16).offset == 64
    assert steps.layout.size == following.layout.size == 128
    assert following.steps == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_program_computes_through_all_three_kinds(dtype: str) -> None:
    """Three times x -> 2 x + 1, through the arena and a bound array."""
    steps = Steps(dtype)
    size = 5 * steps.item_bytes
    held = np.zeros(5, dtype)
    x, between, y = steps.external(size), steps.reals(5), steps.external(size, written=True)
    fields = {"count": 5, "a": 2.0, "b": 1.0}
    for source, target in ((x, between), (between, steps.bind(held)), (steps.bind(held), y)):
        steps.add("scale_shift", fields, source, target, work=5)
    given, result = np.arange(5).astype(dtype), np.zeros(5, dtype)
    program = steps.build()
    assert program.arena_bytes == 64
    assert program.kernel_names == ("scale_shift",) * 3
    program.run((given, result))
    np.testing.assert_array_equal(result, 8 * given + 7)
    np.testing.assert_array_equal(held, 4 * given + 3)


def test_programs_refuse_arrays_that_do_not_fit() -> None:
    """The last wall before C: what is written must be writeable, and as long as was planned."""
    steps = Steps()
    x, y = steps.external(20), steps.external(20, written=True)
    steps.add("scale_shift", {"count": 5, "a": 1.0, "b": 0.0}, x, y, work=5)
    program = steps.build()
    good, short, frozen = np.zeros(5, np.float32), np.zeros(4, np.float32), np.zeros(5, np.float32)
    frozen.flags.writeable = False
    for arrays in ((short, good), (good, short), (good, frozen), (good,), (good, good, good)):
        with pytest.raises((ValueError, TypeError, BufferError)):
            program.run(arrays)
    program.run((frozen, good))


def test_a_kernel_that_is_not_there() -> None:
    steps = Steps()
    steps.add("no_such_kernel", {}, work=1)
    with pytest.raises((KeyError, ValueError), match="no_such_kernel"):
        steps.build()
    assert "scale_shift" in native.list_kernels()
