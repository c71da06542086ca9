"""What follows the gradients: clipping, accumulation, averages, decay by variable and constraints, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import optimizers, runtime
from convcore.plans.constraints import NonNegative, Norm
from convcore.program.update import Update
from convcore.variables import FlatParameters, Variable
from tests import worker
from tests.checks import digest
from tests.worker import run_job

SHAPES = [(7, 5), (5,), (70, 90), (1,), (3, 3, 4, 6)]
KINDS = ["SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adagrad", "Adadelta", "Adamax", "Ftrl", "Lion"]


class Constraint:
    """A constraint that the engine does."""

    def __init__(self, plan: Any) -> None:
        self.plan = plan


def parameters(seed: int = 0, constraints: dict[int, Any] | None = None) -> FlatParameters:
    rng = np.random.default_rng(seed)
    variables = [Variable(rng.normal(size=shape), name=f"w{i}") for i, shape in enumerate(SHAPES)]
    for place, constraint in (constraints or {}).items():
        variables[place].constraint = constraint
    return FlatParameters(variables)


def run(update: Update, batches: int, seed: int = 1) -> list[np.ndarray[Any, Any]]:
    """Run on gradients that are drawn; returns those."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(batches):
        drawn.append(rng.normal(size=update.parameters.gradients.size).astype(np.float32))
        update.parameters.gradients[:] = drawn[-1]
        update.run_alone()
    return drawn


EVERYTHING: dict[str, Any] = {
    "weight_decay": 0.01,
    "use_ema": True,
    "ema_momentum": 0.9,
    "ema_overwrite_frequency": 2,
    "loss_scale_factor": 3.0,
    "gradient_accumulation_steps": 2,
}


@pytest.mark.parametrize("clip", ["clipnorm", "global_clipnorm", "clipvalue"])
@pytest.mark.parametrize("kind", KINDS)
def test_bits_do_not_depend_on_the_number_of_threads(kind: str, clip: str) -> None:
    def after() -> str:
        optimizer = getattr(optimizers, kind)(0.01, **EVERYTHING | {clip: 0.3})
        optimizer.exclude_from_weight_decay(var_names=["w1"])
        flat = parameters(constraints={0: Constraint(Norm((0,), high=1.0)), 2: Constraint(NonNegative())})
        run(Update(flat, optimizer), 5)
        return digest([flat.values, *optimizer.slots])

    expected = after()
    for count in (1, 2, 3):
        with runtime.threads(count):
            assert after() == expected


@pytest.mark.parametrize("limit", [0.5, 1e6])
def test_each_variable_is_clipped_by_its_norm(limit: float) -> None:
    flat = parameters()
    before = flat.values.copy()
    (drawn,) = run(Update(flat, optimizers.SGD(1.0, clipnorm=limit)), 1)
    for start, stop in zip(flat.offsets, flat.offsets[1:], strict=False):
        g = drawn[start:stop].astype(np.float64)
        step = g * min(1.0, limit / np.sqrt((g * g).sum()))
        np.testing.assert_allclose(before[start:stop] - flat.values[start:stop], step, atol=1e-6)


@pytest.mark.parametrize("limit", [0.5, 1e6])
def test_all_gradients_are_clipped_by_their_norm(limit: float) -> None:
    flat = parameters()
    flat.variables[2].trainable = False
    before = flat.values.copy()
    (drawn,) = run(Update(flat, optimizers.SGD(1.0, global_clipnorm=limit)), 1)
    kept = np.ones(len(drawn), bool)
    kept[flat.offsets[2] : flat.offsets[3]] = False
    g = drawn.astype(np.float64) * kept
    np.testing.assert_allclose(before - flat.values, g * min(1.0, limit / np.sqrt((g * g).sum())), atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_norm_that_is_no_number_shows(bad: float) -> None:
    """As in Keras: by the norm of all, every weight becomes NaN; by its own, those of the variable."""
    for clip, everywhere in (("global_clipnorm", True), ("clipnorm", False)):
        flat = parameters()
        update = Update(flat, optimizers.SGD(1.0, **{clip: 1.0}))
        flat.gradients[:] = 1.0
        flat.gradients[0] = bad
        update.run_alone()
        assert np.isnan(flat.values[0])
        assert np.isnan(flat.values).all() == everywhere


def test_gradients_of_a_round_are_averaged() -> None:
    flat, optimizer = parameters(), optimizers.SGD(1.0, gradient_accumulation_steps=3)
    before = flat.values.copy()
    update = Update(flat, optimizer)
    drawn = run(update, 2)
    assert (flat.values == before).all()
    drawn += run(update, 1, seed=5)
    np.testing.assert_allclose(before - flat.values, np.mean(drawn, axis=0), atol=1e-6)
    assert (optimizer.iterations, optimizer.batches) == (1, 3)
    assert not optimizer.slots[0].any()


def test_a_scaled_loss_is_unscaled() -> None:
    flat, other = parameters(), parameters()
    run(Update(flat, optimizers.Adam(0.1, loss_scale_factor=4.0)), 3)
    update = Update(other, optimizers.Adam(0.1))
    rng = np.random.default_rng(1)
    for _ in range(3):
        other.gradients[:] = rng.normal(size=other.gradients.size).astype(np.float32) / 4
        update.run_alone()
    assert (flat.values == other.values).all()


def test_averages_follow_and_overwrite() -> None:
    flat, optimizer = parameters(), optimizers.SGD(0.5, use_ema=True, ema_momentum=0.75, ema_overwrite_frequency=2)
    w, average = flat.values.astype(np.float64), np.zeros(flat.values.size)
    for t, g in enumerate(run(Update(flat, optimizer), 4)):
        w = w - 0.5 * g
        momentum = 0.75 if t else 0.0
        average = momentum * average + (1 - momentum) * w
        w = average if t % 2 else w
    np.testing.assert_allclose(flat.values, w, atol=1e-5)
    np.testing.assert_allclose(optimizer.slots[0], average, atol=1e-5)


def test_weights_decay_apart() -> None:
    flat, optimizer = parameters(), optimizers.Adam(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[flat.variables[1]], var_names=["2"])
    before, update = flat.values.copy(), Update(flat, optimizer)
    flat.gradients[:] = 0
    update.run_alone()
    for place, variable in enumerate(flat.variables):
        old = before[flat.offsets[place] : flat.offsets[place + 1]].reshape(variable.shape)
        np.testing.assert_allclose(variable.value, old if place in (1, 2) else old * np.float32(0.95), rtol=1e-6)
    optimizer.exclude_from_weight_decay()  # nothing is any more
    before = flat.values.copy()
    update.run_alone()
    np.testing.assert_allclose(flat.values, before * np.float32(0.95), rtol=1e-6)


def test_one_decay_for_all_has_the_bits_of_a_decay_apart() -> None:
    together, apart = parameters(), parameters()
    first, second = (optimizers.Nadam(0.1, weight_decay=0.5) for _ in range(2))
    second.exclude_from_weight_decay(var_names=["no such name"])
    run(Update(together, first), 3)
    run(Update(apart, second), 3)
    assert (together.values == apart.values).all()


def test_constraints_of_python_and_of_frozen_variables() -> None:
    flat = parameters(constraints={0: lambda w: w * 0, 2: Constraint(NonNegative())})
    flat.variables[2].trainable = False
    run(Update(flat, optimizers.SGD(0.1)), 1)
    assert not flat.variables[0].value.any()
    assert (flat.variables[2].value < 0).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_loss_that_is_no_number_changes_nothing(kind: str) -> None:
    """Neither weights nor slots, whatever is switched on."""
    total = np.ones(1)
    flat = parameters(constraints={0: Constraint(Norm((0,), high=0.1)), 2: Constraint(NonNegative())})
    optimizer = getattr(optimizers, kind)(0.01, **EVERYTHING)
    update = Update(flat, optimizer, total)
    flat.values[: flat.offsets[1]] *= 10
    for _ in range(2):
        flat.gradients[:] = 1
        total[0] = 1
        update.run_alone()
        state = [flat.values.copy(), *(slot.copy() for slot in optimizer.slots)]
        total[0] = np.nan
        update.run_alone()
        optimizer.batches -= 1
        assert digest([flat.values, *optimizer.slots]) == digest(state)


def test_the_end_of_a_training() -> None:
    flat, optimizer = parameters(), optimizers.SGD(0.5, use_ema=True)
    flat.variables[1].trainable = False
    update = Update(flat, optimizer)
    update.finalize()  # before the first step there are no averages
    run(update, 3)
    assert (flat.values != optimizer.slots[0]).any()
    update.finalize()
    frozen = slice(flat.offsets[1], flat.offsets[2])
    kept = flat.values[frozen].copy()
    assert (np.delete(flat.values, np.r_[frozen]) == np.delete(optimizer.slots[0], np.r_[frozen])).all()
    assert (flat.values[frozen] == kept).all()


def test_every_isa_gives_the_same_bits(isa: str) -> None:
    """Nothing here is fused, and sums are in double: so float32 has one result."""
    assert run_job("updates", isa=isa) == worker.updates()
