"""Training: the loops, the progress line and the checks of arguments behind compile, fit, evaluate and predict."""

from __future__ import annotations

from convcore.training.trainer import Trainer

__all__ = ["Trainer"]
