"""model.explain: a table or a dict, and not a trace in the model."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import layers
from convcore import random as seeds
from convcore.errors import BusyError, ParameterError, StateError


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convcore.program.explain.ROUNDS", 3)


class Noisy(keras.layers.Layer):
    """A custom layer that learns, counts its calls and draws from the global generator."""

    calls = 0

    def build(self, input_shape: Any) -> None:
        self.offset = self.add_weight(shape=(), name="offset")

    def forward(self, x: Any, training: bool = False) -> Any:
        self.calls += 1
        return x + self.offset.value + np.random.random()

    def backward(self, dy: Any) -> Any:
        self.offset.grad[...] += dy.sum()
        return dy


def make(optimizer: str = "adam", *, custom: bool = True) -> Any:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2),
            *([Noisy()] if custom else []),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, "softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.random((12, 8, 8, 1), dtype=np.float32), rng.integers(0, 3, 12)


@pytest.mark.parametrize("trained", [False, True])
def test_explain_leaves_no_trace(trained: bool) -> None:
    """A model that was explained trains on to the same bits as one that was not."""
    results = []
    for explained in (False, True):
        model = make()
        x, y = data()
        if trained:
            model.fit(x, y, batch_size=4, verbose=0)
        slots, calls = len(model.optimizer.slots), model.layers[2].calls
        if explained:
            report = model.explain(batch_size=5, as_dict=True)
            assert any(step["kernel"] == "python" for step in report["steps"])
        assert (len(model.optimizer.slots), model.layers[2].calls) == (slots, calls)
        drawn = np.random.random(), seeds.next_seed()
        model.fit(x, y, batch_size=4, epochs=2, verbose=0)
        state = model.optimizer.get_state()
        results.append((*model.get_weights(), *(state[name] for name in sorted(state)), drawn))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_backward_pass_may_be_open() -> None:
    model = make(custom=False)
    y = model.forward(data()[0])
    model.explain(batch_size=3, as_dict=True)
    assert model.backward(np.ones_like(y)).shape == (12, 8, 8, 1)


def test_it_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert make().explain(4) is None
    printed = capsys.readouterr().out
    assert printed.startswith("Training program for batches of 4")
    assert "custom layer, in NumPy" in printed


def test_a_model_that_is_not_compiled_is_explained_in_inference() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    report = model.explain(as_dict=True)
    assert (report["program"], report["batch_size"]) == ("inference", 128)
    assert [step["kernel"] for step in report["steps"]] == ["dense_forward"]


def test_layers_of_nested_models_are_named() -> None:
    inner = keras.Sequential([layers.Dense(3, name="inside")])
    model = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, name="outside")])
    assert [step["layers"] for step in model.explain(4, True)["steps"]] == [["inside"], ["outside"]]


def test_what_is_refused() -> None:
    with pytest.raises(StateError, match="not built"):
        keras.Sequential([layers.Dense(2)]).explain()
    model = make(custom=False)
    for size in (0, -1, 2.5, True, "128"):
        with pytest.raises(ParameterError, match="batch_size"):
            model.explain(size)
    with pytest.raises(ParameterError, match="as_dict"):
        model.explain(as_dict="yes")


def test_another_thread_has_to_wait() -> None:
    model = make(custom=False)
    errors: list[BaseException] = []

    class Meanwhile(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            def call() -> None:
                try:
                    model.explain(2, as_dict=True)
                except BusyError as error:
                    errors.append(error)

            thread = threading.Thread(target=call)
            thread.start()
            thread.join()

    model.fit(*data(), verbose=0, callbacks=[Meanwhile()])
    assert len(errors) == 1


def test_channels_first_is_copied_where_a_chain_begins_and_ends() -> None:
    first = {"data_format": "channels_first"}
    stack = [
        keras.Input((3, 20, 22)),
        layers.ZeroPadding2D(1, **first),
        layers.Conv2D(8, 3, activation="relu", **first),
        layers.MaxPooling2D(**first),
        layers.BatchNormalization(axis=1),
        layers.Activation("tanh"),
        layers.Conv2D(4, 3, activation="elu", **first),
    ]
    steps = keras.Sequential(stack).explain(batch_size=2, as_dict=True)["steps"]
    normalized = ["batch_norm_statistics", "batch_norm"]
    middle = ["conv2d_forward_pool", *normalized, "activation", "conv2d_forward", "activation"]
    assert [step["kernel"] for step in steps] == ["permute", *middle, "permute"]
    copies = [step for step in steps if step["note"] == "a copy, with axes in another order"]
    assert [step["bytes"] for step in copies] == [2 * 4 * 2 * 3 * 20 * 22, 2 * 4 * 2 * 4 * 8 * 9]


def test_a_line_goes_through_its_convolution_and_pool_in_one_step() -> None:
    for words in ({}, {"data_format": "channels_first"}):
        stack = [layers.Conv1D(8, 3, **words), layers.ReLU(), layers.MaxPooling1D(**words), layers.Flatten(**words)]
        shape = (16, 3) if not words else (3, 16)
        steps = keras.Sequential([keras.Input(shape), *stack]).explain(batch_size=2, as_dict=True)["steps"]
        assert [step["kernel"] for step in steps] == ["permute"] * bool(words) + ["conv2d_forward_pool"]
