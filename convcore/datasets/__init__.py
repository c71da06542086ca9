"""Data sets: MNIST and Fashion-MNIST from files or a download, and drawn digits that need neither."""

from __future__ import annotations

from convcore.datasets import digits, fashion_mnist, mnist

__all__ = ["digits", "fashion_mnist", "mnist"]
