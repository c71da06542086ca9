"""tf.data.Dataset over arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors
from convcore.stand_ins.datasets import Dataset

X, Y = np.arange(20, dtype=np.float32).reshape(10, 2), np.arange(10)


def values(dataset: Any) -> list[Any]:
    return [np.asarray(each).tolist() for each in dataset]


def test_slices_keep_their_structure() -> None:
    for x, y in Dataset.from_tensor_slices((X, Y)):
        assert x.numpy().tolist() == [2 * y.numpy(), 2 * y.numpy() + 1]
    (first, *_) = Dataset.from_tensor_slices({"a": X, "b": (Y, Y)}).as_numpy_iterator()
    assert first["a"].tolist() == [0, 1]
    assert first["b"] == (0, 0)
    assert values(Dataset.from_tensor_slices([3, 4])) == [3, 4]
    assert values(Dataset.from_tensors(X)) == [X.tolist()]
    with pytest.raises(errors.ParameterError, match="arrays of one length"):
        Dataset.from_tensor_slices((X, Y[:3]))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda d: d.map(lambda x: x + 1), [1, 2, 3, 4, 5]),
        (lambda d: d.filter(lambda x: x % 2 == 0), [0, 2, 4]),
        (lambda d: d.batch(2), [[0, 1], [2, 3], [4]]),
        (lambda d: d.batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
        (lambda d: d.batch(3).unbatch(), [0, 1, 2, 3, 4]),
        (lambda d: d.repeat(2), [0, 1, 2, 3, 4] * 2),
        (lambda d: d.repeat().take(7), [0, 1, 2, 3, 4, 0, 1]),
        (lambda d: d.skip(3).take(-1), [3, 4]),
        (lambda d: d.take(2).concatenate(d.skip(4)), [0, 1, 4]),
        (lambda d: d.cache().prefetch(1).with_options(None), [0, 1, 2, 3, 4]),
        (lambda d: d.apply(lambda inner: inner.take(1)), [0]),
        (lambda d: Dataset.zip(d, d.skip(3)).map(lambda a, b: a + b), [3, 5]),
        (lambda d: Dataset.zip((d.take(1), d.repeat())).map(lambda a, b: a - b), [0]),
        (lambda d: d.enumerate(5).map(lambda number, x: number - x), [5] * 5),
        (lambda d: Dataset.from_generator(lambda: iter([1, 2])), [1, 2]),
    ],
)
def test_what_is_made_of_elements(make: Any, expected: list[Any]) -> None:
    dataset = make(Dataset.range(5))
    for _ in range(2):
        assert values(dataset) == expected
    if dataset.cardinality() >= 0:
        assert len(dataset) == len(expected)


def test_shuffling() -> None:
    dataset = Dataset.range(50).shuffle(50, seed=1)
    first, second = values(dataset), values(dataset)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert values(Dataset.range(50).shuffle(50, seed=1)) == first
    fixed = Dataset.range(50).shuffle(9, reshuffle_each_iteration=False)
    assert values(fixed) == values(fixed)
    assert max(abs(value - place) for place, value in enumerate(values(Dataset.range(50).shuffle(1)))) == 0


def test_cached_elements_are_made_once() -> None:
    calls = []
    dataset = Dataset.range(3).map(lambda x: calls.append(1) or x).cache()
    assert values(dataset) == values(dataset) == [0, 1, 2]
    assert len(calls) == 3


def test_a_model_learns_from_it() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    dataset = Dataset.from_tensor_slices((X / 20, Y / 10)).shuffle(10).batch(4)
    history = model.fit(dataset, validation_data=dataset, epochs=2, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert model.predict(dataset.map(lambda x, y: x), verbose=0).shape == (10, 1)
    model.fit(dataset.repeat(), steps_per_epoch=5, verbose=0)
    with pytest.raises(errors.ParameterError, match="infinite dataset"):
        model.fit(dataset.repeat(), verbose=0)


def test_what_is_known_of_it() -> None:
    dataset = Dataset.from_tensor_slices((X, Y)).batch(4)
    assert [spec.shape for spec in dataset.element_spec] == [(4, 2), (4,)]
    assert dataset.repeat().cardinality() == -1
    assert dataset.filter(lambda x, y: True).cardinality() == -2
    assert dataset.get_single_element()[1].tolist() == [0, 1, 2, 3]
    assert dataset
    for unknown in (dataset.repeat(), dataset.unbatch()):
        with pytest.raises(TypeError, match="infinite|unknown"):
            len(unknown)


def test_the_rest_is_refused_by_name() -> None:
    assert not hasattr(Dataset.range(3), "on_epoch_begin")
    with pytest.raises(errors.NotSupportedError, match=r"tensorflow\.data\.Dataset\.interleave \(supported: apply"):
        Dataset.range(3).interleave(abs)
    with pytest.raises(errors.ParameterError, match="at least 1"):
        Dataset.range(3).batch(0)
