"""Constraints by name, as plain data, and on the weights of models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import constraints, layers
from convcore.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from convcore.errors import NotSupportedError, ParameterError


class Halved(Constraint):
    """One of the user's own."""

    def __call__(self, w: Any) -> Any:
        return np.asarray(w) * 0.5


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("max_norm", MaxNorm),
        ("MaxNorm", MaxNorm),
        ("non_neg", NonNeg),
        ("unit_norm", UnitNorm),
        ("MinMaxNorm", MinMaxNorm),
        (UnitNorm, UnitNorm),
        (MaxNorm(3.0), MaxNorm),
        ({"class_name": "MaxNorm", "config": {"max_value": 3, "axis": 1}}, MaxNorm),
        (Halved, Halved),
    ],
)
def test_names(identifier: Any, kind: type[Constraint]) -> None:
    assert type(constraints.get(identifier)) is kind
    assert constraints.get(None) is None
    assert constraints.get(abs) is abs


@pytest.mark.parametrize("identifier", ["norm", 3, [NonNeg()]])
def test_what_is_none_is_refused(identifier: Any) -> None:
    with pytest.raises(ParameterError):
        constraints.get(identifier)
    with pytest.raises(ParameterError):
        constraints.deserialize(identifier)


@pytest.mark.parametrize("constraint", [MaxNorm(3, [0, 1]), MinMaxNorm(0.1, 0.9, 0.5, 1), NonNeg(), UnitNorm(-1)])
def test_plain_data_makes_the_constraint_again(constraint: Constraint) -> None:
    again = constraints.deserialize(constraints.serialize(constraint) or {})
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config()
    assert repr(again) == repr(constraint)
    assert constraints.serialize(None) is None


def test_one_of_ones_own_is_not_written() -> None:
    for own in (Halved(), abs):
        with pytest.raises(NotSupportedError, match="constraint of one's own"):
            constraints.serialize(own)
    assert Constraint()(np.ones(2)).tolist() == [1, 1]
    assert Constraint().plan is None


@pytest.mark.parametrize("kind", ["conv", "dense"])
def test_weights_come_back_after_each_step(kind: str) -> None:
    rng = np.random.default_rng(1)
    shape = (5, 5, 3) if kind == "conv" else (8,)

    def make(**options: Any) -> layers.Layer:
        initializer = keras.initializers.RandomNormal(stddev=1.0, seed=1)
        options |= {"kernel_initializer": initializer}
        return layers.Conv2D(4, 3, **options) if kind == "conv" else layers.Dense(4, **options)

    x = rng.normal(size=(6, *shape)).astype(np.float32)
    for constraint, axis in ((MaxNorm(0.5, axis=[0]), 0), (UnitNorm(axis=-1), -1), (NonNeg(), None), (Halved(), None)):
        made = make(), make(kernel_constraint=constraint, bias_constraint="non_neg")
        plain, ours = (keras.Sequential([layers.Input(shape), layer]) for layer in made)
        for net in (plain, ours):
            net.compile(keras.optimizers.SGD(0.1), "mse")
            net.train_on_batch(x, np.ones((6, *net.output_shape[1:]), np.float32))
        free, bound = plain.layers[0].kernel.numpy(), ours.layers[0].kernel.numpy()
        np.testing.assert_allclose(bound, constraint(free), rtol=1e-5, atol=1e-6)
        assert (ours.layers[0].bias.numpy() >= 0).all()
        assert axis is None or (np.sqrt((bound**2).sum(axis=axis)) <= 1.0001).all()


def test_a_class_of_ones_own_from_its_configuration() -> None:
    class Own(constraints.NonNeg):
        pass

    config = {"class_name": "Own", "config": {}}
    assert type(constraints.deserialize(config, custom_objects={"Own": Own})) is Own
