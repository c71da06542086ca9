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


@pytest.mark.parametrize("name", ["dice", "CTC", "Tversky", "circle"])
def test_what_keras_has_and_we_lack_is_refused_by_name(name: Any) -> None:
    with pytest.raises(NotSupportedError, match="supported: sparse_categorical_crossentropy, categorical_crossentropy"):
        losses.get(name)


def test_a_function_is_a_loss_of_one_s_own() -> None:
    def my_loss(y_true: Any, y_pred: Any) -> Any:
        return abs(y_true - y_pred)

    loss = losses.get(my_loss)
    assert loss.name == "my_loss"
    assert float(loss([[1.0]], [[3.0]])) == 2.0


@pytest.mark.parametrize("name", [name for name in losses.__all__ if name[0].isupper() and name != "Loss"])
def test_every_loss_has_its_names_its_function_and_its_config(name: str) -> None:
    kind = getattr(losses, name)
    loss = losses.get(name)
    assert type(loss) is kind
    assert losses.get(loss.kind).__class__ is kind
    assert losses.get(getattr(losses, loss.kind)).__class__ is kind
    again = losses.get(losses.serialize(loss))
    assert (type(again), again.get_config()) == (kind, loss.get_config())


@pytest.mark.parametrize(
    ("short", "kind"),
    [
        ("mse", "MeanSquaredError"),
        ("MAE", "MeanAbsoluteError"),
        ("mape", "MeanAbsolutePercentageError"),
        ("MSLE", "MeanSquaredLogarithmicError"),
        ("bce", "BinaryCrossentropy"),
        ("KLD", "KLDivergence"),
        ("logcosh", "LogCosh"),
    ],
)
def test_short_names(short: str, kind: str) -> None:
    assert type(losses.get(short)).__name__ == kind


VALUES, WEIGHTS = np.array([4.0, 8.0, 12.0]), np.array([1.2, 0.5, 0.0])
TRUTH, GUESS = np.zeros((3, 1)), np.sqrt(VALUES)[:, np.newaxis]


@pytest.mark.parametrize(
    ("reduction", "plain", "weighted"),
    [
        ("sum_over_batch_size", 8.0, 8.8 / 3),
        ("mean", 8.0, 8.8 / 3),
        ("sum", 24.0, 8.8),
        ("mean_with_sample_weight", 8.0, 8.8 / 1.7),
    ],
)
def test_reductions(reduction: str, plain: float, weighted: float) -> None:
    loss = losses.MeanSquaredError(reduction=reduction)
    assert loss(TRUTH, GUESS) == pytest.approx(plain)
    assert loss(TRUTH, GUESS, WEIGHTS) == pytest.approx(weighted)
    assert loss(TRUTH, GUESS, WEIGHTS[:, np.newaxis]) == pytest.approx(weighted)
    assert loss(TRUTH, GUESS, 2.3) == pytest.approx(plain * (2.3 if reduction != "mean_with_sample_weight" else 3))
    assert isinstance(loss(TRUTH, GUESS), np.float32)


@pytest.mark.parametrize("reduction", ["none", None])
def test_no_reduction(reduction: str | None) -> None:
    loss = losses.MeanSquaredError(reduction=reduction)
    np.testing.assert_allclose(loss(TRUTH, GUESS, WEIGHTS), [4.8, 4.0, 0.0], rtol=1e-6)
    with pytest.raises(NotSupportedError, match="reduction"):
        loss.spec()


@pytest.mark.parametrize("reduction", ["avg", "SUM", 3, ["sum"]])
def test_an_unknown_reduction_is_refused(reduction: Any) -> None:
    with pytest.raises(ParameterError, match="Invalid value for argument `reduction`"):
        losses.MeanSquaredError(reduction=reduction)


def test_weights_of_no_fitting_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match="sample_weight"):
        losses.MeanSquaredError()(TRUTH, GUESS, [1.0, 2.0])
    assert losses.MeanSquaredError(reduction="mean_with_sample_weight")(TRUTH, GUESS, np.zeros(3)) == 0


class Cubic(losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return (np.abs(y_pred - y_true) ** 3).mean(axis=-1)


def test_a_loss_of_ones_own_has_the_gradient_of_what_it_does() -> None:
    assert Cubic().name == "cubic"
    assert Cubic()([[1.0]], [[3.0]]) == 8.0
    assert Cubic().gradient(np.float32([[1.0]]), np.float32([[3.0]])).tolist() == [[12.0]]
    assert Cubic().spec().kind == "python"
    with pytest.raises(NotImplementedError):
        losses.Loss().call(TRUTH, GUESS)
    with pytest.raises(NotSupportedError, match="Loss, which has no method `call"):
        losses.Loss().spec()


@pytest.mark.parametrize("name", ["sparse_categorical_crossentrpy", "", 3, None, losses.MeanSquaredError])
def test_an_unknown_loss_is_a_parameter_error(name: Any) -> None:
    with pytest.raises(ParameterError):
        losses.get(name)


def test_the_module_refuses_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.losses\.Tversky"):
        losses.Tversky  # noqa: B018
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


def test_a_class_of_ones_own_from_its_configuration() -> None:
    class Own(losses.Loss):
        pass

    assert type(losses.deserialize(losses.serialize(Own()), custom_objects={"Own": Own})) is Own
    assert losses.for_shapes("ce", (3,), (3,)).name == "categorical_crossentropy"
    assert losses.for_shapes("crossentropy", (1,), (1,)).name == "binary_crossentropy"
    assert losses.for_shapes("crossentropy", (1,), (3,)).name == "sparse_categorical_crossentropy"
    assert losses.for_shapes("mse", (), (3,)).name == "mean_squared_error"
