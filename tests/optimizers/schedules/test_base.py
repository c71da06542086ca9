"""Schedules as plain data."""

from __future__ import annotations

from typing import Any

import pytest

from convcore.errors import ParameterError
from convcore.optimizers import schedules
from convcore.optimizers.schedules import LearningRateSchedule


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.ExponentialDecay(0.1, 10, 0.5, True),
        schedules.InverseTimeDecay(0.1, 10, 0.5),
        schedules.PolynomialDecay(0.1, 5, 0.01, power=0.5, cycle=True),
        schedules.PiecewiseConstantDecay([1], [0.1, 0.2]),
        schedules.CosineDecay(0.1, 10, 0.1, warmup_target=0.3, warmup_steps=3),
        schedules.CosineDecayRestarts(0.1, 3, t_mul=1.5, m_mul=0.5, alpha=0.1),
        schedules.OneCycle(0.1, 10, anneal="linear"),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_plain_data_makes_the_schedule_again(schedule: LearningRateSchedule) -> None:
    again = schedules.deserialize(schedules.serialize(schedule))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert [again(step) for step in range(12)] == [schedule(step) for step in range(12)]


def test_what_is_no_schedule_is_refused() -> None:
    with pytest.raises(ParameterError):
        schedules.deserialize({"class_name": "Cosine"})
    with pytest.raises(ParameterError):
        schedules.deserialize({"class_name": "CosineDecay", "config": {"decay": 1}})
    with pytest.raises(AttributeError):
        schedules.NoSuchDecay  # noqa: B018
    bare: Any = LearningRateSchedule()
    for call in (lambda: bare(0), bare.get_config):
        with pytest.raises(NotImplementedError):
            call()


def test_a_class_of_ones_own_from_its_configuration() -> None:
    class Own(schedules.ExponentialDecay):
        pass

    schedule = Own(0.1, 10, 0.5)
    assert type(schedules.deserialize(schedules.serialize(schedule), custom_objects={"Own": Own})) is Own
