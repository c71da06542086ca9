"""Optimizer steps and the training API."""

from __future__ import annotations

import copy
import pickle
from functools import cache
from typing import Any

import numpy as np

import convcore as keras
from convcore import ops
from convcore.errors import (
    ConvcoreError,
    DTypeError,
    LabelError,
    NumericError,
    ParameterError,
    ShapeError,
    StateError,
)
from tests.checks import digest
from tests.corpus.registry import Call, answered, refused
from tests.layouts import layouts
from tests.reference import Array
from tests.trainer import blobs


def step(op: Any, *arrays: Any, **keywords: Any) -> Call:
    """An optimizer step on nine ones, with `arrays` as the slots."""
    w, g = np.ones(9, np.float32), np.ones(9, np.float32)
    return lambda: op(w, g, *arrays, **keywords)


SLOT = np.ones(9, np.float32)

refused(
    "optimizer-without-its-slots",
    ConvcoreError,
    "",
    step(ops.adam_step, None, SLOT, iteration=1),
    step(ops.adam_step, SLOT, None, iteration=1),
    step(ops.adam_step, None, None, iteration=1),
    step(ops.rmsprop_step, None),
    step(ops.rmsprop_step, SLOT, momentum=0.5),
    step(ops.sgd_step, momentum=0.5),
    lambda: ops.sgd_step(None, SLOT),
    lambda: ops.sgd_step(SLOT, None),
)


X, LABELS = blobs(1, 12)
ONE_HOT = np.eye(4, dtype=np.float32)[LABELS]


def fresh(loss: str = "sparse_categorical_crossentropy") -> keras.Sequential:
    """A compiled model for 14x13 images of four classes; the same weights each time."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    stack = [
        layers.Conv2D(3, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(4, "softmax"),
    ]
    model = keras.Sequential([keras.Input((14, 13, 1)), *stack])
    model.compile("adam", loss, metrics=["accuracy"])
    return model


@cache
def model() -> keras.Sequential:
    """One model for all refusals of a process: a refusal leaves it as it was."""
    return fresh()


def fit(x: Any = X, y: Any = LABELS, **keywords: Any) -> Call:
    return lambda: model().fit(x, y, verbose=0, **keywords)


def with_label(value: Any) -> Array:
    labels = LABELS.astype(np.int64)
    labels[7] = value
    return labels


refused("fit-without-samples", (ParameterError, ShapeError), "", fit(X[:0], LABELS[:0]))
refused(
    "fit-with-a-bad-batch-size",
    ParameterError,
    "batch_size",
    *(fit(batch_size=bad) for bad in (0, -1, 1.5, "8", True, 2**64)),
)
refused("fit-with-bad-epochs", ParameterError, "epochs", *(fit(epochs=bad) for bad in (0, -1, 1.5, "2", 2**64, None)))
refused(
    "fit-with-a-bad-split",
    ParameterError,
    "validation_split",
    *(fit(validation_split=bad) for bad in (-0.1, 1.0, 2, np.nan, "0.1")),
)
refused("numbers-of-samples-differ", ShapeError, "12 11", fit(X, LABELS[:11]), fit(X[:11], LABELS))
refused(
    "labels-of-another-shape",
    (ShapeError, LabelError, DTypeError),
    "",
    fit(y=ONE_HOT),
    fit(y=np.zeros((12, 2), np.int64)),
    fit(y=np.zeros((12, 1, 1), np.int64)),
    fit(y=LABELS + 0.5),
    fit(y=np.array(["1"] * 12)),
    fit(y=[None] * 12),
    fit(y=LABELS * 1j),
)
refused("label-outside-the-classes", LabelError, "7", *(fit(y=with_label(bad)) for bad in (-1, 4, 255, 2**31, 2**62)))
refused(
    "learning-rate-that-is-no-rate",
    ParameterError,
    "learning_rate",
    *(
        lambda make=make, bad=bad: make(learning_rate=bad)
        for make in (keras.optimizers.Adam, keras.optimizers.SGD, keras.optimizers.RMSprop, keras.optimizers.AdamW)
        for bad in (np.nan, np.inf, -1, "0.1", [0.1], 1j, True)
    ),
)
refused(
    "learning-rate-set-to-no-rate",
    ParameterError,
    "learning_rate",
    *(lambda bad=bad: setattr(model().optimizer, "learning_rate", bad) for bad in (np.nan, np.inf, -1, "0.1", None)),
)
refused(
    "before-build",
    (StateError, ShapeError),
    "",
    lambda: keras.Sequential().predict(X, verbose=0),
    lambda: keras.Sequential([keras.layers.Dense(4)]).count_params(),
    lambda: keras.Sequential([keras.layers.Dense(4)]).predict(X[0, 0, 0], verbose=0),
)
refused("image-without-batch-axis", ShapeError, "14", lambda: model().predict(X[0], verbose=0))
refused(
    "image-of-another-size",
    ShapeError,
    "14 13",
    *(
        lambda s=s: model().predict(np.zeros(s, np.float32), verbose=0)
        for s in ((2, 13, 14, 1), (2, 14, 13, 3), (2, 14), (2, 182))
    ),
    fit(np.zeros((12, 28, 28, 1), np.float32)),
)
refused(
    "before-compile",
    StateError,
    "compile",
    *(
        lambda call=call: call(
            keras.Sequential([keras.Input((14, 13, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
        )
        for call in (
            lambda m: m.fit(X, LABELS, verbose=0),
            lambda m: m.evaluate(X, LABELS, verbose=0),
            lambda m: m.train_on_batch(X, LABELS),
        )
    ),
)


@answered("not-finite-data-names-the-batch")
def _() -> None:
    for bad in (np.nan, np.inf, -np.inf):
        subject = fresh()
        x = X.copy()
        x[9, 3, 4, 0] = bad
        subject.fit(x[:8], LABELS[:8], batch_size=4, shuffle=False, verbose=0)
        before = digest(subject.get_weights())
        try:
            subject.fit(x[8:], LABELS[8:], batch_size=4, shuffle=False, verbose=0)
        except NumericError as error:
            message = str(error)
        else:
            raise AssertionError(f"{bad} was trained on")
        assert "batch" in message, message
        assert digest(subject.get_weights()) == before


@answered("good-labels-in-other-forms")
def _() -> None:
    expected = fresh().fit(X, LABELS, shuffle=False, verbose=0).history["loss"]
    for labels in (
        LABELS.astype(np.uint8),
        LABELS.astype(np.int32),
        list(map(int, LABELS)),
        LABELS[:, None],
        LABELS * 1.0,
    ):
        try:
            found = fresh().fit(X, labels, shuffle=False, verbose=0).history["loss"]
        except (ShapeError, DTypeError, LabelError):
            continue
        assert found == expected
    found = fresh("categorical_crossentropy").fit(X, ONE_HOT, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@answered("a-batch-larger-than-the-data")
def _() -> None:
    losses = [fresh().fit(X, LABELS, batch_size=size, shuffle=False, verbose=0).history["loss"] for size in (12, None)]
    assert losses[0] == losses[1]
    figures = [model().evaluate(X, LABELS, batch_size=size, verbose=0) for size in (12, 13, 10**6)]
    assert figures[0] == figures[1] == figures[2]
    outputs = [digest([model().predict(X, batch_size=size, verbose=0)]) for size in (12, 13, 10**6)]
    assert len(set(outputs)) == 1


refused(
    "a-training-batch-larger-than-the-data",
    ParameterError,
    "batch_size 12 samples",
    *(fit(batch_size=size) for size in (13, 10**6)),
)


@answered("images-in-any-layout")
def _() -> None:
    subject = model()
    expected = digest([subject.predict(X, verbose=0)])
    loss = subject.evaluate(X, LABELS, verbose=0)
    for form, shaped in layouts(X).items():
        assert digest([subject.predict(shaped, verbose=0)]) == expected, form
        assert subject.evaluate(shaped, layouts(LABELS)[form], verbose=0) == loss, form
        assert digest([subject.predict(shaped, batch_size=5, verbose=0)]) == expected, form
        trained = [fresh(), fresh()]
        for one, x in zip(trained, (X, shaped), strict=True):
            one.fit(x, LABELS, batch_size=5, shuffle=False, verbose=0)
        assert digest(trained[0].get_weights()) == digest(trained[1].get_weights()), form
    whole = (np.abs(X) * 100).astype(np.uint8)
    assert digest([subject.predict(whole, verbose=0)]) == digest([subject.predict(whole.astype(np.float32), verbose=0)])
    assert digest([subject.predict(whole[:, ::-1], verbose=0)]) == digest(
        [subject.predict(whole[:, ::-1].astype(np.float32), verbose=0)]
    )


@answered("the-same-layer-twice")
def _() -> None:
    layer = keras.layers.Dense(4)
    try:
        keras.Sequential([keras.Input((4,)), layer, layer])
    except (ConvcoreError, ValueError):
        return
    raise AssertionError("a layer was added twice without a word")


@answered("add-after-fit")
def _() -> None:
    subject = fresh()
    subject.fit(X, LABELS, verbose=0)
    try:
        subject.add(keras.layers.Dense(4, activation="softmax"))
    except ConvcoreError:
        return
    assert subject.predict(X, verbose=0).shape == (12, 4)
    subject.compile("adam", "sparse_categorical_crossentropy")
    assert np.isfinite(subject.fit(X, LABELS, verbose=0).history["loss"]).all()


@answered("copies-and-pickles")
def _() -> None:
    subject = fresh()
    subject.fit(X, LABELS, verbose=0)
    twin = copy.deepcopy(subject)
    expected = digest([subject.predict(X, verbose=0)])
    assert digest([twin.predict(X, verbose=0)]) == expected
    twin.fit(X, LABELS, shuffle=False, verbose=0)
    assert digest([subject.predict(X, verbose=0)]) == expected
    subject.fit(X, LABELS, shuffle=False, verbose=0)
    assert digest(twin.get_weights()) == digest(subject.get_weights())
    try:
        data = pickle.dumps(subject)
    except (ConvcoreError, TypeError):
        return
    assert digest([pickle.loads(data).predict(X, verbose=0)]) == digest([subject.predict(X, verbose=0)])


@answered("backward-of-a-layer-out-of-turn")
def _() -> None:
    layer, x = keras.layers.Conv2D(3, 2), np.ones((2, 6, 5, 1), np.float32)
    dy = np.ones((2, 5, 4, 3), np.float32)

    def refuses(gradient: Array = dy) -> None:
        try:
            layer.backward(gradient)
        except (StateError, ShapeError):
            return
        raise AssertionError("backward went ahead without its forward")

    refuses()
    layer(x)
    refuses()
    layer.forward(x, training=True)
    assert layer.backward(dy).shape == x.shape
    refuses()
    layer.forward(x, training=True)
    layer(x[:1])
    refuses(dy[:1])


@answered("gradients-of-any-subset")
def _() -> None:
    def trained(*frozen: int) -> list[Array]:
        subject = fresh()
        for number in frozen:
            subject.layers[number].trainable = False
        subject.compile("sgd", "sparse_categorical_crossentropy")
        subject.train_on_batch(X, LABELS)
        return subject.get_weights()

    before, whole = fresh().get_weights(), trained()
    for frozen, expected in (
        ((), whole),
        ((0,), [*before[:2], *whole[2:]]),
        ((3,), [*whole[:2], *before[2:]]),
        ((0, 3), before),
    ):
        assert digest(trained(*frozen)) == digest(expected), frozen


@answered("backward-out-of-turn")
def _() -> None:
    from convcore.program import Graph, Runner
    from convcore.variables import FlatParameters, Variable

    graph = Graph((6, 5, 1))
    kernel = Variable(np.ones((2, 2, 1, 3)), name="kernel")
    graph.output = graph.add("conv2d", graph.input, parameters=(kernel, None))
    runner = Runner(graph, FlatParameters([kernel]))
    x, dy = np.ones((2, 6, 5, 1), np.float32), np.ones((2, 5, 4, 3), np.float32)

    def refuses() -> None:
        try:
            runner.backward(dy)
        except StateError:
            return
        raise AssertionError("backward went ahead without its forward")

    refuses()
    runner.forward(x)
    refuses()
    runner.forward(x, training=True)
    assert runner.backward(dy).shape == x.shape
    refuses()
    runner.forward(x, training=True)
    runner.forward(x[:1])
    refuses()
