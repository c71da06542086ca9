"""What a loss is to the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.plans.pointwise import ROW_LOSSES

__all__ = ["LossSpec", "PythonLoss"]

#: (targets, outputs) of a batch to the values of its samples (n, ...) and the gradient of their sum by the outputs.
PythonLoss = Callable[[npt.NDArray[Any], npt.NDArray[np.float32]], tuple[npt.NDArray[Any], npt.NDArray[Any]]]


@dataclass(frozen=True, slots=True)
class LossSpec:
    """`kind` is "sparse_categorical_crossentropy" (targets are class ids), "categorical_crossentropy" (rows of
    probabilities), "mean_squared_error" (values), a name in `ROW_LOSSES` with its `parameters` (values), or "python"
    with the `function` that computes it.

    `reduction` says what the batch's loss is: the mean over the rows ("sum_over_batch_size", "mean"), over their
    weights ("mean_with_sample_weight") or the "sum". Rows with the id `ignore_class` count nothing.
    """

    kind: str
    from_logits: bool = False
    label_smoothing: float = 0.0
    parameters: tuple[float, ...] = ()
    reduction: str = "sum_over_batch_size"
    ignore_class: int | None = None
    function: PythonLoss | None = None

    @property
    def is_sparse(self) -> bool:
        return self.kind == "sparse_categorical_crossentropy"

    @property
    def is_cross_entropy(self) -> bool:
        return self.kind in ("sparse_categorical_crossentropy", "categorical_crossentropy")

    @property
    def is_of_rows(self) -> bool:
        """Whether the last axis of the output is one row with one value, rather than the sample with the mean of
        all."""
        return self.is_cross_entropy or ROW_LOSSES.get(self.kind, -1) >= ROW_LOSSES["kl_divergence"]
