"""Every loss of the engine: its rows against the formulas, its gradient against differences, its batch's mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from convcore import losses, runtime
from convcore.errors import ShapeError
from convcore.ops.running import run
from convcore.optimizers import SGD
from convcore.plans import pointwise
from convcore.plans.steps import Steps
from convcore.program import Feed, Graph, LossSpec, Runner
from convcore.variables import FlatParameters, Variable
from tests import reference_losses
from tests.checks import digest
from tests.reference import Array
from tests.worker import run_job

PARAMETERS: dict[str, list[tuple[float, ...]]] = {
    "binary_crossentropy": [(0.0,), (0.2,)],
    "binary_crossentropy_logits": [(0.0,), (0.2,)],
    "binary_focal_crossentropy": [
        (0.0, 0.25, 2.0, 0.0, 0.0),
        (0.1, 0.25, 1.5, 1.0, 0.0),
        (0.0, 0.3, 0.0, 1.0, 0.0),
        (0.1, 0.25, 2.0, 1.0, 1.0),
    ],
    "huber": [(1.0,), (0.3,)],
    "categorical_focal_crossentropy": [(0.0, 0.25, 2.0, 0.0), (0.1, 0.5, 3.0, 0.0), (0.1, 0.25, 0.0, 1.0)],
}
CASES = [(kind, each) for kind in pointwise.ROW_LOSSES for each in PARAMETERS.get(kind, [()])]
SIZES = [(1, 1), (3, 5), (33, 10), (7, 2500), (2100, 1)]
PROBABLE = ("binary", "kl", "poisson", "categorical_focal", "mean_squared_log")


def rows(kind: str, n: int, oc: int, parameters: tuple[float, ...], seed: int = 1) -> tuple[Array, Array]:
    """(targets, outputs) away from where the loss has a kink."""
    rng = np.random.default_rng(seed)
    if kind.startswith(PROBABLE) and not (kind.endswith("logits") or parameters[-1:] == (1.0,)):
        y = rng.uniform(0.05, 0.95, (n, oc))
    else:
        y = rng.choice([-1, 1], (n, oc)) * rng.uniform(0.1, 2.5, (n, oc))
    if kind in ("hinge", "squared_hinge"):
        return rng.choice([-1.0, 1.0], (n, oc)), np.where(np.abs(np.abs(y) - 1) < 0.01, 0.5, y)
    if kind.startswith(("binary", "categorical")):
        return np.eye(oc)[rng.integers(0, oc, n)], y
    t = rng.uniform(0.1, 2.0, (n, oc)) if kind != "kl_divergence" else rng.dirichlet(np.ones(oc), n).clip(1e-3)
    return t, np.where(np.abs(np.abs(y - t) - parameters[0] if parameters else y - t) < 0.01, t + 0.5, y)


def run_kernel(
    kind: str, t: Array, y: Array, parameters: tuple[float, ...], weights: Array | None = None, dtype: str = "float64"
) -> tuple[Array, Array]:
    """(loss of each row, gradient of their sum) of the kernel."""
    n, oc = y.shape
    steps = Steps(dtype)
    item = steps.item_bytes
    places = [steps.external(n * oc * item), steps.external(n * oc * item)]
    weight = None if weights is None else steps.external(n * item)
    out = [steps.external(n * oc * item, written=True), steps.external(n * item, written=True)]
    bound = steps.bind(np.array([*parameters, 0.0]))
    pointwise.row_loss(steps, kind, n, oc, *places, weight, bound, *out, scale=1.0)
    dy, loss = np.empty((n, oc), dtype), np.empty(n, dtype)
    given = [y, t] if weights is None else [y, t, weights]
    run(steps.build(), *(np.ascontiguousarray(array, dtype) for array in given), dy, loss)
    return loss, dy


@pytest.mark.parametrize(("n", "oc"), SIZES)
@pytest.mark.parametrize(("kind", "parameters"), CASES)
def test_values_are_those_of_the_formulas(kind: str, parameters: tuple[float, ...], n: int, oc: int) -> None:
    t, y = rows(kind, n, oc, parameters)
    truth = [reference_losses.row_loss(kind, a, b, parameters) for a, b in zip(t.tolist(), y.tolist(), strict=True)]
    np.testing.assert_allclose(run_kernel(kind, t, y, parameters)[0], truth, rtol=1e-12, atol=1e-13)
    single = run_kernel(kind, t, y, parameters, dtype="float32")[0]
    np.testing.assert_allclose(single, truth, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kind", "parameters"), CASES)
def test_gradients_are_those_of_differences(kind: str, parameters: tuple[float, ...]) -> None:
    weights = np.array([0.5, 2.0, 1.0, 0.0, 3.0, 1.5])
    t, y = rows(kind, 6, 4, parameters, seed=2)
    loss, dy = run_kernel(kind, t, y, parameters, weights)
    for i in range(6):
        assert loss[i] == pytest.approx(weights[i] * reference_losses.row_loss(kind, t[i], y[i], parameters))
        expected = weights[i] * reference_losses.slope(kind, t[i], y[i], parameters)
        np.testing.assert_allclose(dy[i], expected, rtol=1e-6, atol=1e-8)


def test_what_is_clipped_has_no_slope() -> None:
    for kind in ("binary_crossentropy", "kl_divergence"):
        dy = run_kernel(kind, np.ones((1, 2)), np.array([[0.0, 0.5]]), PARAMETERS.get(kind, [()])[0])[1]
        assert dy[0, 0] == 0
        assert dy[0, 1] < 0


def test_logits_of_any_size_are_finite() -> None:
    y = np.array([[-800.0, 800.0, 0.0]])
    loss, dy = run_kernel("binary_crossentropy_logits", np.array([[1.0, 0.0, 1.0]]), y, (0.0,))
    assert loss[0] == pytest.approx((800 + 800 + math.log(2)) / 3)
    np.testing.assert_allclose(dy * 3, [[-1, 1, -0.5]])


@pytest.mark.parametrize(("kind", "parameters"), CASES)
def test_nan_stays_in_its_row(kind: str, parameters: tuple[float, ...]) -> None:
    t, y = rows(kind, 4, 3, parameters)
    y[2, 1] = np.nan
    assert np.isnan(run_kernel(kind, t, y, parameters)[0]).tolist() == [False, False, True, False]


def all_digests() -> str:
    """The hash of all losses over odd sizes."""
    found: list[Array] = []
    for kind, parameters in CASES:
        for n, oc in ((517, 19), (3, 2500), (4100, 1)):
            t, y = rows(kind, n, oc, parameters, seed=3)
            found += run_kernel(kind, t, y, parameters, np.linspace(0, 2, n), "float32")
    return digest(found)


def test_threads_change_no_bit() -> None:
    expected = all_digests()
    for count in (1, 2, 3):
        with runtime.threads(count):
            assert all_digests() == expected


def test_every_isa_is_near_the_formulas(isa: str) -> None:
    assert run_job("row_losses", isa=isa) == len(CASES)


# --------------------------------------------------------------------------------------- the mean of a batch

RNG = np.random.default_rng(5)
X = RNG.uniform(0.1, 0.9, (7, 3, 4)).astype(np.float32)
WEIGHTS = np.array([0.5, 1, 2, 0, 1, 3, 0.25])
IDS = RNG.integers(0, 4, (7, 3))
REDUCTIONS = ("sum_over_batch_size", "sum", "mean_with_sample_weight")


def passing(x: Array) -> tuple[Graph, FlatParameters]:
    graph = Graph(x.shape[1:])
    graph.output = graph.input
    return graph, FlatParameters([])


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", [name for name in losses.__all__ if name[0].isupper() and name != "Loss"])
def test_a_batch_of_maps_has_the_loss_that_the_object_gives(name: str, reduction: str, weights: Any) -> None:
    loss = getattr(losses, name)(reduction=reduction)
    y: Array = IDS if name.startswith("Sparse") else np.eye(4)[IDS]
    targets = loss.targets(y, (3, 4))
    graph, parameters = passing(X)
    feed = Feed(X, targets, weights, loss.kernel_targets(targets))
    found = Runner(graph, parameters, loss=loss.spec()).test(feed, 0, 7)
    each = None if weights is None else np.repeat(weights[:, np.newaxis], 3, axis=1)
    expected = loss(y, X, each)
    assert found == pytest.approx(float(expected), rel=2e-5)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_an_ignored_class_is_left_out(reduction: str, weights: Any) -> None:
    loss = losses.SparseCategoricalCrossentropy(ignore_class=2, reduction=reduction)
    graph, parameters = passing(X)
    x = np.where((IDS == 2)[..., np.newaxis], np.nan, X)
    each = None if weights is None else np.repeat(weights[:, np.newaxis], 3, axis=1)
    runner = Runner(graph, parameters, loss=loss.spec())
    found = runner.test(Feed(x, loss.targets(IDS, (3, 4)), weights), 0, 7)
    assert found == pytest.approx(float(loss(IDS, X, each)), rel=2e-5)
    assert runner.test(Feed(x, np.full((7, 3), 2), weights), 0, 7) == 0


class OwnSquare(losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return np.square(y_pred - y_true).mean(axis=-1)

    def gradient(self, y_true: Any, y_pred: Any) -> Any:
        return 2 * (y_pred - y_true) / y_pred.shape[-1]


def trained(loss: losses.Loss, weights: Any) -> tuple[list[float], Array]:
    """(losses, weights) of a dense layer after three steps."""
    rng = np.random.default_rng(6)
    kernel = Variable(rng.normal(size=(5, 4)), name="kernel")
    graph = Graph((5,))
    graph.output = graph.add("dense", graph.input, parameters=(kernel, None))
    runner = Runner(graph, FlatParameters([kernel]), loss=loss.spec(), optimizer=SGD(0.5))
    x, y = rng.normal(size=(9, 5)), rng.normal(size=(9, 4))
    feed = Feed(x, loss.targets(y, (4,)), weights)
    return [runner.train(feed, start, 3) for start in (0, 3, 6)], kernel.value.copy()


@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, 9)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_loss_in_python_trains_as_the_kernel_does(reduction: str, weights: Any) -> None:
    ours, kernel = trained(OwnSquare(reduction=reduction), weights)
    theirs, expected = trained(losses.MeanSquaredError(reduction=reduction), weights)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    np.testing.assert_allclose(kernel, expected, rtol=1e-5, atol=1e-6)


def test_a_loss_in_python_of_wrong_shapes_is_refused() -> None:
    class Wrong(OwnSquare):
        def gradient(self, y_true: Any, y_pred: Any) -> Any:
            return np.zeros(3)

    with pytest.raises(ShapeError, match=r"gradient of shape \(3,\)"):
        trained(Wrong(), None)


def test_options_reach_the_engine() -> None:
    assert losses.Huber(0.5).spec() == LossSpec("huber", parameters=(0.5,))
    assert losses.BinaryCrossentropy(True, 0.1).spec() == LossSpec(
        "binary_crossentropy", from_logits=True, parameters=(0.1,)
    )
