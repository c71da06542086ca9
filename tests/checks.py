"""What must hold of one problem under the active ISA: used by the tests here and by `worker` under other ISAs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from convcore import ops, runtime
from tests import sliding
from tests.bounds import worst_ratio
from tests.cases import Conv, Dense, Pool
from tests.reference import Array


def integers(seed: int, *shapes: tuple[int, ...], limit: int = 8) -> list[Array]:
    """Whole numbers in float32: sums of their products below 2**24 are exact in any order."""
    rng = np.random.default_rng(seed)
    return [rng.integers(-limit, limit + 1, shape).astype(np.float32) for shape in shapes]


def normals(seed: int, *shapes: tuple[int, ...]) -> list[Array]:
    """Standard normal float32 data."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def digest(arrays: Iterable[Array]) -> str:
    """SHA-256 over the bits, shapes and dtypes of arrays."""
    state = hashlib.sha256()
    for array in arrays:
        state.update(f"{array.dtype.str}{array.shape}".encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()


def conv_outputs(case: Conv, x: Array, w: Array, bias: Array, dy: Array) -> dict[str, Array]:
    """The results of all three directions."""
    dw, db = ops.conv2d_backward_weights(x, dy, w.shape, **case.arguments)
    return {
        "y": ops.conv2d(x, w, bias, **case.arguments),
        "relu": ops.conv2d(x, w, bias, activation="relu", **case.arguments),
        "dx": ops.conv2d_backward_data(dy, w, x.shape, **case.arguments),
        "dw": dw,
        "db": db,
    }


def conv_truth(case: Conv, x: Array, w: Array, bias: Array, dy: Array) -> dict[str, Array]:
    """The same in float64 by the oracle."""
    x, w, bias, dy = (a.astype(np.float64) for a in (x, w, bias, dy))
    options = case.oracle_arguments
    dw, db = sliding.conv2d_backward_weights(x, dy, case.kernel, **options)
    y = sliding.conv2d(x, w, bias, **options)
    dx = sliding.conv2d_backward_data(dy, w, x.shape, **options)
    return {"y": y, "relu": np.maximum(y, 0), "dx": dx, "dw": dw, "db": db}


def conv_inputs(case: Conv, seed: int, *, whole: bool) -> list[Array]:
    """x, w, bias, dy for a case."""
    shapes = (case.input_shape, case.kernel_shape, (case.oc,), case.output_shape)
    return integers(seed, *shapes) if whole else normals(seed, *shapes)


def check_whole_conv(case: Conv, seed: int, threads: Sequence[int] = (1,)) -> None:
    """Integer data: every bit of all three directions, and the adjoint identity between them."""
    x, w, bias, dy = conv_inputs(case, seed, whole=True)
    truth = conv_truth(case, x, w, bias, dy)
    for count in threads:
        with runtime.threads(count):
            results = conv_outputs(case, x, w, bias, dy)
        for name, result in results.items():
            assert result.dtype == np.float32, (case, name, result.dtype)
            np.testing.assert_array_equal(result, truth[name], err_msg=f"{case!r}: {name}, {count} threads")
        product = np.vdot((results["y"] - bias).astype(np.float64), dy.astype(np.float64))
        for name, factor in (("dx", x), ("dw", w)):
            assert np.vdot(results[name].astype(np.float64), factor.astype(np.float64)) == product, (case, name)


def check_conv_bound(case: Conv, seed: int) -> None:
    """Normal data: every element within gamma_n * S of the float64 oracle, n being the number of its terms."""
    x, w, bias, dy = conv_inputs(case, seed, whole=False)
    truth = conv_truth(case, x, w, bias, dy)
    magnitude = conv_truth(case, *(np.abs(a) for a in (x, w, bias, dy)))
    places = case.n * case.output_shape[1] * case.output_shape[2]
    back = case.kernel[0] * case.kernel[1] * case.oc // case.groups
    terms = {"y": case.terms + 1, "relu": case.terms + 1, "dx": back, "dw": places, "db": places}
    for name, result in conv_outputs(case, x, w, bias, dy).items():
        ratio = worst_ratio(result, truth[name], magnitude[name], max(terms[name], 1))
        assert ratio <= 1, (case, name, ratio)


def check_whole_pool(case: Pool, seed: int, threads: Sequence[int] = (1,)) -> None:
    """Small whole numbers, so that ties abound: value, index and gradient, to the bit."""
    x, dy = integers(seed, case.input_shape, case.output_shape, limit=3)
    value, index = sliding.max_pool2d(x, **case.oracle_arguments)
    gradient = sliding.max_pool2d_backward(dy, index, x.shape)
    for count in threads:
        with runtime.threads(count):
            y, indices = ops.max_pool2d(x, return_indices=True, **case.arguments)
            alone = ops.max_pool2d(x, **case.arguments)
            dx = ops.max_pool2d_backward(dy, indices, x.shape, **case.arguments)
        assert (y.dtype, indices.dtype, alone.dtype, dx.dtype) == (np.float32, np.int64, np.float32, np.float32)
        for result, truth in ((y, value), (alone, value), (indices, index), (dx, gradient)):
            np.testing.assert_array_equal(result, truth, err_msg=f"{case!r}, {count} threads")
        assert dx.sum(dtype=np.float64) == dy.sum(dtype=np.float64), case


def check_whole_dense(case: Dense, seed: int, threads: Sequence[int] = (1,)) -> None:
    """Integer data: the product and its gradients, to the bit."""
    x, w, dy = integers(seed, (case.n, case.inputs), (case.inputs, case.units), (case.n, case.units))
    (bias,) = integers(seed + 1, (case.units,))
    truth = (x @ w + bias, np.maximum(x @ w + bias, 0), dy @ w.T, x.T @ dy, dy.sum(axis=0))
    for count in threads:
        with runtime.threads(count):
            y, relu = ops.dense(x, w, bias), ops.dense(x, w, bias, activation="relu")
            results = (y, relu, ops.dense_backward_data(dy, w), *ops.dense_backward_weights(x, dy))
        for result, expected in zip(results, truth, strict=True):
            assert result.dtype == np.float32
            np.testing.assert_array_equal(result, expected, err_msg=f"{case!r}, {count} threads")


def all_digests(convs: Iterable[Conv], pools: Iterable[Pool], denses: Iterable[Dense]) -> dict[str, str]:
    """The hash of every result of every case on normal data: equal hashes are equal bits."""
    digests = {}
    for case in convs:
        digests[case.name] = digest(conv_outputs(case, *conv_inputs(case, 1, whole=False)).values())
    for pool in pools:
        x, dy = normals(2, pool.input_shape, pool.output_shape)
        y, indices = ops.max_pool2d(x, return_indices=True, **pool.arguments)
        digests[pool.name] = digest([y, indices, ops.max_pool2d_backward(dy, indices, x.shape, **pool.arguments)])
    for dense in denses:
        x, w, dy = normals(3, (dense.n, dense.inputs), (dense.inputs, dense.units), (dense.n, dense.units))
        y = ops.dense(x, w, dy[0] if dense.n else None)
        digests[dense.name] = digest([y, ops.dense_backward_data(dy, w), *ops.dense_backward_weights(x, dy)])
    return digests
