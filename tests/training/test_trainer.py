"""fit, evaluate, predict and their kin: what they return, what they refuse, what they leave behind."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import layers
from convcore.callbacks import Callback, LambdaCallback
from convcore.errors import (
    DTypeError,
    LabelError,
    NumericError,
    ParameterError,
    ShapeError,
    StateError,
)
from tests.training.small import CLASSES, data, model, weights

X, Y = data()


def test_fit_learns_and_records() -> None:
    net = model(optimizer=keras.optimizers.Adam(0.01))
    history = net.fit(X, Y, epochs=20, batch_size=10, validation_data=data(50, seed=0), verbose=0)
    assert history is net.history
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert history.epoch == list(range(20))
    assert all(len(values) == 20 for values in history.history.values())
    assert history.history["loss"][-1] < 0.6 * history.history["loss"][0]
    assert history.history["accuracy"][-1] > 0.85
    assert history.params["steps"] == 10


def test_evaluate_is_the_loss_of_the_predictions() -> None:
    net = model()
    predictions = net.predict(X, verbose=0)
    assert predictions.shape == (100, CLASSES)
    assert predictions.dtype == np.float32
    np.testing.assert_allclose(predictions.sum(axis=1), 1.0, rtol=1e-5)
    loss, accuracy = net.evaluate(X, Y, verbose=0)
    expected = keras.losses.sparse_categorical_crossentropy(Y, predictions)
    assert loss == pytest.approx(expected.mean(), rel=1e-5)
    assert accuracy == pytest.approx((predictions.argmax(axis=1) == Y).mean())
    assert type(loss) is float
    assert net.metrics_names == ["loss", "accuracy"]
    assert net.evaluate(X, Y, verbose=0, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    assert net.evaluate(X, Y, verbose=0, batch_size=7) == pytest.approx([loss, accuracy], rel=1e-6)
    assert type(model(metrics=None).evaluate(X, Y, verbose=0)) is float


def test_the_loss_of_an_epoch_is_the_mean_over_samples() -> None:
    net = model(optimizer=keras.optimizers.SGD(0.0), metrics=None)
    loss = net.evaluate(X, Y, verbose=0)
    history = net.fit(X, Y, batch_size=64, verbose=0)  # batches of 64 and 36
    assert history.history["loss"][0] == pytest.approx(loss, rel=1e-6)


def test_validation_split_takes_the_last_samples_before_shuffling() -> None:
    net = model(optimizer=keras.optimizers.SGD(0.0))
    history = net.fit(X, Y, validation_split=0.27, verbose=0, batch_size=10)
    loss, accuracy = net.evaluate(X[73:], Y[73:], verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(loss, rel=1e-6)
    assert history.history["val_accuracy"][0] == accuracy
    assert history.history["loss"][0] == pytest.approx(net.evaluate(X[:73], Y[:73], verbose=0)[0], rel=1e-6)
    assert history.params["steps"] == 8


@pytest.mark.parametrize(("frequency", "epochs"), [(2, [1, 3]), ([1, 4], [0, 3])])
def test_validation_can_be_rare(frequency: Any, epochs: list[int]) -> None:
    seen: list[int] = []
    listener = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch) if "val_loss" in logs else None)
    model().fit(X, Y, epochs=4, validation_split=0.2, validation_freq=frequency, callbacks=[listener], verbose=0)
    assert seen == epochs


def test_one_seed_gives_one_result() -> None:
    results = [weights(fitted(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def fitted(seed: int, **arguments: Any) -> Any:
    net = model(seed)
    net.fit(X, Y, epochs=2, batch_size=16, verbose=0, **arguments)
    return net


def test_each_epoch_is_shuffled_anew_unless_told_not_to() -> None:
    assert not np.array_equal(weights(fitted(1)), weights(fitted(1, shuffle=False)))
    by_hand = model(1)
    for _ in range(2):
        for start in range(0, 100, 16):
            by_hand.train_on_batch(X[start : start + 16], Y[start : start + 16])
    assert np.array_equal(weights(fitted(1, shuffle=False)), weights(by_hand))


def test_batches_cover_every_sample_once() -> None:
    net = model(optimizer=keras.optimizers.SGD(0.0))
    history = net.fit(X, Y, epochs=1, batch_size=32, verbose=0)
    assert history.history["accuracy"][0] == net.evaluate(X, Y, verbose=0)[1]


def test_epochs_can_be_resumed_and_cut() -> None:
    assert model().fit(X, Y, epochs=5, initial_epoch=3, verbose=0).epoch == [3, 4]
    history = model().fit(X, Y, batch_size=40, steps_per_epoch=2, verbose=0)
    assert history.params["steps"] == 2
    longer = model(optimizer=keras.optimizers.SGD(0.0))
    with pytest.warns(UserWarning, match="ran out of data"):
        history = longer.fit(X, Y, batch_size=50, steps_per_epoch=6, verbose=0)
    assert history.history["loss"][0] == pytest.approx(longer.evaluate(X, Y, verbose=0)[0], rel=1e-6)
    assert longer.optimizer.iterations == 2


def test_a_callback_can_stop_at_a_batch() -> None:
    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            assert set(logs) == {"accuracy", "loss"}
            self.model.stop_training = batch == 2

    net = model()
    assert net.fit(X, Y, epochs=5, batch_size=10, callbacks=[Stop()], verbose=0).epoch == [0]
    assert net.optimizer.iterations == 3


def test_a_callback_may_predict_and_evaluate_inside_fit() -> None:
    class Look(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["own"] = self.model.evaluate(X, Y, verbose=0)[0]
            assert self.model.predict(X[:3], verbose=0).shape == (3, CLASSES)

    history = model().fit(X, Y, epochs=2, callbacks=[Look()], verbose=0)
    assert len(history.history["own"]) == 2
    np.testing.assert_array_equal(weights(fitted(1)), weights(fitted(1, callbacks=[Look()])))


def test_sample_weights_and_class_weights() -> None:
    heavy = np.where(Y == 1, 3.0, 1.0)
    assert np.array_equal(weights(fitted(1, sample_weight=heavy)), weights(fitted(1, class_weight={1: 3.0})))
    assert not np.array_equal(weights(fitted(1, sample_weight=heavy)), weights(fitted(1)))
    net = model(weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="weighted")])
    hits = net.predict(X, verbose=0).argmax(axis=1) == Y
    loss = keras.losses.sparse_categorical_crossentropy(Y, net.predict(X, verbose=0))
    got = net.evaluate(X, Y, sample_weight=heavy, verbose=0, return_dict=True)
    assert got["accuracy"] == hits.mean()
    assert got["weighted"] == pytest.approx((hits * heavy).sum() / heavy.sum())
    assert got["loss"] == pytest.approx((loss * heavy).mean(), rel=1e-5)


def test_single_batches() -> None:
    net = model()
    before = net.evaluate(X, Y, verbose=0)
    assert net.test_on_batch(X, Y) == pytest.approx(before, rel=1e-6)
    assert net.train_on_batch(X, Y) == pytest.approx(before, rel=1e-6)
    assert net.test_on_batch(X, Y)[0] < before[0]
    assert set(net.train_on_batch(X, Y, return_dict=True)) == {"loss", "accuracy"}
    np.testing.assert_allclose(net.predict_on_batch(X), net.predict(X, verbose=0), rtol=1e-6)


def test_one_hot_and_regression() -> None:
    net = model(loss="categorical_crossentropy", metrics=["acc"])
    assert net.fit(X, np.eye(CLASSES)[Y], verbose=0).history["acc"]
    assert type(net.metrics[0]) is keras.metrics.CategoricalAccuracy
    line = keras.Sequential([layers.Input((5,)), layers.Dense(1)])
    line.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
    history = line.fit(X, X @ np.arange(5.0), epochs=30, verbose=0).history
    assert history["loss"][-1] < 0.01 * history["loss"][0]
    assert math.isfinite(history["mae"][-1])


def test_predict_needs_no_compile() -> None:
    net = keras.Sequential([layers.Input((5,)), layers.Dense(2)])
    assert net.predict(X, verbose=0).shape == (100, 2)
    assert net.predict(X[:0], verbose=0).shape == (0, 2)
    assert net.predict(X, steps=2, batch_size=10, verbose=0).shape == (20, 2)


@pytest.mark.parametrize("shape", [(100,), (100, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_labels_of_other_dtypes_and_shapes_are_the_same_labels(shape: tuple[int, ...], dtype: str) -> None:
    net = model()
    assert net.evaluate(X, Y.astype(dtype).reshape(shape), verbose=0) == net.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"x": X[:0], "y": Y[:0]},
        {"batch_size": 0},
        {"batch_size": -1},
        {"batch_size": 1.5},
        {"batch_size": True},
        {"batch_size": "32"},
        {"epochs": 0},
        {"epochs": -1},
        {"epochs": 1.0},
        {"initial_epoch": -1},
        {"verbose": 4},
        {"verbose": "loud"},
        {"validation_split": 1.0},
        {"validation_split": -0.1},
        {"validation_split": 0.999},
        {"validation_data": X},
        {"validation_freq": 0},
        {"steps_per_epoch": 0},
        {"shuffle": "often"},
        {"y": None},
        {"callbacks": [Callback]},
        {"class_weight": {0: -1.0}},
        {"class_weight": [1.0, 2.0]},
        {"sample_weight": np.full(100, np.nan)},
        {"class_weight": {0: 1.0}, "sample_weight": np.ones(100)},
    ],
    ids=str,
)
def test_bad_arguments_are_parameter_errors_and_change_nothing(arguments: dict[str, Any]) -> None:
    net = model()
    before = weights(net)
    with pytest.raises(ParameterError):
        net.fit(**{"x": X, "y": Y, "verbose": 0} | arguments)
    assert np.array_equal(weights(net), before)


@pytest.mark.parametrize(
    ("x", "y", "error", "text"),
    [
        (X, Y[:-1], ShapeError, "100 samples in x .* and 99 in y"),
        (X[0], Y, ShapeError, "5 samples in x"),
        (X[:, :4], Y, ShapeError, r"\(100, 4\)"),
        (X, np.eye(CLASSES)[Y], ShapeError, "categorical_crossentropy"),
        (X, Y - 1, LabelError, r"y\[\d+\] = -1"),
        (X, Y + 1, LabelError, r"y\[\d+\] = 3 .*0 to 2"),
        (X, Y + 0.5, LabelError, r"y\[0\]"),
        (X.astype(complex), Y, DTypeError, "complex"),
        (X.astype(object), Y, DTypeError, "object"),
        ([[1, 2], [1]], [0, 1], ShapeError, "x: cannot be made an array"),
        ((row for row in X), Y, ParameterError, "generator"),
    ],
)
def test_data_that_do_not_fit_are_refused(x: Any, y: Any, error: type[Exception], text: str) -> None:
    for call in ("fit", "evaluate"):
        net = model()
        before = weights(net)
        with pytest.raises(error, match=text):
            getattr(net, call)(x, y, verbose=0)
        assert np.array_equal(weights(net), before)


def test_one_image_without_the_batch_axis_is_refused_with_a_hint() -> None:
    net = keras.Sequential([layers.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ShapeError, match="newaxis"):
        net.predict(np.zeros((4, 4, 1)), verbose=0)
    assert net.predict(np.zeros((3, 4, 4)), verbose=0).shape == (3, 2)  # as in Keras, a channel axis of 1 is added
    for shape in [(3, 4, 5, 1), (3, 4, 4, 2), (16,)]:
        with pytest.raises(ShapeError):
            net.predict(np.zeros(shape), verbose=0)


def test_calls_come_in_order() -> None:
    net = keras.Sequential([layers.Input((5,)), layers.Dense(CLASSES)])
    for call in (net.fit, net.evaluate, net.train_on_batch, net.test_on_batch):
        with pytest.raises(StateError, match="compile"):
            call(X, Y)
    net.compile("adam")
    with pytest.raises(StateError, match="No loss"):
        net.fit(X, Y)
    assert net.predict(X, verbose=0).shape == (100, CLASSES)


def test_a_nan_ends_training_with_the_weights_of_the_batch_before() -> None:
    for value in (np.nan, np.inf, -np.inf):
        x = X.copy()
        x[25, 2] = value
        net, same = model(), model()
        with pytest.raises(NumericError, match=r"at epoch 1, batch 2 \(sample 25"):
            net.fit(x, Y, batch_size=10, shuffle=False, verbose=0)
        same.fit(X[:20], Y[:20], batch_size=10, shuffle=False, verbose=0)
        assert np.array_equal(weights(net), weights(same))
        with pytest.raises(NumericError):
            net.train_on_batch(x, Y)
        assert np.array_equal(weights(net), weights(same))


def test_terminate_on_nan_ends_it_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    x = X.copy()
    x[25] = np.nan
    net, same = model(), model()
    net.fit(x, Y, batch_size=10, epochs=3, shuffle=False, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])
    same.fit(X[:20], Y[:20], batch_size=10, shuffle=False, verbose=0)
    assert net.history.epoch == [0]
    assert np.array_equal(weights(net), weights(same))


def test_ctrl_c_leaves_the_model_between_two_batches() -> None:
    def interrupt(batch: int, logs: Any) -> None:
        if batch == 3:
            raise KeyboardInterrupt

    net, same = model(), model()
    with pytest.raises(KeyboardInterrupt):
        net.fit(
            X, Y, batch_size=10, shuffle=False, callbacks=[LambdaCallback(on_train_batch_begin=interrupt)], verbose=0
        )
    same.fit(X[:30], Y[:30], batch_size=10, shuffle=False, verbose=0)
    assert np.array_equal(weights(net), weights(same))
    net.fit(X, Y, verbose=0)  # and it can go on


def test_a_copy_trains_on_alone() -> None:
    net = model(optimizer="adam")
    net.fit(X, Y, verbose=0, shuffle=False)
    twin = copy.deepcopy(net)
    before = weights(net)
    twin.fit(X, Y, verbose=0, shuffle=False)
    assert np.array_equal(weights(net), before)
    assert not np.array_equal(weights(twin), before)
    net.fit(X, Y, verbose=0, shuffle=False)
    assert np.array_equal(weights(net), weights(twin))


def test_the_learning_rate_can_change_between_fits() -> None:
    net = model()
    net.fit(X, Y, verbose=0)
    net.optimizer.learning_rate = 0.0
    before = weights(net)
    net.fit(X, Y, verbose=0)
    assert np.array_equal(weights(net), before)


def test_fit_refuses_more_samples_a_batch_than_there_are() -> None:
    net = model()
    before = weights(net)
    for call in (
        lambda: net.fit(X, Y, batch_size=101, verbose=0),
        lambda: net.fit(X, Y, batch_size=60, validation_split=0.5, verbose=0),
    ):
        with pytest.raises(ParameterError, match="leave `batch_size` out"):
            call()
    np.testing.assert_array_equal(weights(net), before)
    net.fit(X[:7], Y[:7], verbose=0)
    net.fit(X, Y, batch_size=50, validation_split=0.5, verbose=0)
    net.evaluate(X, Y, batch_size=1000, verbose=0)
    assert net.predict(X, batch_size=1000, verbose=0).shape == (100, CLASSES)


def test_a_list_of_one_input_is_the_input() -> None:
    net, same = model(), model()
    net.fit([X], [Y], validation_data=([X], [Y]), shuffle=False, verbose=0)
    same.fit(X, Y, validation_data=(X, Y), shuffle=False, verbose=0)
    assert np.array_equal(weights(net), weights(same))
    assert np.array_equal(net.predict([X], verbose=0), same.predict(X, verbose=0))
    assert net.evaluate([X], [Y], verbose=0) == same.evaluate(X, Y, verbose=0)


def test_averages_are_the_weights_at_the_end_of_fit() -> None:
    net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
    net.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    rng = np.random.default_rng(1)
    net.fit(rng.normal(size=(16, 4)), rng.normal(size=(16, 3)), batch_size=4, epochs=2, verbose=0)
    average = net.optimizer.get_state()["average"]
    assert (np.concatenate([weight.ravel() for weight in net.get_weights()]) == average).all()
