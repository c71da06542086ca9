"""Callbacks: what happens beside training, at the hooks that fit, evaluate and predict offer."""

from __future__ import annotations

from typing import Any

from convcore.callbacks.backup_and_restore import BackupAndRestore
from convcore.callbacks.callback import Callback
from convcore.callbacks.callback_list import CallbackList
from convcore.callbacks.csv_logger import CSVLogger
from convcore.callbacks.early_stopping import EarlyStopping
from convcore.callbacks.history import History
from convcore.callbacks.lambda_callback import LambdaCallback
from convcore.callbacks.learning_rate_scheduler import LearningRateScheduler
from convcore.callbacks.model_checkpoint import ModelCheckpoint
from convcore.callbacks.progbar_logger import ProgbarLogger
from convcore.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from convcore.callbacks.swap_ema_weights import SwapEMAWeights
from convcore.callbacks.terminate_on_nan import TerminateOnNaN
from convcore.keras_names import missing

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TerminateOnNaN",
]


def __getattr__(name: str) -> Any:
    error = missing("callbacks", name, ", ".join(__all__))
    raise error or AttributeError(f"module {__name__!r} has no attribute {name!r}")
