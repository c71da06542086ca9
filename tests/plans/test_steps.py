"""Steps under construction: what their buffers are, and the program they become."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import runtime
from convcore.engine import native
from convcore.plans.steps import Buffer, Origin, Steps


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


def test_continued_steps_share_memory_bound_buffers_and_externals() -> None:
    steps = Steps()
    steps.reals(16)
    x, held = steps.external(64), steps.bind(bytearray(64))
    following = steps.continued()
    following.add("scale_shift", {"count": 1, "a": 1.0}, held, following.bind(bytearray(64)), work=1)
    following.build()
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


def sums(steps: Steps, n: int, x: Buffer, y: Buffer, images: tuple[int, int] | None) -> None:
    """y[chunk] = sum of x over the chunks of 2 of n rows of 8, large enough for threads."""
    fields = {"n": n, "oh": 1, "ow": 1, "oc": 8, "count": 2}
    steps.add("sum_rows", fields, x, y, work=1e6, images=images)


def test_a_group_keeps_its_memory_and_what_waits_for_it_until_it_is_complete() -> None:
    steps = Steps()
    x = steps.external(-1)
    first, second = steps.reals(32), steps.reals(32)
    sums(steps, 8, x, first, (4, 1))
    steps.release(first)
    steps.origin = Origin("waits")
    steps.after_group(lambda: steps.add("scale_shift", {"count": 32, "a": 2.0}, second, second, work=1))
    steps.origin = Origin("comes first")
    sums(steps, 8, x, second, (4, 1))
    assert steps.reals(32) not in {first, second}
    steps.add("scale_shift", {"count": 32, "a": 3.0}, second, second, work=1)
    assert [(kernel, origin.part) for (kernel, *_), (origin, _) in zip(steps.steps, steps.remarks, strict=True)] == [
        ("sum_rows", ""),
        ("sum_rows", "comes first"),
        ("scale_shift", "waits"),
        ("scale_shift", "comes first"),
    ]
    assert steps.reals(32) == first
    assert steps.images == [(4, 1), (4, 1), None, None]


def test_few_images_are_no_group() -> None:
    """One share would leave all but one thread without work."""
    steps = Steps()
    x, y = steps.external(-1), steps.reals(8)
    sums(steps, 2, x, y, (2, 8))
    steps.release(y)
    assert steps.reals(8) == y


@pytest.mark.parametrize("n", [8, 64, 66, 90])
@pytest.mark.parametrize("in_share", [1, 4, 7])
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_a_group_computes_what_its_steps_do(n: int, in_share: int, threads: int) -> None:
    """Also in its last shares, which go step by step, and where there are no others."""
    x = np.random.default_rng(0).integers(-8, 9, (n, 8)).astype(np.float32)
    chunks = n // 2
    steps = Steps()
    given, result = steps.external(x.nbytes), steps.external(4 * 8 * chunks, written=True)
    between = steps.reals(8 * chunks)
    sums(steps, n, given, between, (chunks, in_share))
    fields = {"n": chunks, "oh": 1, "ow": 1, "oc": 8, "count": 1}
    steps.add("sum_rows", fields, between, between, work=1e6, images=(chunks, in_share))
    steps.add("sum_rows", fields, between, result, work=1e6, images=(chunks, in_share))
    y = np.zeros((chunks, 8), np.float32)
    with runtime.threads(threads):
        steps.build().run((x, y))
    np.testing.assert_array_equal(y, x.reshape(chunks, 2, 8).sum(axis=1))


def test_images_that_do_not_share_the_tasks_are_refused() -> None:
    steps = Steps()
    x = steps.external(-1)
    sums(steps, 8, x, steps.reals(32), (3, 1))
    with pytest.raises(ValueError, match="4 tasks, which 3 images cannot share"):
        steps.build()
