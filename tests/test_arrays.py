"""Arrays from outside: exact conversions pass, all others are refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convcore import layers, ops
from convcore.arrays import as_array, as_indices, as_reals, in_same_dtype, plain
from convcore.errors import DTypeError, LabelError, ResourceLimitError, ShapeError
from convcore.program import Feed
from tests.layouts import layouts


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_good_arrays_are_not_copied(dtype: str) -> None:
    x = np.ones((2, 3), dtype)
    kind, (same,) = as_reals(x=x)
    assert kind == dtype
    assert same is x


@pytest.mark.parametrize("dtype", ["float16", "int8", "uint8", "int16", "uint16"])
def test_what_float32_holds_becomes_it(dtype: str) -> None:
    info = np.finfo(dtype) if dtype == "float16" else np.iinfo(dtype)
    x = np.array([info.min, 1, info.max], dtype)
    kind, (converted,) = as_reals(x=x)
    assert kind == "float32"
    np.testing.assert_array_equal(converted.astype(np.float64), x.astype(np.float64))
    assert as_reals(x=x, y=np.ones(1))[0] == "float64"


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "uint64", "bool", "longdouble"])
def test_what_would_be_degraded_is_refused(dtype: str) -> None:
    with pytest.raises(DTypeError, match=r"^w: .*w\.astype"):
        as_reals(x=np.ones(2, np.float32), w=np.ones(2, dtype))


@pytest.mark.parametrize("value", [1j, "a", b"a", None, object(), np.datetime64("2020-01-01"), [{}], np.zeros(2, "V8")])
def test_what_is_no_real_number_is_refused(value: Any) -> None:
    with pytest.raises(DTypeError, match="^x: expected real numbers"):
        as_array("x", value)


def test_a_dtype_of_many_fields_is_named_in_short() -> None:
    with pytest.raises(DTypeError) as caught:
        as_array("x", np.zeros(2, [(f"field{number}", "f4") for number in range(1000)]))
    assert len(str(caught.value)) < 100


def test_ragged_lists_and_masks_are_refused() -> None:
    with pytest.raises(ShapeError, match="^x: "):
        as_array("x", [[1.0], [1.0, 2.0]])
    with pytest.raises(DTypeError, match=r"x\.filled"):
        as_array("x", np.ma.masked_array([1.0, 2.0], [True, False]))


class Tensor:
    """As PyTorch's: an array for NumPy whose dtype is not one of NumPy's, unless it has a gradient."""

    dtype = "torch.some"

    def __init__(self, array: npt.NDArray[Any], *, requires_grad: bool = False) -> None:
        self.array, self.requires_grad = array, requires_grad

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self.array


def test_tensors_and_variables_are_arrays() -> None:
    x = np.array([-1, 2], np.float16)
    for op in (ops.relu, ops.tanh):
        y = op(Tensor(x))  # type: ignore[arg-type]
        assert y.dtype == np.float16
        np.testing.assert_array_equal(y, op(x))
    with pytest.raises(ShapeError, match="x: cannot be made an array: .*requires grad"):
        ops.relu(Tensor(x, requires_grad=True))  # type: ignore[arg-type]
    layer = layers.Dense(3)
    layer.build((None, 2))
    np.testing.assert_array_equal(ops.dense(np.eye(2, dtype=np.float32), layer.kernel), layer.kernel.numpy())


def test_lists_take_the_dtype_beside_them() -> None:
    assert as_reals(x=[1, 2])[0] == "float32"
    for dtype in ("float32", "float64"):
        kind, arrays = as_reals(x=[1.5, 2], w=np.ones(2, dtype))
        assert kind == dtype
        assert {array.dtype.name for array in arrays} == {dtype}


def test_numbers_of_numpy_say_their_dtype() -> None:
    """A numpy.float64 is an instance of float too; only numbers of Python's take the dtype beside them."""
    assert as_reals(x=np.float64(0.1))[0] == "float64"
    assert as_reals(x=np.float32(0.1))[0] == as_reals(x=0.1)[0] == "float32"


def test_two_dtypes_are_not_mixed() -> None:
    with pytest.raises(DTypeError, match="x is float32, w is float64"):
        as_reals(x=np.ones(2, np.float32), w=np.ones(2))


def test_layouts_become_plain() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    for form, shaped in layouts(x).items():
        _, (plain,) = as_reals(x=shaped)
        assert plain.flags.c_contiguous, form
        assert plain.flags.aligned, form
        assert plain.dtype == np.float32, form
        assert plain.dtype.isnative, form
        np.testing.assert_array_equal(plain, x, err_msg=form)


def test_a_plain_array_is_kept_and_another_copied() -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert plain("x", x, np.float32) is x
    for other in (x.T, x.astype(">f4"), x.astype(np.float64)):
        copy = plain("x", other, np.float32)
        assert copy.flags.c_contiguous
        assert copy.dtype == np.float32
        assert copy.dtype.isnative
        np.testing.assert_array_equal(copy, other)


@pytest.mark.parametrize(
    "call",
    [
        lambda view: ops.conv2d(view(2**20, 2**10, 2**10, 1), np.zeros((3, 3, 1, 1), np.float32)),
        lambda view: ops.conv2d(view(2**40, 2**20, 2, 1, dtype=np.uint8), np.zeros((1, 1, 1, 1), np.float32)),
        lambda view: ops.max_pool2d(view(2**20, 2**10, 2**10, 1)),
        lambda view: ops.relu(view(2**45)),
        lambda view: ops.dense(view(2**42, 2), np.zeros((2, 1), np.float32)),
        lambda view: Feed(view(2**20, 2**10, 2**10, 1)),
        lambda view: layers.Dense(2)(view(2**30, 2**12)),
    ],
)
def test_a_view_with_more_elements_than_memory_is_refused_before_a_copy(call: Any) -> None:
    with pytest.raises(ResourceLimitError, match="copy of shape"):
        call(lambda *shape, dtype=np.float32: np.broadcast_to(dtype(1), shape))


def test_indices_beyond_int64_are_named_as_they_are() -> None:
    with pytest.raises(LabelError, match=str(2**63)):
        as_indices("labels", np.array([1, 2**63], np.uint64))
    assert as_indices("labels", np.array([1, 2**63 - 1], np.uint64)).max() == 2**63 - 1


def test_indices_are_integers() -> None:
    found = as_indices("indices", np.array([[1, 2]], np.uint8))
    assert found.dtype == np.int64
    for bad in ([1.0], [True], ["1"]):
        with pytest.raises(DTypeError, match="^indices: "):
            as_indices("indices", bad)


def test_elements_that_were_picked_keep_their_dtype() -> None:
    y = np.array([1.0, 2.0], np.float32)
    for name in ("uint8", "int16", "float16", ">i2"):
        assert in_same_dtype(y, np.zeros(2, name)).dtype == np.dtype(name).newbyteorder("=")
    assert in_same_dtype(y, [1, 2]).dtype == np.float32


def test_plain_arrays_of_one_dtype_pass_as_they_are() -> None:
    x, y = np.zeros((2, 3), np.float32), np.zeros(3, np.float32)
    dtype, found = as_reals(x=x, y=y)
    assert dtype == "float32"
    assert found[0] is x
    assert found[1] is y
    swapped = y.astype(">f4")
    assert as_reals(x=x, y=swapped)[1][1].dtype == np.float32
    assert as_reals(x=x.T, y=y)[1][0].flags.c_contiguous
