"""Numbers: infinities, NaN, subnormals, rounding, and the same bits whatever runs beside."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import convcore as keras
from convcore import ops, runtime
from tests.bounds import gamma
from tests.cases import EDGE_CONVS, EDGE_DENSES, EDGE_POOLS, THREADED_CONVS
from tests.checks import all_digests, digest, integers, normals
from tests.corpus.registry import answered
from tests.reference import Array
from tests.trainer import blobs
from tests.worker_runtime import subnormals_work

X, W = normals(1, (4, 15, 14, 8), (3, 3, 8, 12))


def convolved(_: object = None) -> str:
    return digest(
        [ops.conv2d(X, W, padding=1, activation="relu"), *ops.conv2d_backward_weights(X, X[:, 1:], (2, 1, 8, 8))]
    )


@answered("infinite-weights-that-meet-padding-only")
def _() -> None:
    # Padding is zeros that are multiplied like pixels: 0 * -inf is NaN, in every path.
    for channels in range(1, 21):
        for filters in range(1, 21):
            w = np.ones((3, 3, channels, filters), np.float32)
            w[0, 0] = -np.inf
            y = ops.conv2d(np.ones((1, 1, 1, channels), np.float32), w, padding=1)
            assert np.isnan(y).all(), (channels, filters)
            y = ops.conv2d(np.ones((1, 4, 5, channels), np.float32), w, padding=1)
            assert np.isnan(y[:, 0]).all(), (channels, filters)
            assert np.isnan(y[:, :, 0]).all(), (channels, filters)
            assert np.isneginf(y[:, 1:, 1:]).all(), (channels, filters)


@answered("relu-of-nan-is-nan")
def _() -> None:
    for size in range(1, 71):
        x = np.full((2, size), np.nan, np.float32)
        assert np.isnan(ops.relu(x)).all()
        assert np.isnan(ops.conv2d(x[:, None, None], np.ones((1, 1, size, 3), np.float32), activation="relu")).all()
        layer = keras.layers.Dense(size, activation="relu")
        assert np.isnan(layer(x)).all()


@answered("subnormal-weights-are-not-slow")
def _() -> None:
    def seconds(w: Array) -> float:
        begin = time.thread_time()
        ops.conv2d(x, w)
        return time.thread_time() - begin

    x = np.ones((8, 32, 32, 16), np.float32)
    good = np.full((3, 3, 16, 32), 0.5, np.float32)
    with runtime.threads(1):
        for size in (1e-41, 1e-43, 1e-45):
            tiny = np.full_like(good, size)
            times = np.array([(seconds(good), seconds(tiny)) for _ in range(60)])
            assert times[:, 1].min() <= 1.5 * times[:, 0].min(), (size, times.min(axis=0))


@answered("any-number-of-threads-gives-the-same-bits")
def _() -> None:
    outcomes = []
    for count in (1, 2, 3, 4, 5, 7, 8, 16, 33):
        with runtime.threads(count):
            outcomes.append(all_digests([*EDGE_CONVS, *THREADED_CONVS[:1]], EDGE_POOLS, EDGE_DENSES))
    assert all(outcome == outcomes[0] for outcome in outcomes)


@answered("a-sample-alone-and-in-a-batch")
def _() -> None:
    x, w, dense = normals(2, (65, 12, 11, 5), (3, 3, 5, 7), (70, 9))
    x_dense = normals(3, (65, 70))[0]
    model = keras.Sequential([keras.Input((12, 11, 5)), keras.layers.Conv2D(6, 3), keras.layers.MaxPooling2D(2)])
    whole, rows = ops.conv2d(x, w, padding="same"), ops.dense(x_dense, dense)
    for size in range(1, 66):
        np.testing.assert_array_equal(ops.conv2d(x[:size], w, padding="same"), whole[:size])
        np.testing.assert_array_equal(ops.dense(x_dense[:size], dense), rows[:size])
    images = model.predict(x, batch_size=65, verbose=0)
    for size in (1, 2, 3, 7, 32, 64):
        np.testing.assert_array_equal(model.predict(x, batch_size=size, verbose=0), images)


@answered("a-thousand-calls-give-the-same-bits")
def _() -> None:
    assert len({convolved() for _ in range(1000)}) == 1


@answered("threads-and-processes-give-the-same-bits")
def _() -> None:
    expected = convolved()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(convolved, range(200))) == {expected}
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as processes:
            assert set(processes.map(convolved, range(8))) == {expected}, method


@answered("sums-up-to-two-to-the-24-are-exact")
def _() -> None:
    x, w = np.full((1, 1, 1, 4096), 64, np.float32), np.full((1, 1, 4096, 3), 64, np.float32)
    assert (ops.conv2d(x, w) == 2**24).all()
    assert (ops.conv2d(x, -w) == -(2**24)).all()
    beyond = ops.conv2d(x, w, np.ones(3, np.float32)).astype(np.float64)
    assert (np.abs(beyond - (2**24 + 1)) <= gamma(4097) * (2**24 + 1)).all()
    x, w = integers(4, (1, 6, 7, 512), (3, 3, 512, 5), limit=60)
    truth = sum(
        np.tensordot(x[:, r : r + 4, c : c + 5].astype(np.int64), w[r, c].astype(np.int64), 1)
        for r in range(3)
        for c in range(3)
    )
    np.testing.assert_array_equal(ops.conv2d(x, w), truth)


@answered("cancellation-stays-within-its-bound")
def _() -> None:
    for order in ((1e8, 1, -1e8), (1e8, -1e8, 1), (1, 1e8, -1e8)):
        x = np.array(order, np.float32)
        y = ops.conv2d(x.reshape(1, 1, 3, 1), np.ones((1, 3, 1, 1), np.float32)).item()
        assert abs(y - 1) <= gamma(3) * np.abs(x.astype(np.float64)).sum(), (order, y)
        y = ops.dense(x.reshape(1, 3), np.ones((3, 1), np.float32)).item()
        assert abs(y - 1) <= gamma(3) * np.abs(x.astype(np.float64)).sum(), (order, y)


@answered("softmax-of-extreme-logits")
def _() -> None:
    logits = np.float32([[1e4, -1e4, 0], [3e38, 3e38, 3e38], [-np.inf, 0, 0], [-1e4, -1e4, -1e4]])
    expected = np.array([[1, 0, 0], [1 / 3] * 3, [0, 0.5, 0.5], [1 / 3] * 3])
    np.testing.assert_allclose(ops.softmax(logits), expected, rtol=1e-6)
    loss, gradient = ops.softmax_cross_entropy(logits, [0, 1, 1, 2])
    np.testing.assert_allclose(loss, [0, np.log(3), np.log(2), np.log(3)], rtol=1e-6)
    np.testing.assert_allclose(gradient, expected - np.eye(3)[[0, 1, 1, 2]], rtol=1e-6, atol=1e-7)
    loss, _ = ops.softmax_cross_entropy(logits[:1], [1])
    assert loss.item() == 2e4
    for kind in (keras.losses.SparseCategoricalCrossentropy, keras.losses.CategoricalCrossentropy):
        labels = [0, 1, 1, 2] if kind is keras.losses.SparseCategoricalCrossentropy else np.eye(3)[[0, 1, 1, 2]]
        assert np.isfinite(kind(from_logits=True)(labels, logits))


@answered("subnormal-numbers-outside-are-left-alone")
def _() -> None:
    assert subnormals_work()
    with runtime.threads(2):
        convolved()
    assert subnormals_work()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(subnormals_work).result()


def trained() -> str:
    """The hash of the weights after two epochs from seed 0."""
    keras.utils.set_random_seed(0)
    x, y = blobs(0, 32)
    layers = keras.layers
    stack = [
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(4, "softmax"),
    ]
    model = keras.Sequential([keras.Input((14, 13, 1)), *stack])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2, batch_size=8, verbose=0)
    return digest(model.get_weights())


@answered("a-seed-gives-the-same-weights-elsewhere")
def _() -> None:
    here = trained()
    assert trained() == here
    active = runtime.active_isa()
    others = {*runtime.show_config(as_dict=True)["isa"]["usable"]} - {"baseline"}  # type: ignore[index]

    def elsewhere(isa: str) -> str:
        environment = {**os.environ, "CONVCORE_ISA": isa, "CONVCORE_NUM_THREADS": "1"}
        command = [sys.executable, "-c", "from tests.corpus.numerics import trained; print(trained())"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    names = sorted({active} | others)
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(names, pool.map(elsewhere, names), strict=True))
    assert found[active] == here
    # The baseline of x86-64 has no fused multiply-add, and so rounds twice where the others round once.
    assert len({found[isa] for isa in others}) <= 1, found
