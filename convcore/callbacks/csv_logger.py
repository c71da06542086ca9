"""Write the figures of each epoch to a CSV file."""

from __future__ import annotations

import os
from typing import IO, Any

from convcore.callbacks.callback import Callback, Logs
from convcore.checks import flag, shown
from convcore.errors import ParameterError

__all__ = ["CSVLogger"]


class CSVLogger(Callback):
    """Writes one row an epoch: `epoch` (from 0) and each figure by name; what an epoch lacks is "NA".

    The columns are those of the first epoch, sorted; if none is of a validation, each has one beside it with "val_"
    before its name, for a validation that comes later. With `append` a file that exists is continued, without a
    second header. The file is Keras's to the byte.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        if not isinstance(separator, str) or len(separator) != 1:
            raise ParameterError(f"`separator` must be one character. Received: separator={shown(separator)}")
        self.sep = separator
        self.append = flag("append", append)
        self.keys: list[str] | None = None
        self._file: IO[str] | None = None
        self._writer: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.on_train_end()
        self.keys = None
        # Held open over the epochs, so that a full disk or a removed folder shows at once.
        self._file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        import csv

        logs = logs or {}
        if self._file is None:
            return
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(name.startswith("val_") for name in self.keys):
                self.keys += [f"val_{name}" for name in self.keys]
            self._writer = csv.writer(self._file, delimiter=self.sep)
            if self._file.tell() == 0:
                self._writer.writerow(["epoch", *self.keys])
        self._writer.writerow([epoch, *(logs.get(key, "NA") for key in self.keys)])
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
