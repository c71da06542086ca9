"""Going on with a training that was interrupted."""

from __future__ import annotations

import contextlib
import os
import re

from convcore.callbacks.callback import Callback, Logs
from convcore.checks import flag, shown
from convcore.errors import ParameterError, StateError
from convcore.shapes import integer

__all__ = ["BackupAndRestore"]

_NAME = re.compile(r"backup-(\d{8})-(\d{10})\.keras")


class BackupAndRestore(Callback):
    """Saves the state of a training to `backup_dir` at the end of every epoch, or after every `save_freq` batches, and
    goes on from there when fit is called again with the same data: the result has the bits of a training without
    interruption.

    The state holds weights, optimizer, learning rate and seeds; of a generator the batches that were trained on are not
    skipped. With `double_checkpoint` the state before is kept too. When fit ends, the files are removed, unless
    `delete_checkpoint` is False.

    >>> BackupAndRestore("")
    Traceback (most recent call last):
        ...
    convcore.errors.ParameterError: Empty `backup_dir` argument passed
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ParameterError("Empty `backup_dir` argument passed")
        if isinstance(save_freq, bool) or not (save_freq == "epoch" or isinstance(save_freq, int)):
            raise ParameterError(
                f"Invalid value for argument `save_freq`. Received: save_freq={shown(save_freq)}. Expected either "
                "'epoch' or an integer value."
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq if isinstance(save_freq, str) else integer("save_freq", save_freq, 1)
        self.double_checkpoint = flag("double_checkpoint", double_checkpoint)
        self.delete_checkpoint = flag("delete_checkpoint", delete_checkpoint)
        self._epoch = 0
        self._since = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        model = self.model
        if not model.built:
            raise StateError(
                "To use the BackupAndRestore callback, your model must be built before you call `fit()`. You can build "
                "it beforehand by calling it on a batch of data."
            )
        self._since = 0
        found = self._backups()
        for place, path in reversed(found):
            try:
                model._resume_training(path)
            except (ValueError, OSError):
                if place == found[0][0]:
                    raise
                continue
            epoch, batch = place
            steps = (self.params or {}).get("steps")
            model._initial_epoch, model._initial_batch = (epoch + 1, 0) if batch == steps else (epoch, batch)
            return

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.save_freq, str):
            return
        self._since += 1
        if self._since >= self.save_freq:
            self._since = 0
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint:
            for _, path in self._backups():
                os.unlink(path)
            with contextlib.suppress(OSError):  # not empty, or not there
                os.rmdir(self.backup_dir)

    def _save(self, epoch: int, batch: int) -> None:
        """A file of its own for each state, written whole: whatever happens, a complete one is there."""
        os.makedirs(self.backup_dir, exist_ok=True)
        name = f"backup-{epoch:08d}-{batch:010d}.keras"
        self.model.save(os.path.join(self.backup_dir, name), overwrite=True)
        for _, path in self._backups()[: -2 if self.double_checkpoint else -1]:
            os.unlink(path)

    def _backups(self) -> list[tuple[tuple[int, int], str]]:
        """(epoch, batch) and path of each state, the last one last."""
        if not os.path.isdir(self.backup_dir):
            return []
        matches = ((_NAME.fullmatch(name), name) for name in os.listdir(self.backup_dir))
        return sorted(
            ((int(match[1]), int(match[2])), os.path.join(self.backup_dir, name)) for match, name in matches if match
        )
