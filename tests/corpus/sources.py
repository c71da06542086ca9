"""Data in batches, weights, targets of every loss, and trainings that go on from a file."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import convcore as keras
from convcore.errors import (
    CheckpointError,
    ConvcoreError,
    LabelError,
    NotSupportedError,
    NumericError,
    ParameterError,
    ShapeError,
)
from tests.checks import digest
from tests.corpus.registry import Call, answered, refused
from tests.corpus.training import LABELS, ONE_HOT, X, fit, fresh, model


def fit_batches(*batches: Any, **keywords: Any) -> Call:
    return lambda: model().fit(iter(batches), verbose=0, **keywords)


def gradient_of(function: Any) -> Any:
    return keras.losses.get(function).gradient(np.ones((2, 2)), np.ones((2, 2)))


refused("a-stream-without-batches", ParameterError, "batch", fit_batches())
refused(
    "a-batch-of-a-stream-that-is-none",
    ConvcoreError,
    "",
    fit_batches(3),
    fit_batches(None),
    fit_batches("ab"),
    fit_batches((X,)),
    fit_batches((X, LABELS, None, None)),
    fit_batches((X, LABELS[:5])),
    fit_batches((X[:, :5], LABELS)),
    fit_batches((X, ONE_HOT)),
    fit_batches((X, LABELS + 9)),
    fit_batches((X[:0], LABELS[:0])),
    fit_batches((X, LABELS, np.full(12, np.nan))),
)
refused(
    "what-a-stream-has-beside-it",
    ParameterError,
    "",
    lambda: model().fit(iter([(X, LABELS)]), LABELS, verbose=0),
    fit_batches((X, LABELS), sample_weight=np.ones(12)),
    fit_batches((X, LABELS), class_weight={0: 1.0}),
    fit_batches((X, LABELS), validation_split=0.5),
)
refused(
    "weights-that-are-no-weights",
    ConvcoreError,
    "weight",
    *(fit(sample_weight=bad) for bad in (np.full(12, np.nan), -np.ones(12), np.ones(11), np.ones((12, 2)), "heavy")),
    *(fit(class_weight=bad) for bad in ([1.0], {0: "x"}, {0: -1.0}, {0.5: 1.0}, {-1: 1.0}, {0: np.inf})),
    fit(class_weight={0: 1.0}, sample_weight=np.ones(12)),
)
refused(
    "steps-that-are-no-numbers",
    ParameterError,
    "steps",
    *(fit(steps_per_epoch=bad) for bad in (0, -1, 1.5, "2", True)),
    *(fit(validation_steps=bad, validation_data=(X, LABELS)) for bad in (0, -1, 1.5)),
)
refused(
    "a-loss-that-cannot-train",
    (NotSupportedError, ParameterError),
    "",
    lambda: gradient_of(lambda y_true, y_pred: np.arctan(y_pred)),
    lambda: gradient_of(lambda y_true, y_pred: np.square(np.asarray(y_pred))),
    lambda: model().compile("adam", keras.losses.MeanSquaredError(reduction="none")),
    lambda: model().compile("adam", keras.losses.CosineSimilarity(axis=1)),
    lambda: model().compile("adam", "no_such_loss"),
    lambda: model().compile("adam", keras.losses.Loss()),
    lambda: keras.losses.Huber(delta=np.nan),
    lambda: keras.losses.MeanSquaredError(reduction="average"),
)
refused(
    "values-of-two-shapes-are-not-stretched",
    ShapeError,
    "",
    *(
        lambda name=name: getattr(keras.losses, name)(np.ones((4, 1, 3)), np.ones((4, 2, 3)))
        for name in ("mean_squared_error", "binary_crossentropy", "huber", "hinge", "kl_divergence", "poisson")
    ),
    lambda: keras.metrics.Precision()(np.ones(3), np.ones((3, 2))),
    lambda: keras.metrics.AUC()(np.ones((3, 1)), np.ones((1, 3))),
)
refused(
    "ids-of-a-map-outside-the-classes",
    LabelError,
    "3",
    lambda: keras.losses.sparse_categorical_crossentropy(np.full((2, 5), 3), np.ones((2, 5, 3))),
    lambda: keras.losses.SparseCategoricalCrossentropy(ignore_class=255)([3], np.ones((1, 3))),
)


@answered("a-loss-that-becomes-infinite-names-the-batch")
def _() -> None:
    subject = fresh()
    states = []
    keep = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs=None: states.append(digest(subject.get_weights()))
    )
    large = X.copy()
    large[8:] *= np.float32(1e38)
    subject.compile(keras.optimizers.SGD(1e30), "mse")
    with contextlib.suppress(NumericError):
        subject.fit(large, ONE_HOT, batch_size=4, epochs=3, shuffle=False, callbacks=[keep], verbose=0)
        raise AssertionError("a loss that is no number was trained on")
    assert states
    assert digest(subject.get_weights()) == states[-1]


@answered("a-training-goes-on-from-any-epoch")
def _() -> None:
    expected = fresh()
    expected.fit(X, LABELS, batch_size=5, epochs=4, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        for epoch in (1, 2, 3):
            subject = fresh()
            subject.fit(X, LABELS, batch_size=5, epochs=epoch, verbose=0)
            subject.save(Path(folder, "m.keras"))
            keras.utils.set_random_seed(77)
            again = keras.models.load_model(Path(folder, "m.keras"))
            again.fit(X, LABELS, batch_size=5, epochs=4, initial_epoch=epoch, verbose=0)
            assert digest(again.get_weights()) == digest(expected.get_weights()), epoch


@answered("a-checkpoint-that-cannot-be-written-stops-before-the-first-epoch")
def _() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "file").write_text("x")
        Path(folder, "folder.keras").mkdir()
        for path in ("file/m.keras", "folder.keras", "file/{epoch}/m.keras"):
            subject = fresh()
            before = digest(subject.get_weights())
            checkpoint = keras.callbacks.ModelCheckpoint(Path(folder, path))
            try:
                subject.fit(X, LABELS, callbacks=[checkpoint], verbose=0)
            except (CheckpointError, OSError):
                assert digest(subject.get_weights()) == before, path
            else:
                raise AssertionError(f"{path} was written")
