"""Save the model while it trains."""

from __future__ import annotations

import errno
import os
import warnings

from convcore.callbacks.callback import Logs
from convcore.callbacks.monitor import MonitorCallback
from convcore.checks import flag, shown
from convcore.errors import CheckpointError, ParameterError
from convcore.shapes import integer

__all__ = ["ModelCheckpoint"]

_MODEL_SUFFIXES = (".keras", ".h5", ".safetensors", ".convcore")
_WEIGHTS_SUFFIXES = (".weights.h5", ".weights.safetensors", ".weights.convcore")


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, at the end of every epoch or after every `save_freq` batches.

    `filepath` may hold fields that are filled from the epoch (from 1) and the logs:
    ``"{epoch:02d}-{val_loss:.2f}.keras"``. A whole model's file must end in .keras, .h5, .safetensors or .convcore,
    a file of weights in .weights.h5, .weights.safetensors or .weights.convcore. Missing folders are made. With
    `save_best_only` a save happens only when `monitor` has improved.

    >>> ModelCheckpoint("model.txt")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    convcore.errors.ParameterError: The filepath provided must end in `.keras`,... Received: filepath=model.txt
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, best=initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = flag("save_best_only", save_best_only)
        self.save_weights_only = flag("save_weights_only", save_weights_only)
        if isinstance(save_freq, str) and save_freq != "epoch":
            raise ParameterError(
                f"Unrecognized save_freq: {shown(save_freq)}. Expected save_freq are 'epoch' or integer values"
            )
        self.save_freq = save_freq if isinstance(save_freq, str) else integer("save_freq", save_freq, 1)
        self._epoch = 0
        self._batches = 0
        suffixes = _WEIGHTS_SUFFIXES if self.save_weights_only else _MODEL_SUFFIXES
        if not isinstance(self.filepath, str) or not self.filepath.endswith(suffixes):
            prefix = "When using `save_weights_only=True` in `ModelCheckpoint`, the" if save_weights_only else "The"
            allowed = ", ".join(f"`{suffix}`" for suffix in suffixes)
            raise ParameterError(f"{prefix} filepath provided must end in {allowed}. Received: filepath={filepath!s}")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        # What is known of the path can be tried before hours of training, not after them.
        known, field, _ = self.filepath.partition("{")
        os.makedirs(os.path.dirname(known) or ".", exist_ok=True)
        if not field and os.path.isdir(known):
            raise CheckpointError(errno.EISDIR, "cannot write the model: the path is a folder", known)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.save_freq, str):
            return
        self._batches += 1
        if self._batches >= self.save_freq:
            self._batches = 0
            self._save(self._epoch, {"batch": batch + 1} | (logs or {}))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.require_direction()
        if self.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: Logs) -> None:
        try:
            path = self.filepath.format(epoch=epoch + 1, **logs)
        except (KeyError, IndexError, ValueError) as error:
            raise ParameterError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error!r}. '
                f"There are: {', '.join(['epoch', *logs])}"
            ) from None
        if not self._is_due(epoch, logs, path):
            return
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        self._say(epoch, f"finished saving model to {path}")

    def _is_due(self, epoch: int, logs: Logs, path: str) -> bool:
        if not self.save_best_only:
            self._say(epoch, f"saving model to {path}")
            return True
        current: float | None = logs.get(self.monitor)
        if current is None:
            warnings.warn(f"Can save best model only with {self.monitor} available.", UserWarning, stacklevel=4)
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self.improved(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {best}")
            return False
        self._say(epoch, f"{self.monitor} improved from {best} to {current:.5f}, saving model to {path}")
        self.best = current
        return True

    def _say(self, epoch: int, text: str) -> None:
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: {text}")
