"""The functions on arrays, against what TensorFlow's documentation says of them."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import NotSupportedError
from convcore.losses.tape import Recorded, gradient
from convcore.stand_ins.arrays import KERAS, NN, TENSORFLOW
from convcore.stand_ins.tensors import Tensor

MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)


def tf(name: str, *args: object, **kwargs: object) -> np.ndarray:
    result = TENSORFLOW[name](*args, **kwargs)
    assert isinstance(result, Tensor)
    return result.numpy()


def test_numbers_of_python_become_float32_and_int32() -> None:
    assert tf("constant", [1.5]).dtype == np.float32
    assert tf("constant", [1]).dtype == np.int32
    assert tf("constant", 1, "uint8").dtype == np.uint8
    assert tf("constant", np.ones(1)).dtype == np.float64
    assert tf("constant", 2.0, shape=(2,)).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("cast", ([1.9], np.dtype("int32")), [1]),
        ("expand_dims", ([1, 2], -1), [[1], [2]]),
        ("squeeze", ([[1, 2]],), [1, 2]),
        ("reshape", ([1, 2], [2, 1]), [[1], [2]]),
        ("transpose", ([[1, 2]],), [[1], [2]]),
        ("concat", ([[1], [2]], 0), [1, 2]),
        ("stack", ([[1], [2]],), [[1], [2]]),
        ("gather", ([5, 6, 7], [2, 0]), [7, 5]),
        ("where", ([True, False], 1, 2), [1, 2]),
        ("where", ([False, True],), [[1]]),
        ("zeros", ((2,),), [0, 0]),
        ("ones", ([1, 2],), [[1, 1]]),
        ("clip_by_value", ([-1, 5], 0, 2), [0, 2]),
        ("argmax", (MATRIX,), [1, 1, 1]),
        ("argmin", (MATRIX, 1), [0, 0]),
        ("reduce_sum", (MATRIX,), 15),
        ("reduce_mean", (MATRIX, [0, 1]), 2.5),
        ("reduce_max", (MATRIX, 0, True), [[3, 4, 5]]),
        ("equal", ([1, 2], [1, 3]), [True, False]),
        ("shape", (MATRIX,), [2, 3]),
    ],
)
def test_values(name: str, arguments: tuple, expected: object) -> None:
    np.testing.assert_array_equal(tf(name, *arguments), expected)


def test_reductions_keep_the_dtype() -> None:
    assert tf("reduce_mean", np.array([1, 2], np.int32)) == 1
    assert tf("reduce_sum", np.ones(3, np.float16)).dtype == np.float16


def test_a_label_outside_has_no_one() -> None:
    assert tf("one_hot", [1, -1, 3], 3).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert KERAS["one_hot"]([[0]], 2).tolist() == [[[1, 0]]]


def test_a_confusion_matrix_counts_labels_by_row() -> None:
    matrix = TENSORFLOW["math"]["confusion_matrix"]
    assert matrix([0, 0, 2], [0, 2, 2]).tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]
    assert matrix([0], [0], num_classes=2, weights=[3]).tolist() == [[3, 0], [0, 0]]
    assert matrix([0], [0]).dtype == np.int32


def test_the_activations_are_those_of_convcore() -> None:
    assert NN["softmax"]([[0.0, 0.0]]).numpy().tolist() == [[0.5, 0.5]]
    assert "get" not in NN
    assert TENSORFLOW["nn"] is NN


def test_what_is_brought_to_a_length_of_one() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    for table, name in ((NN, "l2_normalize"), (TENSORFLOW["math"], "l2_normalize"), (KERAS, "normalize")):
        np.testing.assert_allclose(table[name](x, axis=-1), [[0.6, 0.8], [0, 0]], rtol=1e-6)
        np.testing.assert_allclose(table[name](x, axis=[0, 1]), x / 5, rtol=1e-6)
    np.testing.assert_allclose(NN["l2_normalize"](x), x / 5, rtol=1e-6)
    recorded = Recorded(x)
    assert gradient(NN["l2_normalize"](recorded, 1)[:, 0], recorded)[0] == pytest.approx([0.128, -0.096])
    with pytest.raises(NotSupportedError, match="of order 1"):
        KERAS["normalize"](x, order=1)


def test_a_bias_is_added_to_the_channels() -> None:
    assert NN["bias_add"](MATRIX, [1, 2, 3], data_format="NHWC").tolist() == [[1, 3, 5], [4, 6, 8]]
    with pytest.raises(NotSupportedError, match="'NCHW' of bias_add"):
        NN["bias_add"](MATRIX, [1, 2], data_format="NCHW")
