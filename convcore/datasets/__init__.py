"""Data sets: MNIST and Fashion-MNIST from files or a download, and drawn digits that need neither."""

from __future__ import annotations

from typing import Any

from convcore.datasets import digits, fashion_mnist, mnist
from convcore.keras_names import missing

__all__ = ["digits", "fashion_mnist", "mnist"]


def __getattr__(name: str) -> Any:
    raise missing("datasets", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
