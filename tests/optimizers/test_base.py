"""What all optimizers share: the learning rate, the state, the names, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import optimizers
from convcore.errors import ModelFileError, NotSupportedError, ParameterError, StateError
from convcore.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lion,
    Nadam,
    Optimizer,
    RMSprop,
    schedules,
)

ALL = [SGD, Adam, AdamW, RMSprop, Adadelta, Adagrad, Adamax, Ftrl, Lion, Nadam]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("rate", ["0.1", float("nan"), float("inf"), -1, True, None, [0.1]])
def test_a_learning_rate_that_is_none_is_refused(kind: type[Any], rate: Any) -> None:
    with pytest.raises(ParameterError, match="`learning_rate` must be a finite number >= 0"):
        kind(learning_rate=rate)
    optimizer = kind()
    before = optimizer.learning_rate
    with pytest.raises(ParameterError, match="learning_rate"):
        optimizer.learning_rate = rate
    assert optimizer.learning_rate == before


def test_a_learning_rate_can_be_set() -> None:
    optimizer = SGD(np.float32(0.5))  # type: ignore[arg-type]
    assert optimizer.hyper()[0] == 0.5
    optimizer.learning_rate = 0
    assert optimizer.hyper()[0] == 0.0
    optimizer.learning_rate = np.array(0.25)  # type: ignore[assignment]
    assert type(optimizer.get_config()["learning_rate"]) is float


def test_a_schedule_follows_the_steps_and_cannot_be_overwritten() -> None:
    optimizer = SGD(schedules.PiecewiseConstantDecay([1], [1.0, 0.5]))
    assert optimizer.learning_rate == 1.0
    optimizer.iterations = 2
    assert optimizer.hyper()[0] == 0.5
    with pytest.raises(StateError, match="LearningRateSchedule"):
        optimizer.learning_rate = 0.1


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("weight_decay", -1.0),
        ("clipnorm", -1.0),
        ("clipvalue", float("nan")),
        ("global_clipnorm", "1"),
        ("use_ema", "yes"),
        ("ema_momentum", 1.5),
        ("ema_overwrite_frequency", -1),
        ("loss_scale_factor", 0.0),
        ("gradient_accumulation_steps", 1),
        ("name", 3),
    ],
)
def test_arguments_out_of_range_are_refused(kind: type[Any], argument: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=argument):
        kind(**{argument: value})


@pytest.mark.parametrize("kind", ALL)
def test_one_way_of_clipping(kind: type[Any]) -> None:
    with pytest.raises(ParameterError, match="Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set"):
        kind(clipnorm=1.0, clipvalue=1.0)


def test_decay_is_ignored_aloud() -> None:
    with pytest.warns(UserWarning, match="`decay` is no longer supported"):
        SGD(decay=0.1)


def test_the_rate_may_be_a_function() -> None:
    optimizer = SGD(lambda: 0.25)
    assert optimizer.learning_rate == 0.25
    with pytest.raises(NotSupportedError, match="function as learning rate"):
        optimizer.get_config()


def test_an_optimizer_of_ones_own_is_refused_by_name() -> None:
    class Mine(Optimizer):
        pass

    with pytest.raises(NotSupportedError, match="Mine"):
        Mine(0.1).kernel  # noqa: B018
    with pytest.raises(NotImplementedError):
        Mine(0.1).hyper()


def test_accumulation_counts_rounds() -> None:
    optimizer = Adam(schedules.PiecewiseConstantDecay([2], [1.0, 0.5]), gradient_accumulation_steps=3)
    optimizer.batches = 4
    assert (optimizer.iterations, optimizer.steps_now, optimizer.learning_rate) == (1, False, 0.5)
    optimizer.batches = 5
    assert optimizer.steps_now
    optimizer.iterations = 2
    assert optimizer.batches == 6
    assert optimizer.slot_names == ("momentum", "velocity", "gradient_accumulator")


@pytest.mark.parametrize("kind", ALL)
def test_unknown_arguments_are_refused(kind: type[Any]) -> None:
    with pytest.raises(ParameterError, match=r"not recognized: {'lr': 0\.1}"):
        kind(lr=0.1)


@pytest.mark.parametrize(("name", "kind"), [*((kind.__name__, kind) for kind in ALL), ("sgd", SGD), ("adam", Adam)])
def test_names(name: str, kind: type[Any]) -> None:
    first, second = optimizers.get(name), optimizers.get(name)
    assert type(first) is kind
    assert first is not second
    assert optimizers.get(first) is first


@pytest.mark.parametrize("name", ["adm", None, 3, Adam])
def test_unknown_names_are_refused(name: Any) -> None:
    with pytest.raises(ParameterError):
        optimizers.get(name)


def test_names_of_keras_are_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match="Adafactor"):
        optimizers.get("adafactor")
    with pytest.raises(NotSupportedError, match="Muon"):
        optimizers.Muon  # noqa: B018


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
        Adam(schedules.CosineDecay(0.1, 100), beta_1=0.8, name="mine"),
        AdamW(weight_decay=0.5),
        Adam(amsgrad=True, global_clipnorm=1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3),
        Ftrl(0.1, -0.7, l1_regularization_strength=0.1, gradient_accumulation_steps=2),
        Nadam(clipnorm=2.0, loss_scale_factor=2.0),
        Lion(clipvalue=0.5),
        Adagrad(0.1, 0.2),
        Adadelta(),
        Adamax(),
        RMSprop(rho=0.5, centered=True, momentum=0.3, epsilon=1e-3),
    ],
)
def test_plain_data_makes_the_optimizer_again(optimizer: Optimizer) -> None:
    again = optimizers.get(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert again.hyper() == optimizer.hyper()


def test_the_state_goes_and_comes_back() -> None:
    optimizer = Adam()
    assert not optimizer.built
    optimizer.build(5)
    assert optimizer.built
    optimizer.slots[0][:] = np.arange(5)
    optimizer.iterations = 3
    state = optimizer.get_state()
    optimizer.slots[0][:] = 0
    assert sorted(state) == ["iterations", "momentum", "velocity"]
    again = Adam()
    again.set_state(state)
    again.build(5)
    assert again.iterations == 3
    assert again.slots[0].tolist() == [0, 1, 2, 3, 4]
    assert again.count_params() == 12
    again.build(6)  # another model: nothing of the old one stays
    assert not again.slots[0].any()


@pytest.mark.parametrize(
    "change",
    [
        {"velocity": None},
        {"more": np.zeros(5)},
        {"velocity": np.zeros(4)},
        {"velocity": np.zeros((5, 1))},
        {"iterations": np.array(-1)},
        {"iterations": np.array(1.5)},
        {"iterations": np.zeros(2, dtype=int)},
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any]) -> None:
    optimizer = Adam()
    optimizer.build(5)
    optimizer.slots[0][:] = 1
    state = {name: value for name, value in (optimizer.get_state() | change).items() if value is not None}
    with pytest.raises(ModelFileError):
        optimizer.set_state(state)
    assert optimizer.iterations == 0
    assert optimizer.slots[0].all()
