"""Cross-entropy for class ids and for one-hot targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import flag, refuse, shown, unit_interval
from convcore.errors import LabelError, NotSupportedError, ShapeError
from convcore.losses.base import Array, Loss, real_array, same_length

if TYPE_CHECKING:
    from convcore.program import LossSpec

__all__ = [
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
]

#: Keras's fuzz: probabilities are clipped to [EPSILON, 1 - EPSILON] before the logarithm.
EPSILON = 1e-7


class _Crossentropy(Loss):
    def __init__(self, from_logits: bool, axis: int, reduction: str | None, name: str, dtype: object) -> None:
        super().__init__(name, reduction, dtype)
        if axis != -1:
            raise NotSupportedError(f"convcore does not implement `axis`={shown(axis)} of {name} (supported: -1).")
        self.from_logits = flag("from_logits", from_logits)

    def _classes(self, output_shape: tuple[int, ...]) -> int:
        if len(output_shape) != 1:
            raise ShapeError(
                f"{self.name} needs a model whose output has shape (batch, classes); this one's is "
                f"(batch, {', '.join(map(str, output_shape))}). Hint: end the model with Flatten() and Dense(classes)."
            )
        return output_shape[0]


class SparseCategoricalCrossentropy(_Crossentropy):
    """Cross-entropy between class ids and predicted probabilities (or logits).

    Targets: (n,) or (n, 1) whole numbers from 0 to classes - 1, in any real dtype. One-hot rows raise ShapeError,
    ids out of range and fractions LabelError.

    >>> round(float(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [1.0, 0.0]])), 4)
    0.3466
    """

    kind: ClassVar[str] = "sparse_categorical_crossentropy"

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(from_logits, axis, reduction, name, dtype)
        refuse(type(self).__name__, {"ignore_class": ignore_class}, {"ignore_class": None})

    def spec(self) -> LossSpec:
        from convcore.program import LossSpec

        return LossSpec(self.kind, from_logits=self.from_logits)

    def targets(self, y: npt.ArrayLike, output_shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
        classes = self._classes(output_shape)
        labels = real_array(y)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1:
            hint = ""
            if labels.ndim == 2 and labels.shape[1] == classes:
                hint = " These look one-hot: use loss='categorical_crossentropy', or y.argmax(axis=-1)."
            raise ShapeError(
                f"{self.name} takes class ids of shape (n,) or (n, 1). Received y of shape {labels.shape} "
                f"for a model with {classes} classes.{hint}"
            )
        if labels.dtype.kind == "f":
            fractional = np.flatnonzero(~np.isfinite(labels) | (labels != np.floor(labels)))
            if fractional.size:
                _refuse_label(labels, int(fractional[0]), classes)
        outside = np.flatnonzero((labels < 0) | (labels >= classes)) if labels.dtype.kind != "b" else labels[:0]
        if outside.size:
            _refuse_label(labels, int(outside[0]), classes)
        return labels.astype(np.int32)

    def per_sample(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"from_logits": self.from_logits}


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy between one-hot (or any distribution of) targets and predicted probabilities (or logits).

    Targets: (n, classes), finite and not negative. Class ids raise ShapeError.

    >>> round(float(CategoricalCrossentropy(label_smoothing=0.2)([[0, 1]], [[0.1, 0.9]])), 4)
    0.3251
    """

    kind: ClassVar[str] = "categorical_crossentropy"

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

    def spec(self) -> LossSpec:
        from convcore.program import LossSpec

        return LossSpec(self.kind, from_logits=self.from_logits, label_smoothing=self.label_smoothing)

    def targets(self, y: npt.ArrayLike, output_shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        classes = self._classes(output_shape)
        targets = real_array(y)
        if targets.ndim != 2 or targets.shape[1] != classes:
            ids = targets.ndim == 1 or (targets.ndim == 2 and targets.shape[1] == 1)
            hint = (
                " These look like class ids: use loss='sparse_categorical_crossentropy', or "
                "utils.to_categorical(y, num_classes)."
                if ids
                else ""
            )
            raise ShapeError(
                f"{self.name} takes one-hot targets of shape (n, {classes}). Received y of shape {targets.shape}.{hint}"
            )
        bad = np.flatnonzero(~(np.isfinite(targets) & (targets >= 0)).all(axis=1))
        if bad.size:
            raise LabelError(
                f"y[{bad[0]}] = {shown(targets[bad[0]].tolist())} is not a distribution over classes: "
                "its values must be finite and >= 0."
            )
        return targets.astype(np.float32, copy=False)

    def per_sample(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing}


def _refuse_label(labels: Array, index: int, classes: int) -> None:
    raise LabelError(
        f"y[{index}] = {labels[index].item()!r} is not a class of this model: class ids are whole numbers from 0 to "
        f"{classes - 1}, as the model has {classes} outputs."
    )


def sparse_categorical_crossentropy(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, from_logits: bool = False, ignore_class: None = None, axis: int = -1
) -> Array:
    """Cross-entropy of each sample for class ids.

    `y_true` (n,) or (n, 1) holds ids, `y_pred` (n, classes) probabilities (or logits); gives (n,). Probabilities
    are divided by their sum and clipped to [1e-7, 1 - 1e-7], as Keras does.

    >>> float(sparse_categorical_crossentropy([1], [[0.5, 0.5]])[0].round(4))
    0.6931
    """
    loss = SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis)
    logarithms = _log_probabilities(y_pred, loss.from_logits)
    ids = loss.targets(y_true, logarithms.shape[1:])
    same_length(ids, logarithms)
    result: Array = -logarithms[np.arange(len(ids)), ids]
    return result


def categorical_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Cross-entropy of each sample for one-hot targets: `y_true` and `y_pred` (n, classes) give (n,).

    >>> float(categorical_crossentropy([[0, 1]], [[0.5, 0.5]])[0].round(4))
    0.6931
    """
    loss = CategoricalCrossentropy(from_logits, label_smoothing, axis)
    logarithms = _log_probabilities(y_pred, loss.from_logits)
    targets = loss.targets(y_true, logarithms.shape[1:]).astype(np.float64)
    same_length(targets, logarithms)
    if loss.label_smoothing:
        targets = targets * (1.0 - loss.label_smoothing) + loss.label_smoothing / targets.shape[-1]
    result: Array = -(targets * logarithms).sum(axis=-1)
    return result


def _log_probabilities(y_pred: npt.ArrayLike, from_logits: bool) -> Array:
    predictions = np.asarray(y_pred, dtype=np.float64)
    if from_logits:
        shifted = predictions - predictions.max(axis=-1, keepdims=True)
        logarithms: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return logarithms
    probabilities = predictions / predictions.sum(axis=-1, keepdims=True)
    result: Array = np.log(np.clip(probabilities, EPSILON, 1.0 - EPSILON))
    return result
