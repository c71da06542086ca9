"""The runner: order of calls, training steps and what leaves them without effect, slots, frozen layers, programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.errors import ConvcoreError, ShapeError, StateError
from convcore.optimizers import SGD, Adam, RMSprop, schedules
from convcore.program import Feed, Graph, LossSpec, Runner
from convcore.program.runner import PROGRAMS
from convcore.variables import FlatParameters, Variable
from tests import reference
from tests.checks import digest, normals
from tests.program.nets import Net
from tests.reference import Array

N = 12


def linear(optimizer: Any = None, *, frozen: tuple[int, ...] = (), loss: str = "mean_squared_error") -> Runner:
    """Two dense layers, 4 to 3 to 2, as a graph; the variables numbered `frozen` are not trained."""
    values = normals(1, (4, 3), (3,), (3, 2), (2,))
    variables = [Variable(v, name=f"w{k}", trainable=k not in frozen) for k, v in enumerate(values)]
    graph = Graph((4,))
    y = graph.add("dense", graph.input, parameters=variables[:2], relu=True)
    graph.output = graph.add("dense", y, parameters=variables[2:])
    return Runner(graph, FlatParameters(variables), loss=LossSpec(loss), optimizer=optimizer)


def feed(n: int = N) -> Feed:
    x, y = normals(2, (n, 4), (n, 2))
    return Feed(x, y)


def test_backward_follows_a_training_forward_once() -> None:
    runner, data = linear(SGD(0.1)), feed()
    x, dy = data.x[:3], np.ones((3, 2), np.float32)
    calls: list[Any] = [
        lambda: None,
        lambda: runner.forward(x),
        lambda: (runner.forward(x, training=True), runner.backward(dy)),
        lambda: (runner.forward(x, training=True), runner.forward(x)),
        lambda: (runner.forward(x, training=True), runner.train(data, 0, 3)),
        lambda: (runner.forward(x, training=True), runner.test(data, 0, 3)),
    ]
    for call in calls:
        call()
        with pytest.raises(StateError, match="training=True"):
            runner.backward(dy)
    runner.forward(x, training=True)
    for wrong in (dy[:2], dy[:, :1], dy[0]):
        with pytest.raises(ShapeError, match=r"\(3, 2\)"):
            runner.backward(wrong)
    runner.backward(dy)


def test_calls_that_lack_something_are_refused() -> None:
    x, y = feed().x, feed().y
    plain = linear()
    with pytest.raises(StateError, match="no batch"):
        _ = plain.outputs
    with pytest.raises(StateError, match="optimizer"):
        plain.train(feed(), 0, 3)
    with pytest.raises(StateError, match="targets"):
        linear(SGD(0.1)).train(Feed(x), 0, 3)
    with pytest.raises(StateError, match="targets"):
        plain.test(Feed(x), 0, 3)
    with pytest.raises(StateError, match="loss"):
        Runner(plain.graph, plain.parameters).test(Feed(x, y), 0, 3)
    for wrong in (x[:, :3], x[0], x[..., None]):
        with pytest.raises(ShapeError, match=r"\(n, 4\)"):
            plain.forward(wrong)
    for start, count in ((-1, 3), (10, 3), (12, 1)):
        with pytest.raises(ConvcoreError):
            linear(SGD(0.1)).train(feed(), start, count)


def test_no_samples_give_no_outputs() -> None:
    assert linear().forward(np.zeros((0, 4), np.float32)).shape == (0, 2)


def step(values: list[Array], x: Array, y: Array) -> tuple[float, list[Array]]:
    """(loss, gradients) of `linear`, in float64."""
    w1, b1, w2, b2 = (v.astype(np.float64) for v in values)
    hidden = np.maximum(x @ w1 + b1, 0)
    difference = hidden @ w2 + b2 - y
    dy = 2 * difference / difference.size
    inner = dy @ w2.T * (hidden > 0)
    return float((difference**2).mean()), [x.T @ inner, inner.sum(0), hidden.T @ dy, dy.sum(0)]


def test_a_step_is_loss_gradients_and_update() -> None:
    runner, data = linear(SGD(0.5)), feed()
    data.order[:] = np.random.default_rng(3).permutation(N)
    for start, count in ((0, 5), (5, 5), (10, 2)):
        rows = data.order[start : start + count]
        before = [variable.numpy() for variable in runner.parameters.variables]
        loss, gradients = step(before, data.x[rows], data.targets(start, count))
        assert runner.train(data, start, count) == pytest.approx(loss, rel=1e-5)
        for variable, value, gradient in zip(runner.parameters.variables, before, gradients, strict=True):
            np.testing.assert_allclose(variable.grad, gradient, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(variable.value, value - 0.5 * gradient, rtol=1e-4, atol=1e-6)
    assert runner._update is not None
    assert runner._update.optimizer.iterations == 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1, momentum=0.9, weight_decay=0.1),
        lambda: Adam(schedules.ExponentialDecay(0.1, 2, 0.5), use_ema=True, ema_overwrite_frequency=3),
        lambda: SGD(0.1, gradient_accumulation_steps=2),
    ],
)
def test_batches_together_are_the_batches_one_by_one(make: Any) -> None:
    one, other, data = linear(make()), linear(make()), feed()
    data.order[:] = np.random.default_rng(3).permutation(N)
    losses, outputs = [], []
    for start in range(0, N, 3):
        losses.append(one.train(data, start, 3))
        outputs.append(one.output.copy())
    made = np.zeros((N, *one.graph.output.shape), np.float32)
    assert other.train_batches(data, 0, 3, N // 3, [made]) == losses
    np.testing.assert_array_equal(made, np.concatenate(outputs))
    assert digest([other.parameters.values]) == digest([one.parameters.values])
    assert digest(other._slots) == digest(one._slots)


def test_batches_together_end_with_a_loss_that_is_no_number() -> None:
    one, other, data = linear(Adam(0.1)), linear(Adam(0.1)), feed()
    expected = [one.train(data, start, 3) for start in (0, 3)]
    data.x[7, 2] = np.nan
    *losses, last = other.train_batches(data, 0, 3, N // 3)
    assert losses == expected
    assert np.isnan(last)
    assert digest([other.parameters.values, *other._slots]) == digest([one.parameters.values, *one._slots])


@pytest.mark.parametrize(
    "make", [lambda: SGD(0.1, momentum=0.9), lambda: Adam(0.1), lambda: RMSprop(0.1, centered=True)]
)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_changes_nothing(make: Any, bad: float) -> None:
    optimizer = make()
    runner, data = linear(optimizer), feed()
    runner.train(data, 0, 6)
    state = [runner.parameters.values.copy(), *(slot.copy() for slot in optimizer.slots)]
    data.x[7, 2] = bad
    assert not np.isfinite(runner.train(data, 6, 6))
    assert digest([runner.parameters.values, *optimizer.slots]) == digest(state)
    assert optimizer.iterations == 1
    assert np.isfinite(runner.train(data, 0, 6))
    assert digest([runner.parameters.values, *optimizer.slots]) != digest(state)


def test_slots_that_were_replaced_are_the_ones_that_are_used() -> None:
    """As when a model file is loaded, or `optimizer.build` ran again."""
    one, other = Adam(0.1), Adam(0.1)
    first, second = linear(one), linear(other)
    for runner in (first, second):
        runner.train(feed(), 0, N)
    one.slots = [slot.copy() for slot in one.slots]
    old = list(other.slots)
    for runner in (first, second):
        runner.train(feed(), 0, N)
    assert digest([first.parameters.values, *one.slots]) == digest([second.parameters.values, *old])


@pytest.mark.parametrize("frozen", [(0,), (1, 2), (3,), (0, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("make", [lambda: SGD(0.1, momentum=0.9, weight_decay=0.1), lambda: Adam(0.1)])
def test_frozen_variables_stay(make: Any, frozen: tuple[int, ...]) -> None:
    runner, free = linear(make(), frozen=frozen), linear(make())
    before = [variable.numpy() for variable in runner.parameters.variables]
    for each in (runner, free):
        each.train(feed(), 0, N)
    for number, (variable, value) in enumerate(zip(runner.parameters.variables, before, strict=True)):
        expected = value if number in frozen else free.parameters.variables[number].value
        np.testing.assert_array_equal(variable.value, expected)


def test_weights_of_samples_scale_losses_and_gradients() -> None:
    data, weights = feed(), np.linspace(0, 2, N)
    runner = linear(SGD(0.0))
    loss = runner.train(Feed(data.x, data.y, weights), 0, N)
    gradients = runner.parameters.gradients.copy()
    total, summed = 0.0, np.zeros_like(gradients, dtype=np.float64)
    for k in range(N):
        total += weights[k] * runner.train(data, k, 1) / N
        summed += weights[k] * runner.parameters.gradients / N
    assert loss == pytest.approx(total, rel=1e-5)
    np.testing.assert_allclose(gradients, summed, rtol=1e-4, atol=1e-6)


def test_labels_and_their_rows_train_alike() -> None:
    x, ids = normals(4, (N, 4))[0], np.arange(N) % 2
    sparse = linear(SGD(0.5), loss="sparse_categorical_crossentropy")
    rows = linear(SGD(0.5), loss="categorical_crossentropy")
    for runner, y in ((sparse, ids), (rows, np.eye(2)[ids])):
        runner.graph.output = runner.graph.add("softmax", runner.graph.nodes[-1].output)
        runner.train(Feed(x, y), 0, N)
        truth = reference.softmax(normals_logits(x))
        np.testing.assert_allclose(runner.output, truth, rtol=1e-5)
    np.testing.assert_allclose(sparse.parameters.values, rows.parameters.values, rtol=1e-5, atol=1e-6)


def normals_logits(x: Array) -> Array:
    """The logits of `linear` before training."""
    w1, b1, w2, b2 = normals(1, (4, 3), (3,), (3, 2), (2,))
    return np.maximum(x @ w1 + b1, 0) @ w2 + b2


def test_predictions_in_any_batches_have_the_same_bits() -> None:
    net = Net(5)
    runner = net.runner()
    feed = Feed(net.data(20)[0])
    whole = runner.predict(feed, 0, 20).copy()
    for size in (1, 3, 7, 19):
        parts = [runner.predict(feed, k, min(size, 20 - k)).copy() for k in range(0, 20, size)]
        assert digest([np.concatenate(parts)]) == digest([whole])
    assert digest([runner.forward(feed.x)]) == digest([whole])


def test_more_batch_sizes_than_programs_are_kept() -> None:
    runner = linear(SGD(0.0))
    data = feed(40)
    expected = runner.predict(data, 0, 40).copy()
    for _ in range(2):
        for size in range(1, PROGRAMS + 5):
            np.testing.assert_array_equal(runner.predict(data, 0, size), expected[:size])
            runner.train(data, 0, size)
    assert len(runner._programs) <= PROGRAMS


def test_training_repeats_bit_for_bit_with_dropout() -> None:
    """Masks depend on the seed and the number of the step: a runner that takes over goes on with the same."""

    def train(steps: int, split: int) -> str:
        net = Net(8)
        optimizer = Adam(0.01)
        runner = net.runner(optimizer)
        feed = Feed(*net.data(6))
        for number in range(steps):
            if number == split:
                runner = net.runner(optimizer)
            runner.train(feed, 0, 6)
        return digest([net.parameters.values, *optimizer.slots])

    assert any("dropout" in text for text in Net(8).text), Net(8).text
    assert train(6, 0) == train(6, 3) == train(6, 5)
    assert train(6, 0) != train(5, 0)


@pytest.mark.parametrize("pooled", [False, True])
def test_prepared_weights_follow_whatever_writes_the_parameters(pooled: bool) -> None:
    """They outlive the run that made them: also a value written through a view has to be seen."""
    kernel = Variable(np.zeros((3, 3, 16, 16)))
    graph = Graph((16, 16, 16))
    y = graph.add("conv2d", graph.input, parameters=[kernel, None])
    graph.output = graph.add("max_pool2d", y, pool_size=2) if pooled else y
    runner = Runner(graph, FlatParameters([kernel]))
    (x,) = normals(4, (2, 16, 16, 16))
    for value in normals(5, *[kernel.shape] * 3):
        for place in (np.s_[...], np.s_[1, 2, 5], np.s_[2, 2, 15, 15], np.s_[0, 0, 0, 0]):
            kernel.value[place] = value[place]
            kept = runner.forward(x)
            np.testing.assert_array_equal(kept, runner.forward(x, training=True))  # which prepares them each time
            np.testing.assert_array_equal(kept[:1], runner.forward(x[:1]))
    kernel.value[...] = 0
    assert not runner.forward(x).any()


def test_samples_without_elements_give_outputs_without_elements_or_are_refused() -> None:
    """No kernel sees them: a task of none of its columns would divide by zero."""
    graph = Graph((0, 10))
    graph.output = graph.add("relu", graph.input)
    runner = Runner(graph, FlatParameters([]), loss=LossSpec("mean_squared_error"), optimizer=SGD(0.1))
    x = np.empty((3, 0, 10), np.float32)
    assert runner.forward(x).shape == runner.forward(x, training=True).shape == (3, 0, 10)
    for call in (runner.train, runner.test, runner.predict):
        with pytest.raises(ShapeError, match=r"samples of shape \(0, 10\) have no elements"):
            call(Feed(x, x), 0, 3)
    with pytest.raises(StateError):
        runner.backward(x)
