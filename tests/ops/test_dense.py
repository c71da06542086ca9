"""`convcore.ops.dense` and its two backwards."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops, runtime
from tests.bounds import worst_ratio
from tests.cases import EDGE_DENSES, SEED_DENSES, THREADED_DENSES, Dense
from tests.checks import check_whole_dense, digest, normals
from tests.layouts import layouts
from tests.reference import Array


def inputs(case: Dense, seed: int) -> list[Array]:
    return normals(seed, (case.n, case.inputs), (case.inputs, case.units), (case.units,), (case.n, case.units))


def results(x: Array, w: Array, bias: Array, dy: Array) -> list[Array]:
    return [ops.dense(x, w, bias), ops.dense_backward_data(dy, w), *ops.dense_backward_weights(x, dy)]


@pytest.mark.parametrize("case", [*EDGE_DENSES, *SEED_DENSES, *THREADED_DENSES], ids=str)
def test_whole_numbers(case: Dense) -> None:
    check_whole_dense(case, 1, threads=(1, 2, 3, 5))


@pytest.mark.parametrize("case", [d for d in (*EDGE_DENSES, *SEED_DENSES, *THREADED_DENSES) if d.n], ids=str)
def test_bound(case: Dense) -> None:
    x, w, bias, dy = (a.astype(np.float64) for a in inputs(case, 2))
    truth = [x @ w + bias, dy @ w.T, x.T @ dy, dy.sum(axis=0)]
    x, w, bias, dy = (np.abs(a) for a in (x, w, bias, dy))
    magnitudes = [x @ w + bias, dy @ w.T, x.T @ dy, dy.sum(axis=0)]
    terms = [case.inputs + 1, case.units, case.n, case.n]
    for result, true, magnitude, n in zip(results(*inputs(case, 2)), truth, magnitudes, terms, strict=True):
        assert worst_ratio(result, true, magnitude, n) <= 1


@pytest.mark.parametrize("case", [*THREADED_DENSES, SEED_DENSES[0]], ids=str)
def test_bits_do_not_depend_on_threads_or_batch(case: Dense) -> None:
    x, w, bias, dy = inputs(case, 3)
    digests = set()
    for count in (1, 2, 3, 5, 16):
        with runtime.threads(count):
            digests.add(digest(results(x, w, bias, dy)))
    assert len(digests) == 1
    y, dx, _, _ = results(x, w, bias, dy)
    for n in range(0, case.n, 7):
        assert digest([ops.dense(x[n : n + 1], w, bias)]) == digest([y[n : n + 1]])
        assert digest([ops.dense_backward_data(dy[n : n + 1], w)]) == digest([dx[n : n + 1]])


def test_layouts() -> None:
    arrays = inputs(Dense("odd", 5, 19, 23), 4)
    expected = digest(results(*arrays))
    for form in layouts(arrays[0]):
        assert digest(results(*(layouts(a)[form] for a in arrays))) == expected, form


def test_gradients_are_difference_quotients() -> None:
    x, w, bias, g = (a.astype(np.float64) for a in inputs(Dense("small", 4, 6, 5), 6))
    y = ops.dense(x, w, bias, activation="relu")
    dy = ops.relu_backward(g, y)
    gradients = {"x": ops.dense_backward_data(dy, w)}
    gradients["w"], gradients["bias"] = ops.dense_backward_weights(x, dy)
    arguments = {"x": x, "w": w, "bias": bias}
    for name, gradient in gradients.items():
        for place in range(gradient.size):
            values = []
            for step in (1e-6, -1e-6):
                moved = {key: a.copy() for key, a in arguments.items()}
                moved[name].flat[place] += step
                values.append(float((ops.dense(**moved, activation="relu") * g).sum()))
            quotient = (values[0] - values[1]) / 2e-6
            assert float(gradient.flat[place]) == pytest.approx(quotient, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("units", [1, 10, 16, 33])
def test_nan_and_infinity(units: int) -> None:
    x, w, bias, _ = inputs(Dense("special", 6, 9, units), 7)
    x[2, 3], x[4, 5] = np.nan, np.inf
    y = ops.dense(x, w, bias, activation="relu")
    assert np.isnan(y[2]).all()
    np.testing.assert_array_equal(y[4], np.where(w[5] > 0, np.inf, 0))
    assert np.isfinite(y[[0, 1, 3, 5]]).all()
