"""The sources of a data set of the MNIST family, tried in one order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from convcore.datasets.cache import cache_folder
from convcore.datasets.download import DownloadError, Resource, download
from convcore.datasets.folder import FILE_NAMES, Arrays, find_files, identify, read_folder
from convcore.datasets.npz import read_npz
from convcore.errors import DataFileError, DatasetUnavailableError, ParameterError

__all__ = ["Arrays", "Collection", "Resource"]

KERAS_DEFAULT = "mnist.npz"


@dataclass(frozen=True)
class Collection:
    """A published data set of four IDX files.

    Attributes:
        name: The name of its module, such as ``mnist``.
        title: Its name for people.
        folder: Its folder below CONVCORE_DATA and below the user's cache.
        mirrors: URLs, each ending in a slash, below which the four files are published with gzip.
        resources: Size and SHA-256 of each published gzip file, by its name without ``.gz``.
    """

    name: str
    title: str
    folder: str
    mirrors: tuple[str, ...]
    resources: Mapping[str, Resource]

    def load(self, path: str | os.PathLike[str] | None = None) -> tuple[Arrays, Arrays]:
        """``(x_train, y_train), (x_test, y_test)`` from the first source that has them."""
        if path is not None and (not isinstance(path, (str, bytes, os.PathLike)) or not os.fspath(path)):
            raise ParameterError(f"path={path!r} is not a path: give a folder as str or os.PathLike, or None.")
        if path is not None and (path != KERAS_DEFAULT or os.path.exists(path)):
            return self._load_path(Path(os.fsdecode(path)))
        tried: list[str] = []
        for folder in self._configured_folders(tried):
            if self._has(folder, tried, at_least=1):
                arrays = read_folder(folder)
                other = self._other(arrays)
                if other is None:
                    return arrays
                tried.append(f"{folder} (holds {other})")
        cache = cache_folder() / self.folder
        if not self._has(cache, tried, at_least=len(FILE_NAMES)):
            self._download(cache, tried)
        return read_folder(cache)

    def _load_path(self, path: Path) -> tuple[Arrays, Arrays]:
        arrays = read_npz(path) if path.suffix == ".npz" else read_folder(path)
        other = self._other(arrays)
        if other is not None:
            raise DataFileError(f"{path}: holds {other}, not {self.name}, as the test labels show.")
        return arrays

    def _configured_folders(self, tried: list[str]) -> list[Path]:
        configured = os.environ.get("CONVCORE_DATA")
        if not configured:
            tried.append("CONVCORE_DATA (not set)")
            return []
        root = Path(configured)
        return [root / self.folder, root]

    def _has(self, folder: Path, tried: list[str], *, at_least: int) -> bool:
        """Whether so many of the four files are in `folder`; where not, `tried` says so."""
        try:
            if len(find_files(folder)) >= at_least:
                return True
            tried.append(f"{folder} (has not the IDX files)")
        except OSError as error:
            tried.append(f"{folder} ({error.strerror})")
        return False

    def _other(self, arrays: tuple[Arrays, Arrays]) -> str | None:
        """The name of the set that `arrays` are, where they are known to be another one."""
        found = identify(arrays[1][1])
        return None if found == self.name else found

    def _download(self, cache: Path, tried: list[str]) -> None:
        try:
            for name in FILE_NAMES:
                download(f"{name}.gz", self.resources[name], self.mirrors, cache)
        except DownloadError as failure:
            tried.append(str(failure))
            raise DatasetUnavailableError(f"{self.title} cannot be had; tried {'; '.join(tried)}.") from None
