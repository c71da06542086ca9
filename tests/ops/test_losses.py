"""`convcore.ops.softmax_cross_entropy`."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ConvcoreError, LabelError, ShapeError
from tests import reference
from tests.checks import digest, normals
from tests.layouts import layouts
from tests.reference import Array


def labels_of(kind: str, n: int, classes: int) -> Array:
    rng = np.random.default_rng(1)
    ids = rng.integers(0, classes, n)
    if kind == "ids":
        return ids
    return np.eye(classes, dtype=np.float32)[ids] if kind == "one-hot" else rng.dirichlet(np.ones(classes), n)


@pytest.mark.parametrize("kind", ["ids", "one-hot", "soft"])
@pytest.mark.parametrize(("n", "classes"), [(1, 1), (1, 10), (33, 10), (128, 10), (5, 1000)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_loss_and_gradient(kind: str, n: int, classes: int, dtype: type) -> None:
    (logits,) = (a.astype(dtype) * 4 for a in normals(2, (n, classes)))
    labels = labels_of(kind, n, classes).astype(np.int64 if kind == "ids" else dtype)
    loss, gradient = ops.softmax_cross_entropy(logits, labels)
    truth, slope = reference.softmax_cross_entropy(logits, labels)
    assert (loss.shape, gradient.shape) == ((n,), (n, classes))
    assert loss.dtype == gradient.dtype == dtype
    eps = float(np.finfo(dtype).eps)
    # log-sum-exp rounds relative to the largest logit, the gradient relative to 1.
    np.testing.assert_allclose(loss, truth, rtol=0, atol=20 * eps * (1 + float(np.abs(logits).max())))
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=60 * eps)


@pytest.mark.parametrize("integer", [np.uint8, np.int8, np.int16, np.int32, np.int64, np.uint64])
def test_every_integer_dtype_of_ids(integer: type) -> None:
    (logits,) = normals(3, (6, 4))
    ids = np.array([0, 3, 1, 2, 3, 0])
    assert digest(ops.softmax_cross_entropy(logits, ids.astype(integer))) == digest(
        ops.softmax_cross_entropy(logits, ids)
    )


def test_extreme_logits_have_finite_losses() -> None:
    rows = np.array([[1e4, -1e4, 0], [3e38, 3e38, 3e38], [-np.inf, 0, 0]], np.float32)
    loss, gradient = ops.softmax_cross_entropy(rows, np.array([1, 0, 1]))
    assert loss == pytest.approx([2e4, math.log(3), math.log(2)], rel=1e-6)
    np.testing.assert_allclose(gradient, [[1, -1, 0], [-2 / 3, 1 / 3, 1 / 3], [0, -0.5, 0.5]], atol=1e-6)


def test_an_impossible_label_costs_infinitely_much() -> None:
    loss, _ = ops.softmax_cross_entropy(np.array([[-np.inf, 0.0]], np.float32), np.array([0]))
    assert loss[0] == np.inf


def test_nan_stays_in_its_row() -> None:
    (logits,) = normals(4, (5, 7))
    logits[2, 3] = np.nan
    loss, gradient = ops.softmax_cross_entropy(logits, np.arange(5))
    np.testing.assert_array_equal(np.isnan(loss), np.arange(5) == 2)
    np.testing.assert_array_equal(np.isnan(gradient).any(axis=1), np.arange(5) == 2)


def test_layouts_threads_and_splits_change_no_bit() -> None:
    (logits,) = normals(5, (517, 19))
    ids = np.arange(517) % 19
    expected = digest(ops.softmax_cross_entropy(logits, ids))
    for form, shaped in layouts(logits).items():
        assert digest(ops.softmax_cross_entropy(shaped, layouts(ids)[form])) == expected, form
    for count in (2, 3, 5):
        with runtime.threads(count):
            assert digest(ops.softmax_cross_entropy(logits, ids)) == expected
    loss, _ = ops.softmax_cross_entropy(logits, ids)
    parts = [ops.softmax_cross_entropy(logits[i : i + 50], ids[i : i + 50])[0] for i in range(0, 517, 50)]
    assert digest([np.concatenate(parts)]) == digest([loss])


@pytest.mark.parametrize("bad", [-1, 4, 255, 2**31, -(2**63)])
def test_a_label_outside_the_classes_is_named(bad: int) -> None:
    (logits,) = normals(6, (5, 4))
    ids = np.array([0, 1, 2, 3, 0], np.int64)
    ids[3] = bad
    with pytest.raises(LabelError, match=rf"(?s)3.*{bad}|{bad}.*3"):
        ops.softmax_cross_entropy(logits, ids)


@pytest.mark.parametrize("shape", [(4,), (6,), (5, 1), (5, 5), (4, 4), (5, 4, 1), ()])
def test_labels_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    (logits,) = normals(7, (5, 4))
    with pytest.raises(ShapeError):
        ops.softmax_cross_entropy(logits, np.zeros(shape, np.float32 if len(shape) == 2 else np.int64))


@pytest.mark.parametrize("labels", [np.array([0.5, 1, 2]), np.array(["0", "1", "2"]), np.array([0, 1, 2j]), None])
def test_labels_that_are_no_labels_are_refused(labels: object) -> None:
    with pytest.raises(ConvcoreError):
        ops.softmax_cross_entropy(np.zeros((3, 3), np.float32), labels)
