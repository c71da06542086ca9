"""Cut borders and joined convolutions and pools: every output and gradient is that of the graph as it was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from convcore.optimizers import SGD
from convcore.program import Feed, Graph, Runner
from convcore.program.optimize import optimize
from convcore.program.values import Node
from convcore.variables import FlatParameters, Variable
from tests.checks import normals
from tests.program.nets import Net
from tests.reference import Array

# Outputs are exact, but for those of Winograd's algorithm; a gradient sums up to some thousands of terms, in another
# order where a border was cut.
TOLERANCE = 1e-5


def as_written(graph: Graph, *, fold: bool = False) -> list[Node]:
    """The nodes of the graph, none joined and none trimmed."""
    return [replace(node, settings=dict(node.settings)) for node in graph.nodes]


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], list[Array]]], list[tuple[Array, Array]]]:
    """Runs a call as the graph is optimised and as it was written, and pairs the results."""

    def run(call: Callable[[], list[Array]]) -> list[tuple[Array, Array]]:
        ours = call()
        with monkeypatch.context() as patch:
            patch.setattr("convcore.program.storage.optimize", as_written)
            theirs = call()
        return list(zip(ours, theirs, strict=True))

    return run


def close(ours: Array, theirs: Array, what: str) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * (1 + np.abs(theirs).max(initial=0)), err_msg=what)


Both = Callable[[Callable[[], list[Array]]], list[tuple[Array, Array]]]


@pytest.mark.parametrize("seed", range(150))
def test_layer_by_layer_passes_agree(seed: int, both: Both) -> None:
    """predict, forward and backward, with the gradient of the input."""

    def call() -> list[Array]:
        net = Net(seed)
        runner = net.runner()
        x, dy = net.data(int(net.rng.choice([1, 3, 9])))
        predicted = runner.forward(x)
        trained = runner.forward(x, training=True)
        dx = runner.backward(dy)
        fast = net.runner(math="fast").forward(x)
        return [predicted, trained, fast, dx, *(variable.grad.copy() for variable in net.variables)]

    (predicted, trained, *others), text = both(call), Net(seed).text
    for ours, theirs in (predicted, trained):
        np.testing.assert_array_equal(ours, theirs, err_msg=str(text))
    for ours, theirs in others:
        close(ours, theirs, str(text))


@pytest.mark.parametrize("seed", range(60))
def test_training_programs_agree(seed: int, both: Both) -> None:
    """Two whole batches and a partial one, in an order of their own, without the gradient of the input."""

    def call() -> list[Array]:
        net = Net(seed)
        runner = net.runner(SGD(0.0))
        feed = Feed(*net.data(13))
        feed.order[:] = np.random.default_rng(seed).permutation(13)
        results: list[Array] = []
        for start, count in ((0, 5), (5, 5), (10, 3)):
            loss = np.array(runner.train(feed, start, count))
            results += [loss, runner.output.copy(), *(variable.grad.copy() for variable in net.variables)]
        results.append(np.array([runner.test(feed, 0, 13), runner.test(feed, 10, 3)]))
        return [*results, runner.predict(feed, 2, 9).copy()]

    for ours, theirs in both(call):
        close(ours, theirs, str(Net(seed).text))


def chain(size: int, *layers: str) -> Graph:
    """3x3 convolutions ("conv"), 2x2 pools of stride 2 ("pool") and pixelwise layers on images of `size`."""
    graph = Graph((size, size, 2))
    y = graph.input
    for layer in layers:
        if layer == "conv":
            w = Variable(np.zeros((3, 3, y.shape[2], 2)), name="w")
            y = graph.add("conv2d", y, parameters=(w, None))
        elif layer == "pool":
            y = graph.add("max_pool2d", y)
        elif layer == "flatten":
            y = graph.add("reshape", y, shape=(y.size,))
        else:
            y = graph.add(layer, y)
    graph.output = y
    return graph


@pytest.mark.parametrize(
    ("size", "layers", "kinds", "extents"),
    [
        # An odd plane before a pool: its last row and column are computed for nobody.
        (13, ("conv", "pool"), ["conv2d_pool"], [(5, 5)]),
        (14, ("conv", "conv", "tanh", "pool"), ["conv2d", "conv2d", "tanh", "max_pool2d"], [(12, 12), (10, 10)]),
        (15, ("conv", "conv", "tanh", "pool"), ["conv2d", "conv2d", "tanh", "max_pool2d"], [(12, 12), (10, 10)]),
        (15, ("conv", "pool", "conv", "pool"), ["conv2d_pool", "conv2d_pool"], [(6, 6), (2, 2)]),
        # A plain ReLU is the epilogue of the kernel before it, wherever it stands.
        (13, ("conv", "relu"), ["conv2d"], [(11, 11)]),
        (13, ("conv", "relu", "pool"), ["conv2d_pool"], [(5, 5)]),
        (13, ("conv", "pool", "relu"), ["conv2d_pool"], [(5, 5)]),
        # All that a reshape reads is needed.
        (13, ("conv", "flatten"), ["conv2d", "reshape"], [(11, 11)]),
        # The input lies as it lies, and a layer that walks it from end to end cannot leave anything out.
        (13, ("tanh", "pool"), ["tanh", "max_pool2d"], [(13, 13), (6, 6)]),
    ],
)
def test_what_is_cut_and_joined(size: int, layers: tuple[str, ...], kinds: list[str], extents: list[object]) -> None:
    graph = chain(size, *layers)
    nodes = optimize(graph)
    found = [node.kind for node in nodes]
    assert found == kinds
    assert [node.output.shape[:2] for node in nodes][: len(extents)] == extents
    assert nodes[0].inputs == (graph.input,)
    assert nodes[-1].output is graph.output


def test_the_graph_itself_is_left_alone() -> None:
    graph = chain(13, "conv", "pool", "conv", "pool")
    before = [(node.kind, node.inputs, node.output, dict(node.settings)) for node in graph.nodes]
    optimize(graph)
    assert [(node.kind, node.inputs, node.output, node.settings) for node in graph.nodes] == before


def _padded_net(seed: int) -> tuple[Graph, list[Variable], Array]:
    """Zeros around images, a convolution, perhaps its ReLU and a pool; whole numbers, so that outputs are exact."""
    rng = np.random.default_rng(seed)
    height, width, channels = (int(size) for size in rng.integers((5, 5, 1), (12, 12, 5)))
    channels = 16 if seed % 4 == 0 else channels
    kernel = (3, 3) if seed % 2 else tuple(int(size) for size in rng.integers(1, 6, 2))
    filters = int(rng.choice([4, 16, 17]))
    variables = [
        Variable(rng.integers(-1, 2, shape), name=name)
        for name, shape in {"w": (*kernel, channels, filters), "b": (filters,)}.items()
    ]
    graph = Graph((height, width, channels))
    rows, columns = rng.integers(0, 5, (2, 2)).tolist()
    y = graph.add("frame", graph.input, rows=rows, columns=columns, data_format="channels_last")
    stride = int(rng.integers(1, 3))
    padding = "same" if seed % 3 == 0 else "valid"
    y = graph.add("conv2d", y, parameters=variables, stride=stride, padding=padding)
    y = graph.add("relu", y) if rng.integers(2) else y
    graph.output = graph.add("max_pool2d", y, pool_size=2) if min(y.shape[:2]) > 1 and rng.integers(2) else y
    return graph, variables, rng.integers(-3, 4, (5, height, width, channels)).astype(np.float32)


@pytest.mark.parametrize("seed", range(60))
def test_zeros_in_front_of_a_convolution_become_its_padding(seed: int, both: Both) -> None:
    assert next(node.kind for node in optimize(_padded_net(seed)[0])) in {"conv2d", "conv2d_pool"}

    def call() -> list[Array]:
        graph, variables, x = _padded_net(seed)
        runner = Runner(graph, FlatParameters(variables))
        predicted = runner.forward(x)
        trained = runner.forward(x, training=True)
        (dy,) = normals(seed, trained.shape)
        return [predicted, trained, runner.backward(np.round(dy)), *(variable.grad.copy() for variable in variables)]

    (predicted, trained, *gradients) = both(call)
    for ours, theirs in (predicted, trained):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in gradients:
        close(ours, theirs, str(seed))


def test_what_is_read_elsewhere_or_cut_off_is_no_padding() -> None:
    for rows, read_twice, layout in (((1, 1), True, "channels_last"), ((1, -1), False, "channels_last"),
                                     ((1, 1), False, "channels_first")):  # fmt: skip
        graph = Graph((6, 6, 6))
        framed = graph.add("frame", graph.input, rows=rows, columns=(0, 0), data_format=layout)
        w = Variable(np.ones((2, 2, framed.shape[2], 6)), name="w")
        y = graph.add("conv2d", framed, parameters=(w, None), padding="same")
        graph.output = graph.add("add", y, framed) if read_twice else y
        assert "frame" in [node.kind for node in optimize(graph)]
