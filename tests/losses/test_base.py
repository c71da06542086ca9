"""What all losses share: being found by name, being written and read as plain data, refusing what is no target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import losses
from convcore.errors import DTypeError, NotSupportedError, ParameterError, ShapeError


@pytest.mark.parametrize("name", ["mse", "MeanSquaredError", "mean_squared_error", losses.mean_squared_error])
def test_a_loss_has_many_names(name: Any) -> None:
    assert isinstance(losses.get(name), losses.MeanSquaredError)


@pytest.mark.parametrize("name", ["mae", "huber", "Huber", "binary_crossentropy", "kld", lambda y, p: 0.0])
def test_what_keras_has_and_we_lack_is_refused_by_name(name: Any) -> None:
    with pytest.raises(NotSupportedError, match="supported: sparse_categorical_crossentropy, categorical_crossentropy"):
        losses.get(name)


@pytest.mark.parametrize("name", ["sparse_categorical_crossentrpy", "", 3, None, losses.MeanSquaredError])
def test_an_unknown_loss_is_a_parameter_error(name: Any) -> None:
    with pytest.raises(ParameterError):
        losses.get(name)


def test_the_module_refuses_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.losses\.Huber"):
        losses.Huber  # noqa: B018
    with pytest.raises(AttributeError):
        losses.nothing  # noqa: B018


def test_plain_data_makes_the_loss_again() -> None:
    config = losses.serialize(losses.CategoricalCrossentropy(label_smoothing=0.1, name="mine"))
    again = losses.get(config)
    assert isinstance(again, losses.CategoricalCrossentropy)
    assert again.get_config() == config["config"]


@pytest.mark.parametrize(
    ("targets", "error"),
    [(["a", "b"], DTypeError), ([1j, 2j], DTypeError), ([[0], [0, 1]], ShapeError), (3, ShapeError)],
)
def test_what_is_no_array_of_numbers_is_refused(targets: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        losses.SparseCategoricalCrossentropy().targets(targets, (10,))


def test_a_loss_of_unequal_lengths_is_refused() -> None:
    with pytest.raises(ShapeError, match="2 samples and y_pred 3"):
        losses.sparse_categorical_crossentropy([0, 1], np.ones((3, 4)))
