"""The checks of the arguments of fit, evaluate and predict, each alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.errors import DTypeError, LabelError, NotSupportedError, ParameterError, ShapeError
from convcore.training import arguments


class Own(np.ndarray[Any, Any]):
    """A subclass, whose operators might mean something else."""


def test_arrays_pass_without_a_copy() -> None:
    x = np.zeros((3, 2), dtype=np.uint8)
    assert arguments.array("x", x) is x
    assert arguments.array("x", [[1, 2], [3, 4]]).shape == (2, 2)
    assert type(arguments.array("x", np.zeros((2, 2)).view(Own))) is np.ndarray


def test_a_list_of_one_array_is_that_array() -> None:
    x = np.zeros((3, 2), dtype=np.uint8)
    assert arguments.array("x", [x]) is x
    assert arguments.array("x", (x,)) is x
    assert arguments.array("y", [np.array(1)]).shape == (1,)
    assert arguments.array("x", [[1, 2, 3]]).shape == (1, 3)
    assert arguments.array("x", [x, x]).shape == (2, 3, 2)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, ParameterError),
        ([[1], [1, 2]], ShapeError),
        (3.0, ShapeError),
        (["a"], DTypeError),
        (np.zeros(3, dtype=complex), DTypeError),
        (np.zeros(3, dtype="datetime64[s]"), DTypeError),
        (iter([1]), NotSupportedError),
        (range, NotSupportedError),
        ({0: 1}, NotSupportedError),
    ],
)
def test_what_is_no_array_is_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="x"):
        arguments.array("x", value)


def test_objects_like_sequences_of_batches_are_refused_by_name() -> None:
    class Batches:
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            return np.zeros(3), np.zeros(3)

    with pytest.raises(NotSupportedError, match="Batches objects"):
        arguments.array("x", Batches())


@pytest.mark.parametrize(
    ("shape", "sample", "result"),
    [
        ((7, 4, 4), (4, 4, 1), (7, 4, 4, 1)),
        ((7, 4, 4, 1), (4, 4, 1), (7, 4, 4, 1)),
        ((7, 4, 4, 1), (4, 4), (7, 4, 4)),
        ((7,), (1,), (7, 1)),
        ((7, 1), (), (7,)),
        ((4, 4, 1), (4, 4, 1), (4, 4, 1)),
    ],
)
def test_a_channel_axis_of_one_comes_and_goes(
    shape: tuple[int, ...], sample: tuple[int, ...], result: tuple[int, ...]
) -> None:
    assert arguments.with_channels(np.zeros(shape), sample).shape == result


def test_weights_of_samples() -> None:
    assert arguments.sample_weights(None, 3) is None
    assert arguments.sample_weights([[1], [2], [3]], 3).tolist() == [1, 2, 3]  # type: ignore[union-attr]
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        arguments.sample_weights([1, 2], 3)
    with pytest.raises(ParameterError, match=r"sample_weight\[1\]"):
        arguments.sample_weights([1, -2, 3], 3)
    maps = np.ones((3, 4, 5))
    for weights in (maps, maps[..., None], maps[:, :, 0], maps[:, 0, 0], maps[:, :1, 0]):
        found = arguments.sample_weights(weights, 3, (4, 5, 2))
        assert found is not None
        assert found.shape == (weights.shape[:-1] if weights.shape[-1] == 1 else weights.shape)
    with pytest.raises(ShapeError, match=r"\(3,\), one per sample, or \(3, 4, 5\), one per position.*\(3, 5\)"):
        arguments.sample_weights(maps[:, 0], 3, (4, 5, 2))
    with pytest.raises(ParameterError, match=r"sample_weight\[2, 1\]=-1"):
        arguments.sample_weights(np.where(np.arange(6).reshape(3, 2) == 5, -1, 1), 3, (2, 1))


def test_weights_of_classes() -> None:
    ids = np.array([0, 2, 1], dtype=np.int32)
    for targets in (ids, np.eye(3)[ids]):
        assert arguments.class_weights({0: 2.0, 2: 0.5}, targets).tolist() == [2.0, 0.5, 1.0]
    assert arguments.class_weights({1: 2.0}, np.array([[1.0], [0.0], [0.9]])).tolist() == [2.0, 1.0, 2.0]
    with pytest.raises(LabelError):
        arguments.class_weights({0: 2.0}, np.zeros((3, 4, 2)))
    with pytest.raises(ParameterError, match="class_weight"):
        arguments.class_weights({"0": 2.0}, ids)


@pytest.mark.parametrize(("fraction", "count", "kept"), [(0.1, 60000, 54000), (0.27, 100, 73), (0.5, 5, 2), (0, 5, 5)])
def test_the_split_is_rounded_down(fraction: float, count: int, kept: int) -> None:
    assert arguments.split(fraction, count) == (fraction, kept)


def test_a_split_leaves_something_on_both_sides() -> None:
    with pytest.raises(ParameterError, match="contains 1 samples"):
        arguments.split(0.5, 1)


def test_a_batch_asked_for_must_be_there() -> None:
    with pytest.raises(ParameterError, match=r"`batch_size` is 33, and there are 32 samples .*leave `batch_size` out"):
        arguments.require_batch(33, 33, 32)
    arguments.require_batch(32, 32, 32)
    arguments.require_batch(None, 32, 7)


def test_the_default_batch_is_keras_s() -> None:
    assert arguments.batch_size("batch_size", None) == 32
    assert arguments.batch_size("batch_size", np.int64(7)) == 7
    assert arguments.count_or_none("steps", None) is None
    assert [arguments.verbosity(value) for value in ("auto", True, 3, 2, 0)] == [1, 1, 3, 2, 0]
    assert arguments.validation_epochs([1, 3]) == frozenset({1, 3})
    assert arguments.validation_tuple([1, 2]) == (1, 2, None)
