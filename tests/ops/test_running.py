"""What the ops share: results are refused before they are allocated, and flags are flags."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.errors import ParameterError, ResourceLimitError, ShapeError
from convcore.ops import running


@pytest.mark.parametrize("shape", [(2**31 - 1, 2**31 - 1, 3), (0, 2**31 - 1, 2**31 - 1, 2**31 - 1), (2**40,)])
def test_a_result_that_no_machine_holds_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ResourceLimitError):
        running.new_result(shape, np.float32)


def test_the_workspace_counts_the_scratch_of_each_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The padded copy of an image is scratch, not arena: a limit between the two must hold it."""
    x, w = np.ones((1, 64, 64, 16), np.float32), np.ones((31, 31, 16, 1), np.float32)
    assert ops.conv2d(x, w, padding="same").shape == (1, 64, 64, 1)
    monkeypatch.setenv("CONVCORE_MEMORY_LIMIT", str(2**17))
    with pytest.raises(ResourceLimitError, match="workspace"):
        ops.conv2d(x, w, padding="same")


@pytest.mark.parametrize("value", [None, 0, 1, "True", [True], np.ones(2, bool), 1.0])
def test_flags_are_true_or_false(value: Any) -> None:
    with pytest.raises(ParameterError, match="return_indices: expected True or False"):
        ops.max_pool2d(np.ones((1, 2, 2, 1), np.float32), return_indices=value)
    with pytest.raises(ParameterError, match="nesterov: expected True or False"):
        ops.sgd_step(np.ones(2), np.ones(2), nesterov=value)


def test_numpy_flags_are_flags() -> None:
    assert running.boolean("flag", np.True_) is True


@pytest.mark.parametrize("value", ["gelu", 3, ["relu"], np.zeros(10**6), b"relu"])
def test_activations_by_name_only(value: Any) -> None:
    with pytest.raises(ParameterError, match="activation") as caught:
        ops.dense(np.ones((1, 1)), np.ones((1, 1)), activation=value)
    assert len(str(caught.value)) < 200


def test_matrices_have_two_axes() -> None:
    assert running.matrix_shape("x", np.zeros((0, 3))) == (0, 3)
    for shape in [(3,), (3, 0), (1, 1, 1)]:
        with pytest.raises(ShapeError, match="x: expected two dimensions"):
            running.matrix_shape("x", np.zeros(shape))


def test_a_pool_of_halves_gives_halves() -> None:
    x = np.linspace(0, 1, 32, dtype=np.float16).reshape(1, 4, 4, 2)
    for op in (ops.max_pool2d, ops.avg_pool2d, ops.global_max_pool2d, ops.global_avg_pool2d):
        y = op(x)
        assert y.dtype == np.float16
        np.testing.assert_array_equal(op(data_format="channels_last", x=x), y)
        np.testing.assert_array_equal(op(x.astype(np.float32)).astype(np.float16), y)
        picks = op in (ops.max_pool2d, ops.global_max_pool2d)
        assert op((x * 255).astype(np.uint8)).dtype == (np.uint8 if picks else np.float32)
    y, indices = ops.max_pool2d(x, 2, return_indices=True)
    assert (y.dtype, indices.dtype) == (np.float16, np.int64)
    assert ops.max_pool2d_backward(y, indices, x.shape, pool_size=2).dtype == np.float16


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.uint16, np.float16, ">i2", ">f2"])
def test_what_picks_elements_keeps_their_dtype(kind: Any) -> None:
    native = np.dtype(kind).newbyteorder("=")
    x = np.arange(-8 if native.kind != "u" else 0, 8 if native.kind != "u" else 16).astype(kind).reshape(1, 4, 4, 1)
    y, indices = ops.max_pool2d(x, 2, return_indices=True)
    assert (y.dtype, indices.dtype) == (native, np.int64)
    np.testing.assert_array_equal(y, x[:, 1::2, 1::2])
    lines = x.reshape(1, 16, 1)
    others = ops.max_unpool2d(y, indices), ops.permute(x, (3, 1, 2, 0)), ops.relu(x), ops.max_pool1d(lines)
    for result in (*others, ops.global_max_pool2d(x), ops.global_max_pool1d(lines)):
        assert result.dtype == native
    np.testing.assert_array_equal(ops.relu(x), np.maximum(x, 0))


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_every_op_rounds_to_the_dtype_of_its_floats(name: str) -> None:
    kind: Any = name
    if name == "bfloat16":
        kind = pytest.importorskip("ml_dtypes", reason="bfloat16 comes with ml_dtypes").bfloat16
    x = np.linspace(-2, 2, 12).reshape(3, 4).astype(kind)
    w = np.linspace(-1, 1, 8).reshape(4, 2).astype(kind)
    dy = np.linspace(-1, 1, 6).reshape(3, 2).astype(kind)

    def results(*given: Any) -> list[Any]:
        x, w, dy = given
        every = [ops.dense(x, w), ops.dense_backward_data(dy, w), *ops.dense_backward_weights(x, dy)]
        every += [ops.activation(x, "gelu"), ops.activation_backward(x, x, "gelu"), ops.relu_backward(x, x)]
        every += [ops.softmax(x), ops.softmax_backward(x, x), ops.log_softmax(x), ops.log_softmax_backward(x, x)]
        every += [ops.sigmoid(x), ops.tanh(x), *ops.softmax_cross_entropy(x, np.arange(3))]
        return [*every, *ops.dense_backward_weights(x[:0], dy[:0])]

    wide = results(*(a.astype(np.float32) for a in (x, w, dy)))
    for narrow, exact in zip(results(x, w, dy), wide, strict=True):
        assert narrow.dtype == np.dtype(kind)
        np.testing.assert_array_equal(narrow, exact.astype(kind))
    assert ops.activation_backward(x, x.astype(np.float32), "gelu").dtype == np.float32
