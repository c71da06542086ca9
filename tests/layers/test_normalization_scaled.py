"""Gamma and beta."""

from __future__ import annotations

from typing import Any

import pytest

from convcore import layers

KINDS = [layers.BatchNormalization, layers.LayerNormalization, lambda **words: layers.GroupNormalization(2, **words)]


@pytest.mark.parametrize("make", KINDS)
def test_what_is_said_of_them_is_done_and_written_down(make: Any) -> None:
    layer = make(beta_initializer="ones", gamma_regularizer="l2", beta_constraint="non_neg")
    layer.build((None, 4))
    assert [variable.name for variable in layer.trainable_weights] == ["gamma", "beta"]
    assert layer.beta.numpy().tolist() == [1, 1, 1, 1]
    assert layer.gamma.regularizer is layer.gamma_regularizer is not None
    assert layer.beta.constraint is layer.beta_constraint is not None
    assert (layer.beta.regularizer, layer.gamma.constraint) == (None, None)
    config = layer.get_config()
    assert config["beta_initializer"]["class_name"] == "Ones"
    assert config["gamma_regularizer"]["class_name"] == "L2"
    assert config["beta_constraint"]["class_name"] == "NonNeg"
    assert (config["gamma_constraint"], config["center"], config["scale"]) == (None, True, True)


@pytest.mark.parametrize("make", KINDS)
def test_either_may_be_left_out(make: Any) -> None:
    layer = make(center=False)
    layer.build((None, 4))
    assert (layer.gamma.shape, layer.beta) == ((4,), None)
    layer = make(scale=False)
    layer.build((None, 4))
    assert (layer.gamma, layer.beta.shape) == (None, (4,))
