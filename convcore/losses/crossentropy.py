"""Cross-entropy for class ids and for one-hot targets, plain and focal."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import flag, real, shown, unit_interval
from convcore.errors import LabelError, NotSupportedError, ParameterError, ShapeError
from convcore.losses.base import Array, Loss, array, real_array, same_length
from convcore.losses.regression import EPSILON
from convcore.shapes import integer

__all__ = [
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "SparseCategoricalCrossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "sparse_categorical_crossentropy",
]


def sparse_categorical_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """Cross-entropy of each sample for class ids.

    `y_true` (n, ...) or (n, ..., 1) holds ids, `y_pred` (n, ..., classes) probabilities (or logits) along `axis`; gives
    (n, ...). Probabilities are divided by their sum and clipped to [1e-7, 1 - 1e-7], as Keras does. Samples of
    `ignore_class` cost 0.

    >>> float(sparse_categorical_crossentropy([1], [[0.5, 0.5]])[0].round(4))
    0.6931
    """
    guess = np.moveaxis(array(y_pred, np.float64), axis, -1)
    ids = np.asarray(y_true)
    if ids.ndim == guess.ndim and ids.shape[axis] == 1:
        ids = ids.squeeze(axis)
    loss = SparseCategoricalCrossentropy(from_logits, ignore_class)
    ids = (
        loss.targets(ids, guess.shape[1:])
        if guess.ndim > 1
        else loss.checked(real_array(np.atleast_1d(ids)), len(guess))
    )
    if guess.ndim > 1:
        same_length(ids, guess)
    left_out = np.zeros(ids.shape, bool) if ignore_class is None else ids == ignore_class
    guess = np.where(left_out.reshape(guess.shape[:-1])[..., np.newaxis], 1.0, guess)
    logarithms = _log_probabilities(guess, from_logits)
    ids = np.where(left_out, 0, ids).reshape(guess.shape[:-1])
    values = -np.take_along_axis(logarithms, ids[..., np.newaxis], axis=-1)[..., 0]
    return array(np.where(left_out.reshape(values.shape), 0.0, values))


def categorical_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Cross-entropy of each sample for one-hot targets: `y_true` and `y_pred` (n, ..., classes) give (n, ...).

    >>> float(categorical_crossentropy([[0, 1]], [[0.5, 0.5]])[0].round(4))
    0.6931
    """
    truth, guess = _distributions(y_true, y_pred, label_smoothing, axis)
    logs = _log_probabilities(guess, from_logits)
    # A class that is impossible, of logit -inf, costs nothing where its target is 0.
    return array(-(truth * np.where(truth == 0, 0.0, logs)).sum(axis=-1))


def categorical_focal_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Cross-entropy with each term times ``alpha * (1 - p)**gamma``: (n, ..., classes) gives (n, ...).

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017.

    >>> float(categorical_focal_crossentropy([[0, 1]], [[0.5, 0.5]])[0].round(4))
    0.0433
    """
    truth, guess = _distributions(y_true, y_pred, label_smoothing, axis)
    if from_logits:
        guess = np.exp(guess - guess.max(axis=-1, keepdims=True))
    clipped = np.clip(guess / guess.sum(axis=-1, keepdims=True), EPSILON, 1.0 - EPSILON)
    return array(-(alpha * np.power(1.0 - clipped, gamma) * truth * np.log(clipped)).sum(axis=-1))


def _distributions(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, smoothing: float, axis: int) -> tuple[Array, Array]:
    """Smoothed targets and predictions in float64, the classes last."""
    guess = np.moveaxis(array(y_pred, np.float64), axis, -1)
    truth = real_array(y_true)
    if truth.ndim == guess.ndim:
        truth = np.moveaxis(truth, axis, -1)
    if guess.ndim > 1:
        truth = CategoricalCrossentropy().targets(truth, guess.shape[1:])
        same_length(truth, guess)
    elif truth.shape != guess.shape:
        raise ShapeError(f"y_true of shape {truth.shape} does not fit y_pred of shape {guess.shape}.")
    truth = np.asarray(truth, np.float64)
    return (truth * (1.0 - smoothing) + smoothing / truth.shape[-1] if smoothing else truth), guess


def _log_probabilities(guess: Array, from_logits: bool) -> Array:
    if from_logits:
        shifted = guess - guess.max(axis=-1, keepdims=True)
        return array(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
    return array(np.log(np.clip(guess / guess.sum(axis=-1, keepdims=True), EPSILON, 1.0 - EPSILON)))


class _Crossentropy(Loss):
    def __init__(self, from_logits: bool, axis: int, reduction: str | None, name: str, dtype: object) -> None:
        super().__init__(name, reduction, dtype)
        if isinstance(axis, bool):
            raise ParameterError(f"`axis` must be of type `int`. Received: axis={axis} of type {type(axis)}")
        self.axis = integer("axis", axis, -8, 7)
        self.from_logits = flag("from_logits", from_logits)

    def _options(self) -> dict[str, Any]:
        if self.axis != -1:
            raise NotSupportedError(
                f"convcore does not train with `axis`={shown(self.axis)} of {self.name} (supported: -1)."
            )
        return {"from_logits": self.from_logits}

    def _refuse_shape(self, received: tuple[int, ...], output_shape: tuple[int, ...], hint: str) -> ShapeError:
        return ShapeError(
            f"{self.name} takes {self._takes} for a model with {output_shape[-1]} classes, whose output is (batch, "
            f"{', '.join(map(str, output_shape))}). Received y of shape {received}.{hint}"
        )

    _takes: ClassVar[str]


class SparseCategoricalCrossentropy(_Crossentropy):
    """Cross-entropy between class ids and predicted probabilities (or logits).

    Targets: (n,) or (n, 1) whole numbers from 0 to classes - 1, in any real dtype; for maps of classes one id a place.
    Samples of `ignore_class`, which may be any integer, do not count. One-hot rows raise ShapeError, ids out of range
    and fractions LabelError.

    >>> round(float(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [1.0, 0.0]])), 4)
    0.3466
    """

    kind: ClassVar[str] = "sparse_categorical_crossentropy"
    _takes: ClassVar[str] = "class ids of shape (n,) or (n, 1), one for each row of classes,"

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(from_logits, axis, reduction, name, dtype)
        self.ignore_class = None if ignore_class is None else integer("ignore_class", ignore_class, -(2**31), 2**31 - 1)

    def _options(self) -> dict[str, Any]:
        return super()._options() | {"ignore_class": self.ignore_class}

    def targets(self, y: npt.ArrayLike, output_shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
        labels = real_array(y)
        if labels.ndim == len(output_shape) + 1 and labels.shape[-1] == 1 and labels.shape[1:-1] == output_shape[:-1]:
            labels = labels[..., 0]
        if labels.shape[1:] != output_shape[:-1]:
            hint = ""
            if labels.ndim == len(output_shape) + 1 and labels.shape[1:] == output_shape:
                hint = " These look one-hot: use loss='categorical_crossentropy', or y.argmax(axis=-1)."
            elif labels.ndim == 1:
                hint = " Hint: end the model with Flatten() and Dense(classes)."
            raise self._refuse_shape(labels.shape, output_shape, hint)
        return self.checked(labels, output_shape[-1])

    def checked(self, labels: Array, classes: int) -> npt.NDArray[np.int32]:
        """`labels` as int32; LabelError for one that is no class."""
        wrong = np.zeros(labels.shape, bool)
        if labels.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                wrong |= ~np.isfinite(labels) | (labels != np.floor(labels))
        if labels.dtype.kind != "b":
            wrong |= (labels < 0) | (labels >= classes)
        if self.ignore_class is not None:
            wrong &= labels != self.ignore_class
        if wrong.any():
            at = tuple(int(place) for place in np.argwhere(wrong)[0])
            raise LabelError(
                f"y[{', '.join(map(str, at))}] = {labels[at].item()!r} is not a class of this model: class ids are "
                f"whole numbers from 0 to {classes - 1}, as the model has {classes} outputs."
            )
        return labels.astype(np.int32)

    def call(self, y_true: Any, y_pred: Any) -> Array:
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits, self.ignore_class, self.axis)

    def _counted(self, y_true: npt.ArrayLike) -> Array | None:
        if self.ignore_class is None:
            return None
        ids = np.asarray(y_true)
        shape = ids.shape[:-1] if ids.ndim > 1 and ids.shape[-1] == 1 else ids.shape
        return array(ids.reshape(shape) != self.ignore_class)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "from_logits": self.from_logits,
            "ignore_class": self.ignore_class,
            "axis": self.axis,
        }


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy between one-hot (or any distribution of) targets and predicted probabilities (or logits).

    Targets: the shape of the output, (n, ..., classes), finite and not negative. Class ids raise ShapeError.

    >>> round(float(CategoricalCrossentropy(label_smoothing=0.2)([[0, 1]], [[0.1, 0.9]])), 4)
    0.3251
    """

    kind: ClassVar[str] = "categorical_crossentropy"
    _takes: ClassVar[str] = "one-hot targets of the output's shape"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(from_logits, axis, reduction, name, dtype)
        self.label_smoothing = unit_interval("label_smoothing", label_smoothing)

    def _options(self) -> dict[str, Any]:
        return super()._options() | {"label_smoothing": self.label_smoothing}

    def targets(self, y: npt.ArrayLike, output_shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        targets = real_array(y)
        if targets.shape[1:] != output_shape:
            ids = targets.ndim == len(output_shape) or (
                targets.ndim == len(output_shape) + 1 and targets.shape[-1] == 1
            )
            hint = (
                " The two must have the same shape. These look like class ids: use "
                "loss='sparse_categorical_crossentropy', or utils.to_categorical(y, num_classes)."
                if ids
                else ""
            )
            raise self._refuse_shape(targets.shape, output_shape, hint)
        bad = ~(np.isfinite(targets) & (targets >= 0)).all(axis=-1)
        if bad.any():
            at = tuple(int(place) for place in np.argwhere(bad)[0])
            raise LabelError(
                f"y[{', '.join(map(str, at))}] = {shown(targets[at].tolist())} is not a distribution over classes: "
                "its values must be finite and >= 0."
            )
        return targets.astype(np.float32, copy=False)

    def call(self, y_true: Any, y_pred: Any) -> Array:
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing, self.axis)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


class CategoricalFocalCrossentropy(CategoricalCrossentropy):
    """Cross-entropy that counts what is right already less: each term times ``alpha * (1 - p)**gamma``.

    >>> round(float(CategoricalFocalCrossentropy()([[0, 1]], [[0.1, 0.9]])), 6)
    0.000263
    """

    kind: ClassVar[str] = "categorical_focal_crossentropy"

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.alpha = real("alpha", alpha)
        self.gamma = real("gamma", gamma)

    def _options(self) -> dict[str, Any]:
        super()._options()
        return {"parameters": (self.label_smoothing, self.alpha, self.gamma, float(self.from_logits))}

    def call(self, y_true: Any, y_pred: Any) -> Array:
        return categorical_focal_crossentropy(
            y_true, y_pred, self.alpha, self.gamma, self.from_logits, self.label_smoothing, self.axis
        )

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"alpha": self.alpha, "gamma": self.gamma}
