"""Batches from arrays, generators and data sets."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import layers
from convcore.errors import NumericError, ParameterError, ShapeError
from convcore.program import Feed
from convcore.training.sources import ArraySource, is_stream, permutation, refuse_beside, unpacked
from tests.training.small import CLASSES, data, model, weights

X, Y = data()
SIZE = 32
PLACES = range(0, 100, SIZE)


class Batches(keras.utils.PyDataset):
    """The 4 batches of X and Y; what it was asked for, and which hooks ran."""

    def __init__(self, *more: Any) -> None:
        super().__init__()
        self.more = more
        self.seen: list[Any] = []

    def __len__(self) -> int:
        return len(PLACES)

    def __getitem__(self, index: int) -> Any:
        self.seen.append(index)
        part = slice(index * SIZE, (index + 1) * SIZE)
        return (X[part], Y[part], *(array[part] for array in self.more))

    def on_epoch_begin(self) -> None:
        self.seen.append("begin")

    def on_epoch_end(self) -> None:
        self.seen.append("end")


def endless(*more: Any) -> Iterator[Any]:
    batches = Batches(*more)
    while True:
        for index in range(len(batches)):
            yield batches[index]


def same(first: Any, second: Any) -> bool:
    return np.array_equal(weights(first), weights(second))


def trained(x: Any = X, y: Any = Y, **arguments: Any) -> tuple[Any, Any]:
    net = model(optimizer="adam")
    history = net.fit(x, y, verbose=0, shuffle=False, epochs=3, **arguments)
    return net, history.history


def test_every_kind_of_source_trains_alike() -> None:
    expected, history = trained()
    validation = {"validation_data": (X[:50], Y[:50]), "validation_batch_size": SIZE}
    _, with_validation = trained(**validation)
    sources: list[tuple[Any, dict[str, Any]]] = [(Batches(), {}), (endless(), {"steps_per_epoch": 4})]
    for source, steps in sources:
        net, found = trained(source, None, **steps)
        assert same(net, expected)
        assert found == history
    halves = ((X[i : min(i + SIZE, 50)], Y[i : min(i + SIZE, 50)]) for i in itertools.cycle((0, 32)))
    assert trained(validation_data=halves, validation_steps=2)[1] == with_validation
    figures = expected.evaluate(X, Y, verbose=0)
    np.testing.assert_allclose(expected.evaluate(Batches(), verbose=0), figures, rtol=1e-6)
    np.testing.assert_allclose(expected.evaluate(endless(), steps=4, verbose=0), figures, rtol=1e-6)
    outputs = expected.predict(X, verbose=0)
    assert np.array_equal(expected.predict(Batches(), verbose=0), outputs)
    assert np.array_equal(expected.predict((X[i : i + SIZE] for i in PLACES), verbose=0), outputs)
    assert np.array_equal(expected.predict(endless(), steps=2, verbose=0), outputs[:64])


def test_weights_come_with_the_batches() -> None:
    given = np.linspace(0, 2, 100)
    expected, _ = trained(sample_weight=given)
    assert same(trained(Batches(given), None)[0], expected)
    by_class = {0: 0.5, 2: 3.0}
    assert same(trained(Batches(), None, class_weight=by_class)[0], trained(class_weight=by_class)[0])
    with pytest.raises(ParameterError, match=r"class_weight.*sample_weight"):
        trained(Batches(given), None, class_weight=by_class)
    with pytest.raises(ParameterError, match="not supported for Python generator"):
        trained(endless(), None, class_weight=by_class, steps_per_epoch=2)


def test_batches_of_a_data_set_are_shuffled_and_its_hooks_run() -> None:
    batches = Batches()
    model().fit(batches, epochs=3, verbose=0)
    epochs = [batches.seen[i : i + 6] for i in range(0, 18, 6)]
    assert [(epoch[0], epoch[-1]) for epoch in epochs] == [("begin", "end")] * 3
    orders = [tuple(epoch[1:-1]) for epoch in epochs]
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert len(set(orders)) > 1


def test_an_endless_data_set_needs_steps() -> None:
    class Endless(Batches):
        num_batches = None  # type: ignore[assignment]

        def __getitem__(self, index: int) -> Any:
            return super().__getitem__(index % 4)

    assert same(trained(Endless(), None, steps_per_epoch=4)[0], trained()[0])


def test_steps_on_arrays_go_through_the_passes() -> None:
    """4 batches in steps of 3: 3 of the first pass, 1 of it and a warning, 3 of the second."""
    net = model()
    seen: list[int] = []
    count = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(net.optimizer.iterations))
    with pytest.warns(UserWarning, match="ran out of data"):
        net.fit(X, Y, batch_size=SIZE, steps_per_epoch=3, epochs=3, callbacks=[count], verbose=0)
    assert seen == [3, 4, 7]
    net = model()
    assert net.fit(X, Y, steps_per_epoch=7, verbose=0).params["steps"] == 7  # batches of 15
    assert net.optimizer.iterations == 7


def test_a_stream_that_ends_too_early_warns() -> None:
    batches = [(X[i : i + SIZE], Y[i : i + SIZE]) for i in PLACES]
    net = model()
    with pytest.warns(UserWarning, match="ran out of data"):
        net.fit(iter(batches), steps_per_epoch=6, verbose=0)
    assert net.optimizer.iterations == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert net.fit(iter(batches), verbose=0).history["loss"]
    with pytest.raises(ParameterError, match="at least one batch"):
        net.fit(iter([]), verbose=0)


def test_what_is_given_beside_a_stream_is_refused() -> None:
    net = model()
    for arguments in ({"y": Y}, {"sample_weight": Y}, {"validation_split": 0.2}):
        with pytest.raises(ParameterError, match=r"Batches|validation_split"):
            net.fit(Batches(), verbose=0, **arguments)
    for bad, error in (
        ((X,), ParameterError),
        ((X, Y, Y, Y), ParameterError),
        ((X, Y[:3]), ShapeError),
        (3, ParameterError),
        (None, ParameterError),
    ):
        with pytest.raises(error):
            net.fit(iter([bad]), verbose=0)
    assert net.optimizer.iterations == 0
    refuse_beside(endless(), y=None)
    assert unpacked(X)[0] is X


def test_a_batch_that_is_not_finite_is_named() -> None:
    x = X.copy()
    x[70, 2] = np.inf
    net = model()
    with pytest.raises(NumericError, match=r"epoch 1, batch 2 \(sample 6 of x"):
        net.fit(((x[i : i + SIZE], Y[i : i + SIZE]) for i in PLACES), verbose=0)
    assert net.optimizer.iterations == 2


def test_a_model_without_a_shape_is_built_by_the_first_batch() -> None:
    for call, source in (("fit", endless()), ("fit", Batches()), ("predict", endless()), ("evaluate", Batches())):
        net = keras.Sequential([layers.Dense(CLASSES, "softmax")])
        net.compile("adam", "sparse_categorical_crossentropy")
        steps = {"fit": "steps_per_epoch"}.get(call, "steps")
        getattr(net, call)(source, verbose=0, **{steps: 2})
        assert net.input_shape == (None, 5)


def test_what_is_a_stream() -> None:
    class Frame:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return X

        def __len__(self) -> int:
            return 100

        def __getitem__(self, index: int) -> Any:
            return X[index]

    assert all(is_stream(value) for value in (Batches(), endless(), map(abs, [1]), iter([])))
    assert not any(is_stream(value) for value in (X, [X], (X,), {"a": X}, "abc", None, 3, Frame(), Batches, range(3)))
    assert np.array_equal(model().predict(Frame(), verbose=0), model().predict(X, verbose=0))


def test_orders_follow_from_the_seed_and_the_batches() -> None:
    assert sorted(permutation(50, 7, 3)) == list(range(50))
    assert np.array_equal(permutation(50, 7, 3), permutation(50, 7, 3))
    assert not np.array_equal(permutation(50, 7, 3), permutation(50, 7, 4))
    assert not np.array_equal(permutation(50, 8, 3), permutation(50, 7, 3))


def test_an_order_is_drawn_once_a_pass() -> None:
    """To draw that of a large data set takes as long as some batches."""
    drawn: list[int] = []

    def order(first: int) -> Any:
        drawn.append(first)
        return permutation(100, 1, first)

    for _ in range(2):
        list(ArraySource(Feed(X, Y), SIZE, None, order).epoch())
    list(ArraySource(Feed(X, Y), SIZE, None, order).epoch(2))
    assert drawn == [0, 0, 2]
    passes = ArraySource(Feed(X, Y), SIZE, passes_steps := -(-100 // SIZE), order)
    for _ in range(3):
        assert len(list(passes.epoch())) == passes_steps
    assert drawn == [0, 0, 2, 0, 0, 0]


def test_a_pass_may_begin_in_its_middle() -> None:
    feed = Feed(X, Y)
    source = ArraySource(feed, SIZE, None, lambda first: permutation(100, 1, 10 - first))
    whole = [feed.order[start : start + count].copy() for feed, start, count in source.epoch()]
    order = feed.order.copy()
    source = ArraySource(feed, SIZE, None, lambda first: permutation(100, 1, 12 - first))
    rest = [feed.order[start : start + count].copy() for feed, start, count in source.epoch(2)]
    assert np.array_equal(order, feed.order)
    assert all(np.array_equal(a, b) for a, b in zip(whole[2:], rest, strict=True))


def test_a_training_that_goes_on_from_a_file_has_the_same_orders(tmp_path: Any) -> None:
    expected = model(optimizer="adam")
    expected.fit(X, Y, epochs=5, verbose=0)
    net = model(optimizer="adam")
    net.fit(X, Y, epochs=2, verbose=0)
    net.save(tmp_path / "half.keras")
    keras.utils.set_random_seed(99)
    again = keras.models.load_model(tmp_path / "half.keras")
    again.fit(X, Y, epochs=5, initial_epoch=2, verbose=0)
    assert same(again, expected)


def test_progress_without_a_known_length(capsys: Any) -> None:
    model().fit(((X[i : i + SIZE], Y[i : i + SIZE]) for i in PLACES), verbose=2)
    assert capsys.readouterr().out.startswith("4/4 - ")
