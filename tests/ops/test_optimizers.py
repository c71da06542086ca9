"""`sgd_step`, `adam_step` and `rmsprop_step` against Keras's formulas in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ConvcoreError, DTypeError, ParameterError
from tests import reference
from tests.checks import digest, normals
from tests.layouts import layouts
from tests.reference import Array

SIZES = [1, 7, 16, 33, 1000, 5000]
DTYPES = [np.float32, np.float64]
STEPS = 20
# A step rounds a handful of times, relative to what it adds up.
ROUNDINGS = 12


def close(result: Array, truth: Array) -> None:
    scale = 1 + float(np.abs(truth).max())
    assert np.abs(result - truth).max() <= STEPS * ROUNDINGS * np.finfo(result.dtype).eps * scale


def start(size: int, dtype: type, slots: int) -> tuple[list[Array], list[Array]]:
    """w and zeroed slots, ours in `dtype` and the oracle's in float64."""
    (w,) = (a.astype(dtype) for a in normals(1, (size,)))
    ours = [w, *(np.zeros(size, dtype) for _ in range(slots))]
    return ours, [a.astype(np.float64) for a in ours]


def gradients(size: int, dtype: type) -> list[Array]:
    """A gradient a step, of sizes that differ by thousands from element to element."""
    scales = 10.0 ** np.random.default_rng(2).uniform(-3, 1, size)
    return [(g * scales).astype(dtype) for g in normals(3, *([(size,)] * STEPS))]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("momentum", "nesterov", "weight_decay"),
    [(0.0, False, 0.0), (0.0, False, 0.01), (0.9, False, 0.0), (0.9, True, 0.02)],
)
def test_sgd(size: int, dtype: type, momentum: float, nesterov: bool, weight_decay: float) -> None:
    (w, velocity), (true_w, true_velocity) = start(size, dtype, 1)
    options = {"momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
    for g in gradients(size, dtype):
        ops.sgd_step(w, g, velocity if momentum else None, learning_rate=0.05, **options)
        true_w, true_velocity = reference.sgd(true_w, g.astype(np.float64), true_velocity, lr=0.05, **options)
        close(w, true_w)
    if momentum:
        close(velocity, true_velocity)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("beta_1", "beta_2", "weight_decay"), [(0.9, 0.999, 0.0), (0.9, 0.99, 0.004), (0.5, 0.75, 0.1)]
)
def test_adam(size: int, dtype: type, beta_1: float, beta_2: float, weight_decay: float) -> None:
    (w, m, v), (true_w, true_m, true_v) = start(size, dtype, 2)
    options = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": 1e-7, "weight_decay": weight_decay}
    for step, g in enumerate(gradients(size, dtype), start=1):
        ops.adam_step(w, g, m, v, iteration=step, learning_rate=0.01, **options)
        true_w, true_m, true_v = reference.adam(
            true_w, g.astype(np.float64), true_m, true_v, step=step, lr=0.01, **options
        )
        close(w, true_w)
    close(m, true_m)
    close(v, true_v)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(("momentum", "weight_decay"), [(0.0, 0.0), (0.9, 0.01)])
def test_rmsprop(size: int, dtype: type, centered: bool, momentum: float, weight_decay: float) -> None:
    (w, v, mean, velocity), truth = start(size, dtype, 3)
    options = {"rho": 0.9, "momentum": momentum, "weight_decay": weight_decay, "epsilon": 1e-4}
    for g in gradients(size, dtype):
        ops.rmsprop_step(
            w,
            g,
            v,
            mean=mean if centered else None,
            velocity=velocity if momentum else None,
            learning_rate=0.01,
            **options,
        )
        truth = list(
            reference.rmsprop(truth[0], g.astype(np.float64), *truth[1:], lr=0.01, centered=centered, **options)
        )
        # With epsilon 1e-4 the difference v - mean**2 may cancel and the root magnifies: a hundredfold is granted.
        assert np.abs(w - truth[0]).max() <= 100 * STEPS * ROUNDINGS * np.finfo(dtype).eps * (
            1 + np.abs(truth[0]).max()
        )
    close(v, truth[1])


def test_epsilon_stands_where_keras_has_it() -> None:
    """Beside the root in Adam, inside it in RMSprop: with a gradient of 1e-4 and epsilon 1e-4 the two are far apart."""
    one, g = np.ones(1, np.float64), np.full(1, 1e-4)
    w, m, v = one.copy(), np.zeros(1), np.zeros(1)
    ops.adam_step(w, g, m, v, iteration=1, learning_rate=1.0, epsilon=1e-4)
    root = np.sqrt(0.001 * 1e-8)
    assert 1 - w[0] == pytest.approx(np.sqrt(0.001) / 0.1 * 1e-5 / (root + 1e-4))
    w, v = one.copy(), np.zeros(1)
    ops.rmsprop_step(w, g, v, learning_rate=1.0, epsilon=1e-4)
    assert 1 - w[0] == pytest.approx(1e-4 / np.sqrt(0.1 * 1e-8 + 1e-4))


STEP_CALLS: dict[str, Callable[..., None]] = {
    "sgd": lambda w, g, m, v: ops.sgd_step(w, g, m, momentum=0.9, nesterov=True, weight_decay=0.1),
    "adam": lambda w, g, m, v: ops.adam_step(w, g, m, v, iteration=3, weight_decay=0.1),
    "rmsprop": lambda w, g, m, v: ops.rmsprop_step(w, g, v, velocity=m, momentum=0.9),
}


@pytest.mark.parametrize("name", STEP_CALLS)
def test_threads_and_gradient_layouts_change_no_bit(name: str) -> None:
    w, g, m, v = normals(4, *([(50_001,)] * 4))

    def after(gradient: Array) -> str:
        arrays = [w.copy(), m.copy(), np.abs(v)]
        STEP_CALLS[name](arrays[0], gradient, *arrays[1:])
        return digest(arrays)

    expected = after(g)
    for count in (1, 2, 3, 5):
        with runtime.threads(count):
            assert after(g) == expected
    for form, shaped in layouts(g).items():
        assert after(shaped) == expected, form


@pytest.mark.parametrize("name", STEP_CALLS)
def test_the_gradient_is_left_alone(name: str) -> None:
    arrays = normals(5, *([(99,)] * 4))
    arrays[1].flags.writeable = False
    STEP_CALLS[name](*arrays[:3], np.abs(arrays[3]))


@pytest.mark.parametrize("name", STEP_CALLS)
@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize(
    "bad",
    [
        np.zeros(8, np.float32),
        np.zeros((9, 1), np.float32),
        np.zeros(9, np.float64),
        np.zeros(9, np.int64),
        [0.0] * 8,
        "w",
    ],
    ids=lambda a: f"{type(a).__name__}-{getattr(a, 'dtype', '')}-{getattr(a, 'shape', '')}",
)
def test_arrays_that_do_not_fit_are_refused(name: str, position: int, bad: Any) -> None:
    arrays: list[Any] = [np.ones(9, np.float32) for _ in range(4)]
    arrays[position] = bad
    used = {"sgd": (0, 1, 2), "adam": (0, 1, 2, 3), "rmsprop": (0, 1, 2, 3)}[name]
    if position not in used:
        pytest.skip("the step has no such array")
    with pytest.raises(ConvcoreError):
        STEP_CALLS[name](*arrays)
    for k, array in enumerate(arrays):
        if k != position:
            np.testing.assert_array_equal(array, np.ones(9, np.float32))


@pytest.mark.parametrize("form", ["gaps", "negative strides", "misaligned by one byte", "read-only", "big-endian"])
@pytest.mark.parametrize("name", STEP_CALLS)
def test_what_cannot_be_changed_in_place_is_refused(name: str, form: str) -> None:
    w, g, m, v = normals(6, *([(17,)] * 4))
    with pytest.raises(ConvcoreError, match="w"):
        STEP_CALLS[name](layouts(w)[form], g, m, np.abs(v))


@pytest.mark.parametrize("name", STEP_CALLS)
def test_memory_of_its_own_for_each(name: str) -> None:
    """Any two of the arrays that a step writes may not overlap, nor the gradient with one of them."""
    room = np.ones(20, np.float32)
    whole, shifted = room[:17], room[3:]
    used = {"sgd": (0, 1, 2), "adam": (0, 1, 2, 3), "rmsprop": (0, 1, 2, 3)}[name]
    for first in used:
        for second in used:
            if first < second:
                arrays = [np.ones(17, np.float32) for _ in range(4)]
                arrays[first], arrays[second] = whole, shifted
                with pytest.raises(ConvcoreError):
                    STEP_CALLS[name](*arrays)


BAD_NUMBERS = [float("nan"), float("inf"), -1, -1e-9, "0.1", None, 1j, [0.1], np.zeros(2), 10**400, b"1"]


@pytest.mark.parametrize("bad", BAD_NUMBERS, ids=lambda b: repr(b)[:12])
def test_numbers_that_are_none_are_refused(bad: Any) -> None:
    w, g, m, v = (np.ones(5, np.float32) for _ in range(4))
    calls: list[Callable[[], None]] = [
        lambda: ops.sgd_step(w, g, m, learning_rate=bad),
        lambda: ops.sgd_step(w, g, m, momentum=bad),
        lambda: ops.sgd_step(w, g, m, momentum=0.9, nesterov=bad),
        lambda: ops.sgd_step(w, g, m, weight_decay=bad),
        lambda: ops.adam_step(w, g, m, v, iteration=1, learning_rate=bad),
        lambda: ops.adam_step(w, g, m, v, iteration=1, beta_1=bad),
        lambda: ops.adam_step(w, g, m, v, iteration=1, beta_2=bad),
        lambda: ops.adam_step(w, g, m, v, iteration=1, epsilon=bad),
        lambda: ops.adam_step(w, g, m, v, iteration=1, weight_decay=bad),
        lambda: ops.adam_step(w, g, m, v, iteration=bad),
        lambda: ops.rmsprop_step(w, g, v, learning_rate=bad),
        lambda: ops.rmsprop_step(w, g, v, rho=bad),
        lambda: ops.rmsprop_step(w, g, v, velocity=m, momentum=bad),
        lambda: ops.rmsprop_step(w, g, v, epsilon=bad),
    ]
    for number, call in enumerate(calls):
        try:
            call()
        except ParameterError:
            continue
        pytest.fail(f"call {number} was accepted")
    np.testing.assert_array_equal(w, np.ones(5, np.float32))


@pytest.mark.parametrize("bad", [None, 1.0, [0.0] * 5, "v"], ids=str)
def test_slots_that_a_step_needs_must_be_arrays(bad: Any) -> None:
    w, g, m, v = (np.ones(5, np.float32) for _ in range(4))
    for name, call in (
        ("v", lambda: ops.adam_step(w, g, m, bad, iteration=1)),
        ("m", lambda: ops.adam_step(w, g, bad, v, iteration=1)),
        ("v", lambda: ops.rmsprop_step(w, g, bad)),
        ("w", lambda: ops.sgd_step(bad, g)),
    ):
        with pytest.raises(DTypeError, match=f"^{name}: "):
            call()
    np.testing.assert_array_equal(w, np.ones(5, np.float32))


def test_iterations_count_from_one_and_may_go_on_for_ever() -> None:
    w, g, m, v = (np.ones(5, np.float32) for _ in range(4))
    for bad in (0, True, 1.0, 2**63):
        with pytest.raises(ParameterError, match="iteration"):
            ops.adam_step(w, g, m, v, iteration=bad)  # type: ignore[arg-type]
    ops.adam_step(w, g, m, v, iteration=2**62, learning_rate=1.0, epsilon=0.0)
    np.testing.assert_allclose(w, np.zeros(5), atol=1e-6)


@pytest.mark.parametrize("beta", [1, 1.5, 10])
def test_decay_rates_of_one_or_more_are_refused(beta: float) -> None:
    w, g, m, v = (np.ones(5, np.float32) for _ in range(4))
    for call in (
        lambda: ops.adam_step(w, g, m, v, iteration=1, beta_1=beta),
        lambda: ops.adam_step(w, g, m, v, iteration=1, beta_2=beta),
        lambda: ops.rmsprop_step(w, g, v, rho=beta),
    ):
        with pytest.raises(ParameterError):
            call()


def test_no_parameters_is_no_step() -> None:
    empty = np.zeros(0, np.float32)
    ops.sgd_step(empty, empty)
    ops.adam_step(empty, empty.copy(), empty.copy(), empty.copy(), iteration=1)
    ops.rmsprop_step(empty, empty.copy(), empty.copy())
