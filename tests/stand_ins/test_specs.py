"""What the elements of Dataset.from_generator are to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import errors
from convcore.stand_ins import tensorflow
from convcore.stand_ins.datasets import Dataset
from convcore.stand_ins.specs import TensorSpec

names, _ = tensorflow.content(()) or ({}, None)


def made(element: Any, *args: Any, **kwargs: Any) -> Any:
    return Dataset.from_generator(lambda: iter([element]), *args, **kwargs).get_single_element()


@pytest.mark.parametrize("value", [1.75, np.float64(1.75), [1, 2], np.arange(3)])
@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8", float, np.dtype("float16")])
def test_elements_are_cast(value: Any, dtype: Any) -> None:
    expected = np.asarray(value, dtype)
    for words in ({"output_types": dtype}, {"output_signature": TensorSpec(None, dtype)}):
        found = made(value, **words)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def test_elements_keep_their_structure() -> None:
    x, (y, rest) = made(
        (np.ones((2, 3)), (4, {"a": 5})),
        (names["float32"], (names["int32"], {"a": names["bool"]})),
        (names["TensorShape"]([None, 3]), ((), {"a": None})),
    )
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.float32, (2, 3), np.int32, ())
    assert rest["a"].dtype == bool
    spec = (names["TensorSpec"](shape=(None, 3), dtype=names["float32"]), names["TensorSpec"](shape=()))
    x, y = made((np.ones((2, 3)), 1), output_signature=spec)
    assert x.dtype == y.dtype == np.float32
    assert names["TensorShape"](None) is None


def test_a_generator_takes_arguments() -> None:
    dataset = Dataset.from_generator(lambda stop: range(stop), "int64", args=[3])
    assert [int(each) for each in dataset] == [0, 1, 2]


@pytest.mark.parametrize(
    ("element", "words", "error", "match"),
    [
        (
            [1, 2],
            {"output_types": "int32", "output_shapes": ()},
            errors.ShapeError,
            r"shape \(2,\) where .* shape \(\)",
        ),
        (np.ones((2, 3)), {"output_signature": TensorSpec((2, 2))}, errors.ShapeError, r"shape \(2, 3\)"),
        ("text", {"output_types": "int32"}, errors.DTypeError, "expected type was int32, but .* was 'text'"),
        ([[1], [2, 3]], {"output_types": "int32"}, errors.DTypeError, "could not be converted"),
        ((1, 2, 3), {"output_types": ("int32", "int32")}, errors.DTypeError, "did not match the expected structure"),
        ([1, 2], {"output_types": ("int32", "int32")}, errors.DTypeError, r"\('int32', 'int32'\)"),
        ({"a": 1}, {"output_types": {"b": "int32"}}, errors.DTypeError, "did not match the expected structure"),
        (1, {"output_signature": "int32"}, errors.DTypeError, "must contain objects that are subclass"),
        (1, {"output_signature": TensorSpec(()), "output_types": "int32"}, errors.DTypeError, "used together with"),
    ],
)
def test_what_does_not_fit_is_refused(element: Any, words: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        made(element, **words)
