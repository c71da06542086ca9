"""Dropout as a layer, and its relatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Input, Model, layers, models, random, runtime
from convcore.errors import NotSupportedError, ParameterError, ShapeError

X = np.ones((100, 200), np.float32)


def test_without_training_nothing_happens() -> None:
    np.testing.assert_array_equal(layers.Dropout(0.5)(X), X)


def test_in_training_a_share_is_zero_and_the_rest_is_scaled() -> None:
    y = layers.Dropout(0.25, seed=1)(X, training=True)
    assert set(np.unique(y)) == {np.float32(0.0), np.float32(1 / 0.75)}
    assert abs(np.mean(y == 0) - 0.25) < 5 * np.sqrt(0.25 * 0.75 / X.size)


def test_the_gradient_passes_where_the_value_did() -> None:
    layer = layers.Dropout(0.5, seed=2)
    y = layer.forward(X)
    np.testing.assert_array_equal(layer.backward(X), y)


def test_seeds_repeat_and_calls_differ() -> None:
    first, twin = layers.Dropout(0.5, seed=3), layers.Dropout(0.5, seed=3)
    y = first(X, training=True)
    np.testing.assert_array_equal(y, twin(X, training=True))
    assert not np.array_equal(y, first(X, training=True))
    assert not np.array_equal(y, layers.Dropout(0.5, seed=4)(X, training=True))


def test_without_a_seed_the_process_stream_decides() -> None:
    random.set_seed(1)
    y = layers.Dropout(0.5)(X, training=True)
    random.set_seed(1)
    np.testing.assert_array_equal(layers.Dropout(0.5)(X, training=True), y)


@pytest.mark.parametrize("rate", [0, 1])
def test_the_ends(rate: int) -> None:
    np.testing.assert_array_equal(layers.Dropout(rate)(X, training=True), X * (1 - rate))


@pytest.mark.parametrize("rate", [-0.1, 1.1, np.nan, "0.5", None, True])
def test_rates_that_are_none(rate: Any) -> None:
    with pytest.raises(ParameterError, match="rate"):
        layers.Dropout(rate)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True])
def test_seeds_that_are_none(seed: Any) -> None:
    with pytest.raises(ParameterError, match="seed"):
        layers.Dropout(0.5, seed=seed)


@pytest.mark.parametrize("kind", [layers.Dropout, layers.AlphaDropout])
@pytest.mark.parametrize(
    "noise_shape", [(None, 1, None, None), (1, None, 1, 4), [6, 1, 3, 1], (1, 1, 1, 1), (None, None, None, None)]
)
def test_noise_shapes(kind: Any, noise_shape: Any) -> None:
    """Along an axis of 1 all elements share a number, and the gradient goes where the value went."""
    x = np.ones((6, 5, 3, 4), np.float32)
    layer = kind(0.5, noise_shape=noise_shape, seed=5)
    y = layer.forward(x)
    numbers = tuple(slice(1) if n == 1 else slice(None) for n in noise_shape)
    np.testing.assert_array_equal(y, np.broadcast_to(y[numbers], x.shape))
    assert len(np.unique(y)) == (1 if tuple(noise_shape) == (1, 1, 1, 1) else 2)
    if len(np.unique(y)) == 2:
        np.testing.assert_array_equal(layer.backward(x) != 0, y == y.max())


def test_a_noise_shape_of_other_inputs() -> None:
    with pytest.raises(ShapeError, match="noise_shape"):
        layers.Dropout(0.5, noise_shape=(None, 2))(X)
    with pytest.raises(ShapeError, match="noise_shape"):
        layers.Dropout(0.5, noise_shape=(None, 1, 1))(X)
    with pytest.raises(ShapeError, match="noise_shape"):
        layers.Dropout(0.5, noise_shape=(99, 1))(X, training=True)


@pytest.mark.parametrize("noise_shape", ["ab", 3, (1.5,), (True,), (0, 1), (-1,)])
def test_what_is_no_noise_shape(noise_shape: Any) -> None:
    with pytest.raises(ParameterError, match="noise_shape"):
        layers.Dropout(0.5, noise_shape=noise_shape)


def test_spatial_dropout_drops_channels() -> None:
    lines = np.ones((40, 7, 6), np.float32)
    images = np.ones((40, 3, 7, 6), np.float32)
    for y, axes in (
        (layers.SpatialDropout1D(0.25, seed=1)(lines, training=True), (1,)),
        (layers.SpatialDropout2D(0.25, seed=1)(images, training=True), (1, 2)),
        (layers.SpatialDropout2D(0.25, "channels_first", seed=1)(images, training=True), (2, 3)),
    ):
        assert set(np.unique(y)) == {np.float32(0.0), np.float32(1 / 0.75)}
        np.testing.assert_array_equal(y.min(axis=axes), y.max(axis=axes))
        share = np.mean(y.max(axis=axes) == 0)
        assert abs(share - 0.25) < 5 * np.sqrt(0.25 * 0.75 / y.max(axis=axes).size)


def test_spatial_dropout_wants_its_rank() -> None:
    with pytest.raises(ShapeError, match="expected ndim=3"):
        layers.SpatialDropout1D(0.5)(X)
    with pytest.raises(ShapeError, match="expected ndim=4"):
        layers.SpatialDropout2D(0.5)(X)
    with pytest.raises(ParameterError, match="data_format"):
        layers.SpatialDropout2D(0.5, "channels")


def test_config_of_spatial_dropout() -> None:
    assert layers.SpatialDropout2D(0.5, name="s").get_config() == {
        "rate": 0.5, "seed": None, "name": "s", "dtype": "float32", "data_format": "channels_last"
    }  # fmt: skip


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    """Of standard normal inputs, to what the sample allows; the dropped ones share one value."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 500)).astype(np.float32)
    y = layers.AlphaDropout(0.25, seed=1)(x, training=True)
    assert abs(y.mean()) < 0.01
    assert abs(y.std() - 1) < 0.01
    values, counts = np.unique(y, return_counts=True)
    floor = -1.6732632423543772 * 1.0507009873554805
    scale = (0.75 * (1 + 0.25 * floor**2)) ** -0.5
    assert values[counts.argmax()] == pytest.approx(scale * floor * 0.75, rel=1e-6)
    assert abs(counts.max() / y.size - 0.25) < 0.01
    kept = y != values[counts.argmax()]
    np.testing.assert_allclose(y[kept], scale * x[kept] - 0.25 * scale * floor, rtol=1e-5, atol=1e-6)
    layer = layers.AlphaDropout(0.25, seed=1)
    layer.forward(x)
    np.testing.assert_allclose(layer.backward(x)[kept], scale * x[kept], rtol=1e-6)


def test_alpha_dropout_cannot_drop_all() -> None:
    layer = layers.AlphaDropout(1.0)
    np.testing.assert_array_equal(layer(X), X)
    with pytest.raises(ParameterError, match="rate=1.0"):
        layer(X, training=True)


def monte_carlo(told: bool | None, rate: float = 0.5) -> Any:
    inputs = Input((200,))
    outputs = layers.Dense(1, kernel_initializer="ones")(layers.Dropout(rate, seed=3)(inputs, training=told))
    model = Model(inputs, outputs)
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("kind", [layers.Dropout, layers.GaussianNoise, layers.GaussianDropout, layers.AlphaDropout])
def test_a_layer_told_to_train_draws_in_inference(kind: Any) -> None:
    """Gal and Ghahramani, 2016: the spread of predictions with dropout says how sure a model is."""
    inputs = Input((200,))
    model = Model(inputs, kind(0.25, seed=3)(inputs, training=True))
    model.compile("sgd", "mse")
    drawn = [model.predict(X, batch_size=50, verbose=0), model.predict(X, batch_size=50, verbose=0), model(X)]
    drawn += [drawn[0][:50], drawn[0][50:]]
    for place, one in enumerate(drawn[:3]):
        assert abs(one.mean() - 1) < 0.5
        assert one.std() > 0.1
        assert not any(np.array_equal(one, other) for other in drawn[:place])
    assert not np.array_equal(drawn[3], drawn[4])  # two batches
    assert model.evaluate(X, X, verbose=0) > 0.01


def test_what_is_drawn_in_inference_does_not_change_a_training() -> None:
    weights = []
    for told in (True, True, None):
        model = monte_carlo(told)
        for _ in range(2):
            model.fit(X, X[:, 0], batch_size=25, epochs=1, verbose=0, shuffle=False)
            if len(weights) != 1:
                model.predict(X, verbose=0)
        weights.append(model.get_weights()[0])
    np.testing.assert_array_equal(weights[0], weights[1])
    np.testing.assert_array_equal(weights[0], weights[2])


def test_any_number_of_threads_draws_the_same_in_inference() -> None:
    drawn = []
    for count in (1, 2, 3):
        with runtime.threads(count):
            drawn.append(monte_carlo(True).predict(X, verbose=0))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])


def test_files_and_clones_keep_being_told(tmp_path: Any) -> None:
    model = monte_carlo(True)
    model.save(tmp_path / "model")
    for twin in (models.load_model(tmp_path / "model"), models.clone_model(model)):
        twin.set_weights(model.get_weights())
        assert np.std(twin.predict(X, verbose=0)) > 1
    config = model.get_config()
    config["layers"][2]["inbound_nodes"][0] = {"inputs": config["layers"][2]["inbound_nodes"][0], "training": True}
    with pytest.raises(NotSupportedError, match=r"training=True in a functional model \(layer 'dense.*of Dropout"):
        Model.from_config(config)


def test_a_class_of_ones_own_may_always_draw() -> None:
    class Always(layers.Dropout):
        def call(self, x: Any) -> Any:
            return super().call(x, training=True)

    layer = Always(0.5)
    assert (layer(X) == 0).mean() == pytest.approx(0.5, abs=0.05)
    assert not np.array_equal(layer(X), layer(X))
    inputs = Input((200,))
    with pytest.raises(NotSupportedError, match="training=True in a functional model"):
        layer(inputs, training=True)
