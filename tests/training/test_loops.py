"""The loops over batches."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore.callbacks import Callback, LambdaCallback
from convcore.errors import NumericError
from convcore.metrics import SparseCategoricalAccuracy
from convcore.training import loops
from convcore.training.loops import non_finite_samples, runs
from tests.training.small import CLASSES, data, model

X, Y = data()


@pytest.mark.parametrize("shape", [(5,), (5, 3), (2000, 30, 30)])
def test_samples_with_a_nan_or_an_infinity_are_found(shape: tuple[int, ...]) -> None:
    x = np.zeros(shape, dtype=np.float32)
    assert non_finite_samples(x) is None
    for index, value in ((0, np.nan), (3, np.inf), (len(x) - 1, -np.inf)):
        x[(index, *(0 for _ in shape[1:]))] = value
    assert non_finite_samples(x).tolist() == [0, 3, len(x) - 1]  # type: ignore[union-attr]
    assert non_finite_samples(np.zeros(shape, dtype=np.uint8)) is None
    assert non_finite_samples(x[:0]) is None


def test_hooks_of_evaluate_and_predict() -> None:
    seen: list[Any] = []
    hooks = {
        f"on_{run}_{part}": lambda *args, logs=None, name=f"{run}_{part}": seen.append(name)
        for run in ("test", "predict")
        for part in ("begin", "batch_begin", "batch_end", "end")
    }
    net = model()
    net.evaluate(X, Y, batch_size=60, callbacks=[LambdaCallback(**hooks)], verbose=0)
    assert seen == ["test_begin", *["test_batch_begin", "test_batch_end"] * 2, "test_end"]
    seen.clear()
    net.predict(X, batch_size=60, callbacks=LambdaCallback(**hooks), verbose=0)
    assert seen == ["predict_begin", *["predict_batch_begin", "predict_batch_end"] * 2, "predict_end"]


def test_steps_without_a_batch_size_hold_all_samples() -> None:
    seen: list[Any] = []
    net = model()

    def begin(logs: Any) -> None:
        seen.append(listener.params)

    listener = LambdaCallback()
    listener.on_test_begin = listener.on_predict_begin = begin  # type: ignore[method-assign]
    assert net.predict(X, steps=1, callbacks=[listener], verbose=0).shape == (100, CLASSES)
    net.evaluate(X, Y, steps=7, callbacks=[listener], verbose=0)
    assert seen == [{"verbose": 0, "epochs": 1, "steps": 1}, {"verbose": 0, "epochs": 1, "steps": 7}]
    with pytest.warns(UserWarning, match="There are 4 batches of 30 samples, and 5 steps were asked for"):
        assert net.predict(X, steps=5, batch_size=30, verbose=0).shape == (100, CLASSES)
    with warnings.catch_warnings(action="error"):
        net.predict(X, steps=4, batch_size=30, verbose=0)


def test_steps_end_a_run() -> None:
    net = model()
    assert net.evaluate(X, Y, steps=2, batch_size=10, verbose=0) == net.evaluate(
        X[:20], Y[:20], batch_size=10, verbose=0
    )
    history = net.fit(X, Y, validation_data=(X, Y), validation_steps=1, validation_batch_size=10, verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(net.evaluate(X[:10], Y[:10], verbose=0)[0], rel=1e-6)


def test_predictions_reach_the_callbacks() -> None:
    got: list[Any] = []
    net = model()
    listener = LambdaCallback(on_predict_batch_end=lambda batch, logs: got.append(logs["outputs"].copy()))
    outputs = net.predict(X, batch_size=33, callbacks=[listener], verbose=0)
    assert np.array_equal(np.concatenate(got), outputs)


def test_evaluate_and_predict_end_when_a_callback_says_so() -> None:
    class Stop(Callback):
        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_evaluating = batch == 1
            self.last = logs

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_predicting = batch == 1

    x, y = data()
    net, stop = model(), Stop()
    figures = net.evaluate(x, y, verbose=0, callbacks=[stop], return_dict=True)
    assert figures == stop.last == net.evaluate(x[:64], y[:64], verbose=0, return_dict=True)
    for given in (x, (x[start : start + 32] for start in (0, 32, 64))):
        found = net.predict(given, verbose=0, callbacks=[stop])
        np.testing.assert_array_equal(found, net.predict(x[:64], verbose=0))


@pytest.mark.parametrize(
    ("size", "begins", "ends"),
    [(1, [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]), (2, [0, 2, 4], [1, 3, 5]), (5, [0], [4]), (9, [0], [8])],
)
def test_callbacks_see_the_batches_of_an_execution_as_one(size: int, begins: list[int], ends: list[int]) -> None:
    heard: dict[str, list[int]] = {f"on_{run}_batch_{end}": [] for run in ("train", "test") for end in ("begin", "end")}
    listener = LambdaCallback()
    for hook, batches in heard.items():
        setattr(listener, hook, lambda batch, logs=None, batches=batches: batches.append(batch))
    net, alone = model(steps_per_execution=size), model()
    history = net.fit(X, Y, batch_size=20, shuffle=False, verbose=0, callbacks=[listener]).history
    net.evaluate(X, Y, batch_size=20, verbose=0, callbacks=[listener])
    assert list(heard.values()) == [begins, ends] * 2
    assert history == alone.fit(X, Y, batch_size=20, shuffle=False, verbose=0).history
    assert all((a == b).all() for a, b in zip(net.get_weights(), alone.get_weights(), strict=True))


def test_runs_are_of_batches_that_follow_each_other() -> None:
    feed, other = object(), object()
    batches: Any = [
        (feed, 0, 4),
        (feed, 4, 4),
        (feed, 8, 4),
        (feed, 12, 2),
        (other, 14, 2),
        (other, 0, 2),
        (other, 2, 2),
    ]
    expected = [(feed, 0, 4, 2), (feed, 8, 4, 1), (feed, 12, 2, 1), (other, 14, 2, 1), (other, 0, 2, 2)]
    assert list(runs(iter(batches), lambda: 2)) == expected
    assert list(runs(iter(batches), lambda: 1)) == [(*batch, 1) for batch in batches]
    assert list(runs(iter([]), lambda: 2)) == []


def test_a_run_takes_no_more_than_it_may() -> None:
    """No batch behind those of a run is asked for before that was trained on: its order may not be drawn yet."""
    asked: list[int] = []

    def batches() -> Any:
        for start in range(6):
            asked.append(start)
            yield X, start, 1

    for number, _ in enumerate(runs(batches(), lambda: 2), 1):
        assert len(asked) == 2 * number


# Of 64 samples the last batch is a partial one; an epoch of five batches begins where the last one ended.
@pytest.mark.parametrize("fit", [{}, {"steps_per_epoch": 5}, {"shuffle": False, "initial_epoch": 1}])
@pytest.mark.parametrize("metrics", [["accuracy"], [], ["accuracy", "mse"], ["accuracy", keras.metrics.Precision()]])
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_nobody_sees_whether_batches_were_trained_on_together(
    fit: Any, metrics: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops.TrainingLoop, "_batches_of_a_run", lambda *args: 4)
    x, y = X[:64], np.eye(CLASSES)[Y[:64]]
    runs_seen: list[int] = []
    results = []
    for heard in (False, True):
        net = model(loss="categorical_crossentropy", metrics=metrics, optimizer="adam")
        train = net._program().train_batches

        def counted(*args: Any, train: Any = train) -> Any:
            runs_seen.append(args[3])
            return train(*args)

        net._program().train_batches = counted
        listeners = [LambdaCallback(on_train_batch_end=lambda batch, logs: None)] if heard else []
        history = net.fit(x, y, batch_size=6, epochs=3, verbose=0, callbacks=listeners, **fit).history
        results.append((history, [weight.tobytes() for weight in net.get_weights()]))
    assert results[0] == results[1]
    assert (max(runs_seen) > 1) == (metrics in ([], ["accuracy"]))


def test_dropout_drops_the_same_in_batches_trained_on_together() -> None:
    results = []
    for heard in (False, True):
        keras.utils.set_random_seed(3)
        net = keras.Sequential([keras.Input((5,)), keras.layers.Dropout(0.5), keras.layers.Dense(CLASSES, "softmax")])
        net.compile("adam", "sparse_categorical_crossentropy")
        listeners = [LambdaCallback(on_train_batch_end=lambda batch, logs: None)] if heard else []
        results.append(net.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=listeners).history)
    assert results[0] == results[1]


def test_a_metric_of_ones_own_sees_each_batch() -> None:
    sizes: list[int] = []

    class Mine(SparseCategoricalAccuracy):
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            sizes.append(len(y_true))
            super().update_state(y_true, y_pred, sample_weight)

    model(metrics=[Mine(name="mine")]).fit(X, Y, batch_size=30, verbose=0)
    assert sizes == [30, 30, 30, 10]


def test_a_loss_that_is_no_number_ends_a_run_at_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops.TrainingLoop, "_batches_of_a_run", lambda *args: 20)
    x = X.copy()
    x[57] = 3e38  # finite, and too large for what is made of it
    net = model()
    with pytest.raises(NumericError, match="at epoch 1, batch 14; the weights are those before that batch"):
        net.fit(x, Y, batch_size=4, shuffle=False, verbose=0)
    before = model()
    before.fit(x[:56], Y[:56], batch_size=4, shuffle=False, verbose=0)
    assert all((a == b).all() for a, b in zip(net.get_weights(), before.get_weights(), strict=True))


def test_a_run_takes_a_moment() -> None:
    loop: Any = object.__new__(loops.TrainingLoop)
    loop.progress = loops.Progress(0)
    for seconds, size, expected in ((1e-9, 0, 32), (0.01, 0, 5), (0.06, 0, 1), (1e-9, 1 << 18, 4), (1e-9, 1 << 30, 1)):
        assert loop._batches_of_a_run(seconds, size) == expected
