"""Regularizers by name, as plain data, and on the weights of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import layers, regularizers
from convcore.errors import NotSupportedError, ParameterError
from convcore.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("l1", L1),
        ("L2", L2),
        ("l1_l2", L1L2),
        ("L1L2", L1L2),
        ("orthogonal_regularizer", OrthogonalRegularizer),
        ("OrthogonalRegularizer", OrthogonalRegularizer),
        (L2, L2),
        (L2(0.5), L2),
        ({"class_name": "L1", "config": {"l1": 0.5}}, L1),
    ],
)
def test_names(identifier: Any, kind: type[Regularizer]) -> None:
    assert type(regularizers.get(identifier)) is kind
    assert regularizers.get(None) is None


class Own(Regularizer):
    """Its gradient is not known."""


@pytest.mark.parametrize("identifier", [abs, Own, Own()])
def test_what_has_no_gradient_is_refused_by_name(identifier: Any) -> None:
    with pytest.raises(NotSupportedError, match="regularizer"):
        regularizers.get(identifier)
    with pytest.raises(NotSupportedError, match="Own"):
        Own()(np.ones(2))


@pytest.mark.parametrize("identifier", ["l3", 3, [L1()]])
def test_what_is_none_is_refused(identifier: Any) -> None:
    with pytest.raises(ParameterError):
        regularizers.get(identifier)
    with pytest.raises(ParameterError):
        regularizers.deserialize(identifier)


@pytest.mark.parametrize("regularizer", [L1(0.3), L2(0.2), L1L2(0.1, 0.2), OrthogonalRegularizer(0.5, "columns")])
def test_plain_data_makes_the_regularizer_again(regularizer: Regularizer) -> None:
    again = regularizers.deserialize(regularizers.serialize(regularizer) or {})
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()
    assert repr(again) == repr(regularizer)
    assert regularizers.serialize(None) is None


def data() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(12, 6, 6, 2)).astype(np.float32), rng.normal(size=(12, 3)).astype(np.float32)


def model(**options: Any) -> keras.Sequential:
    net = keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, activation="relu", name="conv", kernel_initializer=init(1), **options),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, name="dense", kernel_initializer=init(2), **options),
        ]
    )
    net.compile(keras.optimizers.SGD(0.1), "mse")
    return net


def init(seed: int) -> Any:
    return keras.initializers.GlorotUniform(seed)


def test_weights_add_to_the_loss_and_to_the_gradients() -> None:
    x, y = data()
    plain, ours = model(), model(kernel_regularizer=L1L2(0.02, 0.03), bias_regularizer="l2")
    kernels = [layer.kernel.numpy().astype(np.float64) for layer in (plain.layers[0], plain.layers[-1])]
    penalty = sum(0.02 * np.abs(w).sum() + 0.03 * (w * w).sum() for w in kernels)
    assert sum(ours.losses) == pytest.approx(penalty, rel=1e-5)
    assert len(ours.losses) == 4
    assert ours.evaluate(x, y, verbose=0) - plain.evaluate(x, y, verbose=0) == pytest.approx(penalty, rel=1e-4)
    first, second = plain.train_on_batch(x, y), ours.train_on_batch(x, y)
    assert second - first == pytest.approx(penalty, rel=1e-4)
    for a, b, w in zip(plain.layers[::3], ours.layers[::3], kernels, strict=True):
        change = a.kernel.numpy() - b.kernel.numpy()
        np.testing.assert_allclose(change, 0.1 * (0.02 * np.sign(w) + 0.06 * w), atol=1e-6)
        assert (a.bias.numpy() == b.bias.numpy()).all()  # biases are zeros yet


def test_frozen_weights_add_nothing() -> None:
    x, y = data()
    plain, ours = model(), model(kernel_regularizer="l2")
    for net in (plain, ours):
        net.layers[0].trainable = False
        net.layers[-1].trainable = False
        net.compile("sgd", "mse")
    assert ours.losses == []
    assert ours.evaluate(x, y, verbose=0) == plain.evaluate(x, y, verbose=0)


def test_a_file_keeps_them(tmp_path: Path) -> None:
    x, y = data()
    ours = model(kernel_regularizer=L1L2(0.02, 0.03), activity_regularizer="l1", kernel_constraint="unit_norm")
    ours.fit(x, y, epochs=1, shuffle=False, verbose=0)
    path = tmp_path / "model.safetensors"
    ours.save(path)
    again = keras.models.load_model(path)
    for net in (ours, again):
        net.fit(x, y, batch_size=5, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(ours.get_weights(), again.get_weights(), strict=True):
        assert (a == b).all()
    assert again.layers[0].get_config() == ours.layers[0].get_config()


def test_the_penalty_of_the_last_call() -> None:
    layer = layers.ReLU(activity_regularizer=L1(0.5))
    assert layer.losses == []
    layer(np.array([[1.0, -2.0, 3.0], [1.0, 1.0, -1.0]]))
    assert layer.losses == [1.5]
    assert layer.get_config()["activity_regularizer"] == {"class_name": "L1", "config": {"l1": 0.5}}


def test_a_class_of_ones_own_from_its_configuration() -> None:
    class Own(regularizers.L2):
        pass

    config = {"class_name": "Own", "config": {"l2": 0.5}}
    assert type(regularizers.deserialize(config, custom_objects={"Own": Own})) is Own
