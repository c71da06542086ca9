"""Gradients of what losses of one's own do, against finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import losses
from convcore.errors import NotSupportedError
from convcore.losses.functions import FUNCTIONS
from convcore.losses.tape import Recorded, gradient, is_recorded
from tests.losses.differences import GUESS, TRUTH, Function, check


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: np.mean(np.square(a - b), axis=-1),
        lambda a, b: 1 - (2 * np.sum(a * b) + 1) / (np.sum(a) + np.sum(b) + 1),
        lambda a, b: np.mean(-a * (1 - b) ** 2 * np.log(np.clip(b, 1e-7, 1)), axis=(0, 1)),
        lambda a, b: np.where(abs(a - b) < 0.3, 0.5 * (a - b) ** 2, 0.3 * abs(a - b)).mean(-1),
        lambda a, b: np.where(b > 0.3, a, b).sum(),
        lambda a, b: b.max(axis=1) + np.min(b, axis=0, keepdims=True).sum() - b[:, 1] * b[1:3].sum(),
        lambda a, b: np.concatenate([b, a, 2 * b], axis=1)[:, ::2].sum(1) * np.stack([b, b], -1)[..., 0].sum(1),
        lambda a, b: np.std(b, axis=1) + np.var(b) + np.sqrt(b).sum() + np.exp(-b).sum() + np.log1p(b).sum(),
        lambda a, b: np.tanh(b).sum() + np.sin(b).sum() * np.cos(b).sum() + np.maximum(b, 0.2).sum(),
        lambda a, b: (a @ np.transpose(b)).sum() + (b @ a.T).sum() ** 2 + np.dot(a.T, b).sum(),
        lambda a, b: (b.reshape(-1)[:3] / np.ravel(b)[3:6]).sum() + np.power(b, b).sum() + (2.0 ** b).sum(),
        lambda a, b: np.expand_dims(b, 1).mean(axis=(0, 2)).sum() * np.squeeze(b[:, :1], 1).sum() + len(b) * b.size,
        lambda a, b: sum(row.sum() ** 2 for row in b) + np.minimum(b, a).sum() + np.repeat(b, 2, 0).sum(),
        lambda a, b: (b * np.argmax(b, axis=-1)[:, None] * np.sign(b) * (b >= 0.1)).sum() + np.zeros_like(b).sum(),
        losses.binary_crossentropy,
        losses.categorical_crossentropy,
        lambda a, b: losses.categorical_crossentropy(a, b, from_logits=True, label_smoothing=0.1),
        lambda a, b: losses.sparse_categorical_crossentropy(np.argmax(a, -1), b),
        losses.categorical_focal_crossentropy,
        losses.binary_focal_crossentropy,
        losses.mean_absolute_error,
        losses.mean_squared_logarithmic_error,
        losses.huber,
        losses.log_cosh,
        losses.cosine_similarity,
        losses.kl_divergence,
        losses.poisson,
        losses.hinge,
        losses.squared_hinge,
        losses.categorical_hinge,
    ],
)  # fmt: skip
def test_gradients_are_those_of_finite_differences(function: Function) -> None:
    check(function)


def test_losses_as_objects_in_a_loss() -> None:
    x = Recorded(GUESS)
    mean, total = losses.MeanSquaredError()(TRUTH, x), losses.MeanSquaredError(reduction="sum")(TRUTH, x)
    np.testing.assert_allclose(gradient(5 * mean, x), gradient(total, x))
    assert losses.MeanSquaredError(reduction=None)(TRUTH, x).shape == (5,)
    with pytest.raises(NotSupportedError, match="`sample_weight` of MeanSquaredError"):
        losses.MeanSquaredError()(TRUTH, x, np.ones(5))


def test_what_does_not_depend_on_it_has_no_gradient() -> None:
    x = Recorded(GUESS)
    np.testing.assert_array_equal(gradient(3.0, x), np.zeros_like(GUESS))
    np.testing.assert_array_equal(gradient(x, x), np.ones_like(GUESS))
    assert is_recorded([1, {"a": x}])
    assert not is_recorded(TRUTH)
    assert x.astype("float32") is x


@pytest.mark.parametrize(
    ("use", "match"),
    [
        (lambda x: np.asarray(x), "through plain arrays"),
        (lambda x: np.arctan(x), r"gradient of numpy\.arctan .*supported: absolute, add"),
        (lambda x: np.add.reduce(x), r"numpy\.add\.reduce"),
        (lambda x: np.linalg.norm(x), r"numpy\.norm"),
        (lambda x: x.astype("int32"), "through a cast to int32"),
        (lambda x: FUNCTIONS["cast"](x, bool), "through a cast to bool"),
    ],
)
def test_unknown_gradients_are_refused_by_name(use: Any, match: str) -> None:
    with pytest.raises(NotSupportedError, match=match):
        use(Recorded(GUESS))
