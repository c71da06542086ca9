"""Batches like the last one: the same outputs as the whole way gives, and the whole way for all others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import convcore
from convcore import layers
from convcore.errors import StateError
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters, Variable
from tests.checks import normals
from tests.reference import Array


@pytest.fixture
def model() -> convcore.Sequential:
    net = convcore.Sequential([convcore.Input((14, 14, 32)), layers.Conv2D(33, 3), layers.MaxPooling2D()])
    net.set_weights(list(normals(1, (3, 3, 32, 33), (33,))))
    return net


def batch(seed: int, n: int = 1) -> Array:
    (x,) = normals(seed, (n, 14, 14, 32))
    return x.astype(np.float32)


def test_each_batch_has_its_own_output(model: convcore.Sequential) -> None:
    xs = [batch(seed) for seed in range(4)]
    expected = [model.predict(x, verbose=0).copy() for x in xs]
    found = [model.predict_on_batch(x) for x in xs]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len({y.__array_interface__["data"][0] for y in found}) == 4


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.concatenate([x, x]),
        lambda x: x.astype(np.float64),
        lambda x: x.astype(">f4"),
        lambda x: x.tolist(),
        lambda x: np.asfortranarray(x),
        lambda x: np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float32).reshape(x.shape),
        lambda x: x.view(np.recarray),
    ],
    ids=["size", "dtype", "byte order", "list", "order", "alignment", "subclass"],
)
def test_what_is_no_such_batch_is_made_one(model: convcore.Sequential, change: Callable[[Array], Array]) -> None:
    x = batch(1)
    runner = model._program()
    expected = model.predict_on_batch(x)
    assert runner.repeat(x) is not None
    assert runner.repeat(change(x)) is None
    for y in model.predict_on_batch(change(x)):
        np.testing.assert_array_equal(y, expected[0])


def test_what_changes_between_batches_counts(model: convcore.Sequential) -> None:
    x = batch(1)
    before = model.predict_on_batch(x)
    kernel = model.layers[0].kernel
    kernel.value[...] *= 2
    model.layers[0].bias.assign(2 * model.layers[0].bias.numpy())
    np.testing.assert_array_equal(model.predict_on_batch(x), 2 * before)
    fast = model.predict_on_batch(x)
    try:
        convcore.set_math("exact")
        exact = model.predict_on_batch(x)
        assert (exact != fast).any()
        np.testing.assert_array_equal(exact, model.predict(x, verbose=0))
    finally:
        convcore.set_math("fast")
    np.testing.assert_array_equal(model.predict_on_batch(x), fast)
    model.compile("sgd", "mse")
    model.fit(x, np.zeros_like(fast), verbose=0)
    assert (model.predict_on_batch(x) != fast).any()
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict(x, verbose=0))


def test_several_outputs_custom_layers_and_noise_go_the_whole_way() -> None:
    class Doubled(layers.Layer):
        def forward(self, x: Array, training: bool) -> Array:
            return 2 * x

        def backward(self, dy: Array) -> Array:
            return 2 * dy

    class Noisy(convcore.Model):
        def __init__(self) -> None:
            super().__init__()
            self.noise = layers.Dropout(0.5)

        def call(self, x: Array) -> Array:
            return self.noise(x, training=True)

    x = np.ones((2, 64), np.float32)
    inputs = convcore.Input((64,))
    for net in (
        convcore.Model(inputs, [layers.Dense(3)(inputs), layers.Dense(2)(inputs)]),
        convcore.Sequential([convcore.Input((64,)), Doubled()]),
        Noisy(),
    ):
        first = net.predict_on_batch(x)
        assert net._program().repeat(x) is None
        second = net.predict_on_batch(x)
        if isinstance(net, Noisy):
            assert (first != second).any()


def test_a_repeated_batch_ends_what_awaits_backward() -> None:
    (kernel,) = normals(2, (4, 3))
    variable = Variable(kernel)
    graph = Graph((4,))
    graph.output = graph.add("dense", graph.input, parameters=[variable, None])
    runner = Runner(graph, FlatParameters([variable]))
    x = np.ones((2, 4), np.float32)
    runner.forward(x)
    runner.forward(x, training=True)
    assert runner.repeat(x) is not None
    with pytest.raises(StateError, match="training=True"):
        runner.backward(np.ones((2, 3), np.float32))
