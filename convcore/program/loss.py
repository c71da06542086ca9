"""What a loss is to the engine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LossSpec"]


@dataclass(frozen=True, slots=True)
class LossSpec:
    """`kind` is "sparse_categorical_crossentropy" (targets are class ids), "categorical_crossentropy" (rows of
    probabilities) or "mean_squared_error" (values)."""

    kind: str
    from_logits: bool = False
    label_smoothing: float = 0.0

    @property
    def is_sparse(self) -> bool:
        return self.kind == "sparse_categorical_crossentropy"

    @property
    def is_cross_entropy(self) -> bool:
        return self.kind != "mean_squared_error"
