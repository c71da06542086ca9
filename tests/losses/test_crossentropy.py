"""Cross-entropy: Keras's formula, and targets that are refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import losses
from convcore.errors import LabelError, NotSupportedError, ParameterError, ShapeError
from convcore.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy

PROBABILITIES = np.array([[0.2, 0.3, 0.5], [2.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
IDS = np.array([2, 0, 1])
# By hand: 0.5; 2 / (2 + 1 + 1); 0 clipped to 1e-7.
EXPECTED = -np.log([0.5, 0.5, 1e-7])


def test_sparse_follows_the_clipped_formula() -> None:
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(IDS, PROBABILITIES), EXPECTED, rtol=1e-12)
    value = SparseCategoricalCrossentropy()(IDS, PROBABILITIES)
    assert value == np.float32(EXPECTED.mean())


def test_a_sure_right_answer_costs_the_clip() -> None:
    value = losses.sparse_categorical_crossentropy([0], [[1.0, 0.0]])[0]
    assert value == pytest.approx(-np.log(1 - 1e-7), rel=1e-9)


def test_one_hot_gives_what_ids_give() -> None:
    one_hot = np.eye(3)[IDS]
    np.testing.assert_allclose(losses.categorical_crossentropy(one_hot, PROBABILITIES), EXPECTED, rtol=1e-12)


def test_logits_of_any_size_are_finite() -> None:
    logits = np.array([[1e4, -1e4, 0.0], [3e38, 3e38, 3e38]])
    value = losses.sparse_categorical_crossentropy([1, 0], logits, from_logits=True)
    np.testing.assert_allclose(value, [2e4, np.log(3)])


def test_label_smoothing_mixes_with_the_uniform() -> None:
    value = losses.categorical_crossentropy([[1, 0]], [[0.9, 0.1]], label_smoothing=0.2)
    np.testing.assert_allclose(value, [-(0.9 * np.log(0.9) + 0.1 * np.log(0.1))])


def test_sample_weight_is_summed_over_the_batch_size() -> None:
    value = SparseCategoricalCrossentropy()(IDS, PROBABILITIES, sample_weight=[1.0, 0.0, 2.0])
    assert value == np.float32((EXPECTED * [1, 0, 2]).sum() / 3)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_sparse_takes_whole_numbers_of_any_dtype(dtype: str, shape: tuple[int, ...]) -> None:
    targets = SparseCategoricalCrossentropy().targets(IDS.astype(dtype).reshape(shape), (3,))
    assert targets.shape == (3,)
    assert targets.dtype == np.int32
    assert targets.tolist() == IDS.tolist()


@pytest.mark.parametrize(
    ("labels", "index", "value"),
    [
        ([0, 1, 3], 2, "3"),
        ([0, -1, 5], 1, "-1"),
        ([0.0, 0.5], 1, "0.5"),
        ([np.nan, 0.0], 0, "nan"),
        ([0.0, np.inf], 1, "inf"),
        ([2**40, 0], 0, str(2**40)),
    ],
)
def test_a_label_that_is_no_class_is_named(labels: Any, index: int, value: str) -> None:
    with pytest.raises(LabelError, match=rf"y\[{index}\] = {value} is not a class.*0 to 2"):
        SparseCategoricalCrossentropy().targets(labels, (3,))


def test_each_loss_names_the_other_for_its_targets() -> None:
    with pytest.raises(ShapeError, match="loss='categorical_crossentropy'"):
        SparseCategoricalCrossentropy().targets(np.eye(3), (3,))
    for ids in (IDS, IDS[:, None]):
        with pytest.raises(ShapeError, match="loss='sparse_categorical_crossentropy'"):
            CategoricalCrossentropy().targets(ids, (3,))


def test_targets_must_be_a_distribution() -> None:
    with pytest.raises(LabelError, match=r"y\[1\]"):
        CategoricalCrossentropy().targets(np.array([[1, 0], [np.nan, 0]]), (2,))
    with pytest.raises(LabelError, match=r"y\[0\]"):
        CategoricalCrossentropy().targets([[-1, 2]], (2,))


def test_the_output_must_be_a_row_of_classes() -> None:
    with pytest.raises(ShapeError, match=r"\(batch, 5, 5, 3\).*Flatten"):
        SparseCategoricalCrossentropy().targets(IDS, (5, 5, 3))


def test_arguments_without_an_implementation_are_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match="axis"):
        CategoricalCrossentropy(axis=1).spec()
    with pytest.raises(ParameterError, match="axis"):
        CategoricalCrossentropy(axis=True)
    with pytest.raises(ParameterError, match="ignore_class"):
        SparseCategoricalCrossentropy(ignore_class=0.5)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="label_smoothing"):
        CategoricalCrossentropy(label_smoothing=1.5)


def test_specs_carry_the_options() -> None:
    spec = CategoricalCrossentropy(from_logits=True, label_smoothing=0.1).spec()
    assert (spec.kind, spec.from_logits, spec.label_smoothing) == ("categorical_crossentropy", True, 0.1)
    assert SparseCategoricalCrossentropy().spec().kind == "sparse_categorical_crossentropy"


def test_an_ignored_class_costs_nothing_and_is_not_counted() -> None:
    labels = [2, 7, 1]
    loss = SparseCategoricalCrossentropy(ignore_class=7)
    kept = EXPECTED[[0, 2]]
    assert loss(labels, PROBABILITIES) == np.float32(kept.mean())
    assert SparseCategoricalCrossentropy(ignore_class=7, reduction="sum")(labels, PROBABILITIES) == np.float32(
        kept.sum()
    )
    assert loss(labels, PROBABILITIES, [1.0, 5.0, 3.0]) == np.float32((kept * [1, 3]).sum() / 2)
    assert loss([7, 7, 7], PROBABILITIES) == 0
    hostile = PROBABILITIES.copy()
    hostile[1] = np.nan
    assert loss(labels, hostile) == np.float32(kept.mean())
    with pytest.raises(LabelError, match=r"y\[1\] = 8"):
        loss.targets([2, 8, 1], (3,))


def test_maps_of_classes() -> None:
    maps = np.tile(PROBABILITIES[:, np.newaxis], (1, 4, 1))
    ids = np.tile(IDS[:, np.newaxis], (1, 4))
    expected = np.tile(EXPECTED[:, np.newaxis], (1, 4))
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(ids, maps), expected)
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(ids[..., np.newaxis], maps), expected)
    np.testing.assert_allclose(losses.categorical_crossentropy(np.eye(3)[ids], maps), expected)
    turned = np.moveaxis(maps, -1, 1)
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(ids, turned, axis=1), expected)
    np.testing.assert_allclose(
        losses.categorical_crossentropy(np.moveaxis(np.eye(3)[ids], -1, 1), turned, axis=1), expected
    )
    assert SparseCategoricalCrossentropy().targets(ids, (4, 3)).shape == (3, 4)
    with pytest.raises(LabelError, match=r"y\[1, 2\] = 3"):
        SparseCategoricalCrossentropy().targets([[0, 1, 2], [0, 0, 3]], (3, 3))
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(2, PROBABILITIES[0]), EXPECTED[0])
    np.testing.assert_allclose(losses.categorical_crossentropy([0, 0, 1], PROBABILITIES[0]), EXPECTED[0])


def test_the_focal_form_weighs_each_term() -> None:
    truth, guess = np.eye(3)[IDS], PROBABILITIES / PROBABILITIES.sum(axis=1, keepdims=True)
    right = np.clip(guess[np.arange(3), IDS], 1e-7, 1)
    value = losses.categorical_focal_crossentropy(truth, PROBABILITIES, alpha=0.5, gamma=3.0)
    np.testing.assert_allclose(value, 0.5 * (1 - right) ** 3 * EXPECTED)
    logits = np.log(np.array([[0.2, 0.3, 0.5]])) + 3
    np.testing.assert_allclose(
        losses.categorical_focal_crossentropy([[0, 0, 1]], logits, from_logits=True), 0.25 * 0.25 * np.log(2)
    )
