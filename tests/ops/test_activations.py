"""The activations and their backwards."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.plans.activations import ELEMENTWISE
from tests import reference
from tests.checks import digest, normals
from tests.layouts import layouts
from tests.reference import Array

SIZES = [(0,), (1,), (7,), (16,), (33,), (3, 5), (2, 3, 5, 7), (70, 71)]
# Relative error granted: a few roundings of float32 and of float64.
RELATIVE = {np.dtype(np.float32): 8 * 2.0**-24, np.dtype(np.float64): 16 * 2.0**-53}
DTYPES = [np.float32, np.float64]


def close(result: Array, truth: Array) -> None:
    """Within the relative error of the dtype; what lies below its normal numbers may be flushed to zero."""
    assert np.isfinite(result).all()
    allowed = RELATIVE[result.dtype] * np.abs(truth) + np.finfo(result.dtype).tiny
    assert (np.abs(result.astype(np.float64) - truth) <= allowed).all()


def sweep(dtype: type) -> Array:
    """Every size of argument: from subnormal to where the functions have long been flat."""
    small = np.concatenate([10.0 ** np.arange(-40, 2.0, 0.13), np.linspace(0, 30, 4001), [80, 90, 120, 1e4, 1e30]])
    return np.concatenate([-small, small]).astype(dtype)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_relu(shape: tuple[int, ...], dtype: type) -> None:
    x, dy = (a.astype(dtype) for a in normals(1, shape, shape))
    y = ops.relu(x)
    assert (y.dtype, y.shape) == (x.dtype, shape)
    np.testing.assert_array_equal(y, np.maximum(x, 0))
    dx = ops.relu_backward(dy, y)
    assert dx.dtype == x.dtype
    np.testing.assert_array_equal(dx, np.where(x > 0, dy, 0))


@pytest.mark.parametrize("size", [1, 8, 16, 17, 70])
def test_relu_of_special_values(size: int) -> None:
    for value, expected in ((np.nan, np.nan), (-np.inf, 0), (np.inf, np.inf), (-0.0, 0.0), (-1e-45, 0)):
        y = ops.relu(np.full(size, value, np.float32))
        np.testing.assert_array_equal(y, np.full(size, expected, np.float32))
        assert np.isnan(value) or not np.signbit(y).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid(dtype: type) -> None:
    x = sweep(dtype)
    wide = x.astype(np.float64)
    small = np.exp(-np.abs(wide))
    close(ops.sigmoid(x), np.where(wide < 0, small, 1) / (1 + small))
    special = ops.sigmoid(np.array([np.nan, np.inf, -np.inf], dtype))
    np.testing.assert_array_equal(special, np.array([np.nan, 1, 0], dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh(dtype: type) -> None:
    x = sweep(dtype)
    close(ops.tanh(x), np.tanh(x.astype(np.float64)))
    special = ops.tanh(np.array([np.nan, np.inf, -np.inf], dtype))
    np.testing.assert_array_equal(special, np.array([np.nan, 1, -1], dtype))


@pytest.mark.parametrize("shape", [(1, 1), (1, 10), (33, 10), (4, 1000), (2, 3, 5)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax(shape: tuple[int, ...], dtype: type) -> None:
    (x,) = (a.astype(dtype) * 5 for a in normals(2, shape))
    y = ops.softmax(x)
    assert (y.dtype, y.shape) == (x.dtype, shape)
    # A shift by the maximum rounds once: its error grows by the size of the exponent, and sums by their length.
    np.testing.assert_allclose(y, reference.softmax(x), rtol=60 * float(np.finfo(dtype).eps), atol=0)


def test_softmax_of_extreme_rows() -> None:
    rows = np.array([[1e4, -1e4, 0], [3e38, 3e38, 3e38], [-np.inf, 0, 0], [-3e38, -3e38, -np.inf]], np.float32)
    expected = [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0, 0.5, 0.5], [0.5, 0.5, 0]]
    np.testing.assert_allclose(ops.softmax(rows), expected, rtol=1e-6)
    with_nan = ops.softmax(np.array([[0, np.nan, 1], [0, 1, 2]], np.float32))
    assert np.isnan(with_nan[0]).all()
    assert np.isfinite(with_nan[1]).all()


def test_softmax_backward_is_the_difference_quotient() -> None:
    x, dy = (a.astype(np.float64) for a in normals(3, (3, 6), (3, 6)))
    dx = ops.softmax_backward(dy, ops.softmax(x))
    for place in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        quotient = ((ops.softmax(x + step) - ops.softmax(x - step)) * dy).sum() / 2e-6
        assert dx[place] == pytest.approx(quotient, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("op", [ops.relu, ops.sigmoid, ops.tanh, ops.softmax], ids=lambda op: op.__name__)
def test_layouts_threads_and_splits_change_no_bit(op: Callable[[Array], Array]) -> None:
    (x,) = normals(4, (37, 1700))
    y = op(x)
    for form, shaped in layouts(x).items():
        assert digest([op(shaped)]) == digest([y]), form
    for count in (2, 3, 5):
        with runtime.threads(count):
            assert digest([op(x)]) == digest([y]), count
    assert digest([op(row[None]) for row in x]) == digest([row[None] for row in y])


below = np.vectorize(lambda v: math.erfc(-v / math.sqrt(2)) / 2)
soft_plus = np.vectorize(lambda v: max(v, 0.0) + math.log1p(math.exp(-abs(v))))
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def sigma(x: Array) -> Array:
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def shrunk(x: Array) -> Array:
    return np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)


# Each function in float64, as Keras defines it.
TRUTH: dict[str, Callable[[Array], Array]] = {
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "exponential": np.exp,
    "gelu": lambda x: x * below(x),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "log_sigmoid": lambda x: -soft_plus(-x),
    "mish": lambda x: x * np.tanh(soft_plus(x)),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "selu": lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))),
    "sigmoid": sigma,
    "silu": lambda x: x * sigma(x),
    "soft_shrink": shrunk,
    "softplus": soft_plus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x)),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "tanh": np.tanh,
    "tanh_shrink": lambda x: x - np.tanh(x),
    "threshold": lambda x: np.where(x > 0.7, x, -2.0),
}
# Where a slope jumps: difference quotients stay away from there.
KINKS = np.array([-3, -1, -0.5, 0, 0.5, 0.7, 1, 3, 6])


def settings(name: str) -> dict[str, float]:
    return {"threshold": 0.7, "default_value": -2.0} if name == "threshold" else {}


def test_every_function_has_its_truth() -> None:
    assert set(TRUTH) == set(ELEMENTWISE)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_function(name: str, dtype: type) -> None:
    x = np.concatenate([np.linspace(-40, 40, 20011), np.linspace(-8, 8, 9973), [1e-5, -1e-5, 0.0]]).astype(dtype)
    wide = x.astype(np.float64)
    truth = TRUTH[name](wide)
    unit = float(np.finfo(dtype).eps)
    # Some units of the result, and of the argument where the result is a difference of things of its size.
    differences = {
        "gelu",
        "tanh_shrink",
        "squareplus",
        "hard_sigmoid",
        "hard_silu",
        "soft_shrink",
        "exponential",
        "silu",
    }
    allowed = 8 * unit * (np.abs(truth) + (np.minimum(np.abs(wide), 4) if name in differences else 0) + 1e-30)
    allowed += 40 * unit * np.abs(truth) if name == "exponential" else 0
    assert (np.abs(ops.activation(x, name, **settings(name)) - truth) <= allowed).all()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_gradient_is_the_difference_quotient(name: str) -> None:
    x = np.linspace(-9, 9, 3001)
    x = x[np.abs(x[:, None] - KINKS).min(axis=1) > 1e-4]
    step = 1e-5
    up, down = (ops.activation(x + sign * step, name, **settings(name)) for sign in (1, -1))
    dy = np.random.default_rng(1).standard_normal(x.shape)
    dx = ops.activation_backward(dy, x, name, **settings(name))
    np.testing.assert_allclose(dx, dy * (up - down) / (2 * step), rtol=1e-6, atol=1e-9)
    single = ops.activation_backward(dy.astype(np.float32), x.astype(np.float32), name, **settings(name))
    np.testing.assert_allclose(single, dx, rtol=2e-5, atol=2e-5)
    from_result = ops.activation_backward(dy, x, name, y=ops.activation(x, name, **settings(name)), **settings(name))
    np.testing.assert_allclose(from_result, dx, rtol=1e-9, atol=1e-14)


def test_a_result_of_another_shape_is_refused() -> None:
    x = np.ones((2, 3))
    with pytest.raises(ShapeError, match="y: expected shape"):
        ops.activation_backward(x, x, "tanh", y=x[:1])


@pytest.mark.parametrize(
    ("name", "arguments", "truth"),
    [
        ("gelu", {"approximate": True}, lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
        ("elu", {"alpha": 0.3}, lambda x: np.where(x > 0, x, 0.3 * np.expm1(np.minimum(x, 0)))),
        ("celu", {"alpha": 2.0}, lambda x: np.where(x > 0, x, 2 * np.expm1(np.minimum(x, 0) / 2))),
        ("leaky_relu", {"negative_slope": 0.5}, lambda x: np.where(x > 0, x, 0.5 * x)),
        ("soft_shrink", {"threshold": 1.0}, lambda x: np.sign(x) * np.maximum(np.abs(x) - 1, 0)),
        ("squareplus", {"b": 1.0}, lambda x: (x + np.sqrt(x * x + 1)) / 2),
    ],
)
def test_arguments(name: str, arguments: dict[str, float], truth: Callable[[Array], Array]) -> None:
    x = np.linspace(-9, 9, 1001)
    np.testing.assert_allclose(ops.activation(x, name, **arguments), truth(x), rtol=1e-12, atol=1e-14)
    x = x[np.abs(x[:, None] - KINKS).min(axis=1) > 1e-4]
    quotient = (truth(x + 1e-5) - truth(x - 1e-5)) / 2e-5
    np.testing.assert_allclose(ops.activation_backward(np.ones_like(x), x, name, **arguments), quotient, 1e-6, 1e-9)


@pytest.mark.parametrize("name", sorted(set(ELEMENTWISE) - {"hard_shrink", "threshold"}))
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_stays_nan(name: str, dtype: type) -> None:
    y = ops.activation(np.array([np.nan, -np.nan] * 20, dtype), name)
    assert np.isnan(y).all()


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
@pytest.mark.parametrize("dtype", DTYPES)
def test_softmaxes_along_an_axis(axis: int, dtype: type) -> None:
    x, dy = (a.astype(dtype) * 5 for a in normals(5, (4, 70, 3), (4, 70, 3)))
    wide = np.moveaxis(x.astype(np.float64), axis, -1)
    soft = np.moveaxis(reference.softmax(wide), -1, axis)
    unit = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(ops.softmax(x, axis), soft, rtol=60 * unit)
    y = ops.log_softmax(x, axis)
    np.testing.assert_allclose(y, np.log(soft), rtol=8 * unit, atol=8 * unit)
    dx = ops.log_softmax_backward(dy, y, axis)
    np.testing.assert_allclose(dx, dy - soft * dy.sum(axis, keepdims=True), rtol=200 * unit, atol=200 * unit)
    back = ops.softmax_backward(dy, ops.softmax(x, axis), axis)
    np.testing.assert_allclose(back, soft * (dy - (dy * soft).sum(axis, keepdims=True)), atol=100 * unit)


def test_names_and_arguments_that_are_none() -> None:
    x = np.zeros(3, np.float32)
    np.testing.assert_array_equal(ops.activation(x, "Swish"), x)
    with pytest.raises(ParameterError, match="reluu"):
        ops.activation(x, "reluu")
    with pytest.raises(NotSupportedError, match="sparsemax"):
        ops.activation(x, "sparsemax")
    for name, arguments in (("threshold", {}), ("elu", {"beta": 1.0}), ("relu6", {"max_value": 1.0})):
        with pytest.raises(ParameterError, match=name):
            ops.activation(x, name, **arguments)
    with pytest.raises(ParameterError, match="alpha"):
        ops.activation(x, "celu", alpha=0.0)
    with pytest.raises(ParameterError, match="alpha"):
        ops.activation(x, "elu", alpha="1")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="the activation sigmoid does not take .*'alpha'"):
        ops.activation(x, "sigmoid", alpha=1.0)
    for refused in (None, 10**400):
        with pytest.raises(ParameterError, match="negative_slope: expected a number"):
            ops.activation(x, "relu", negative_slope=refused)
    np.testing.assert_array_equal(ops.activation(x - 2, "relu", negative_slope=np.float32(0.5), max_value=None), x - 1)
