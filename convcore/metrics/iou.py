"""How much predicted and true classes of pixels overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from convcore.checks import flag
from convcore.errors import LabelError, ParameterError, ShapeError
from convcore.metrics.base import Metric
from convcore.shapes import integer

__all__ = ["IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"]


class IoU(Metric):
    """The mean over `target_class_ids` of how many elements have a class in targets and predictions, divided by how
    many have it in one of them; classes that neither has do not count.

    Targets and predictions are class ids, or where `sparse_y_true` or `sparse_y_pred` is False, scores along `axis`.
    Elements of `ignore_class`, and of classes that there are not, are left out. Weights are one for each element.

    >>> IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]).__round__(4)
    0.3333
    """

    _direction: ClassVar[str | None] = "up"
    # The arguments of the constructor, and so of the configuration.
    _settings: ClassVar[tuple[str, ...]] = (
        "num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis",
    )  # fmt: skip

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: object = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype, name)
        self.num_classes = integer("num_classes", num_classes, 1)
        self.target_class_ids = [integer("target_class_ids", each, 0) for each in target_class_ids]
        if max(self.target_class_ids, default=0) >= self.num_classes:
            raise ParameterError(
                f"Target class id {max(self.target_class_ids)} is out of range, which is [0, {self.num_classes})."
            )
        self.ignore_class = ignore_class
        self.sparse_y_true = flag("sparse_y_true", sparse_y_true)
        self.sparse_y_pred = flag("sparse_y_pred", sparse_y_pred)
        self.axis = integer("axis", axis, -32, 31)
        self.total_cm = self.add_variable((self.num_classes, self.num_classes), name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count the pairs of classes of one batch."""
        truth, guess = (
            np.asarray(values if is_sparse else np.argmax(values, axis=self.axis)).ravel()
            for values, is_sparse in ((y_true, self.sparse_y_true), (y_pred, self.sparse_y_pred))
        )
        if truth.shape != guess.shape:
            raise ShapeError(
                f"{self.name}: y_true has {truth.size} elements and y_pred {guess.size}. Hint: scores of classes need "
                "sparse_y_pred=False."
            )
        weights = np.broadcast_to(1.0 if sample_weight is None else np.ravel(sample_weight), truth.shape)
        if not (np.isfinite(truth).all() and np.isfinite(guess).all()):
            raise LabelError(f"{self.name} takes class ids. Received numbers that are not finite.")
        ids, others = truth.astype(np.int64), guess.astype(np.int64)
        counts = (ids >= 0) & (ids < self.num_classes) & (others >= 0) & (others < self.num_classes)
        if self.ignore_class is not None:
            counts &= ids != self.ignore_class
        places = ids[counts] * self.num_classes + others[counts]
        found = np.bincount(places, weights[counts], self.num_classes**2)
        self.total_cm.assign_add(found.reshape(self.num_classes, self.num_classes))

    def result(self) -> float:
        """The mean so far; 0 where no class was met."""
        counts = self.total_cm.value
        both = np.diagonal(counts)[self.target_class_ids]
        either = (counts.sum(0) + counts.sum(1))[self.target_class_ids] - both
        met = either > 0
        return float((both[met] / either[met]).mean()) if met.any() else 0.0

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{name: getattr(self, name) for name in self._settings}}


class MeanIoU(IoU):
    """`IoU` of all classes.

    >>> MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]).__round__(4)
    0.3333
    """

    _settings: ClassVar[tuple[str, ...]] = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: object = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        ids = range(integer("num_classes", num_classes, 1))
        super().__init__(num_classes, ids, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """`IoU` of one-hot targets, and of predictions that are scores unless `sparse_y_pred`.

    >>> OneHotIoU(2, [1])([[1, 0], [0, 1]], [[0.4, 0.6], [0.1, 0.9]])
    0.5
    """

    _settings = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: object = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` of one-hot targets, and of predictions that are scores unless `sparse_y_pred`.

    >>> OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.4, 0.6], [0.1, 0.9]])
    0.25
    """

    _settings = ("num_classes", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: object = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
