"""How an import statement finds a stand-in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from convcore.errors import MissingNameError
from convcore.stand_ins import keras, tensorflow
from convcore.stand_ins.tensors import answer_with_tensors

__all__ = ["Finder", "StandIn", "install"]

# Where one package has another inside, or had it in an older version.
_SAME = {
    "tensorflow.compat.v2": "tensorflow",
    "tensorflow.keras": "keras",
    "tensorflow.python.keras": "keras",
    "tf_keras": "keras",
}


class StandIn(ModuleType):
    """A module whose names are those of a table, and then those of a module of convcore."""

    def __init__(self, path: str, names: dict[str, Any], target: ModuleType | None) -> None:
        super().__init__(path, f"Stands in for {path}: see convcore.stand_ins.")
        self._names = names
        self._target = target

    @property
    def __all__(self) -> list[str]:
        return sorted({*self._names, *getattr(self._target, "__all__", ())} - {"__version__"})

    def __dir__(self) -> list[str]:
        return self.__all__

    def __getattr__(self, name: str) -> Any:
        path = f"{self.__name__}.{name}"
        if name in self._names and not isinstance(self._names[name], dict):
            return self._names[name]
        if name.startswith("__"):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        if content(path) is not None:
            return import_module(path)
        if self._target is not None:
            return getattr(self._target, name)
        raise MissingNameError(f"convcore does not implement {path} (supported: {self._supported()})")

    def _supported(self) -> str:
        whole = canonical(self.__name__) == "tensorflow"
        return tensorflow.SUPPORTED if whole else ", ".join(self.__all__)


def canonical(path: str) -> str:
    """The one name of a module that has several.

    >>> canonical("tensorflow.keras.layers")
    'keras.layers'
    """
    for prefix, same in _SAME.items():
        if path == prefix or path.startswith(prefix + "."):
            path = same + path.removeprefix(prefix)
    return path


def content(path: str) -> tuple[dict[str, Any], ModuleType | None] | None:
    """The table and the module of convcore behind the module `path`; None if there is no such module."""
    package, *parts = canonical(path).split(".")
    return keras.content(parts) if package == "keras" else tensorflow.content(parts)


class Finder(MetaPathFinder, Loader):
    """Finds the stand-ins before Python looks for a real package."""

    packages = frozenset({"keras", "tensorflow", "tf_keras"})

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parent, _, name = fullname.rpartition(".")
        if fullname.partition(".")[0] not in self.packages:
            return None
        if content(fullname) is None:
            with suppress(AttributeError):
                getattr(sys.modules[parent], name)  # refuses by name what convcore lacks
            raise ModuleNotFoundError(f"No module named '{fullname}'", name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> StandIn:
        found = content(spec.name)
        if found is None:
            raise ModuleNotFoundError(f"No module named '{spec.name}'", name=spec.name)
        return StandIn(spec.name, *found)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run: a stand-in looks its names up when it is asked for them."""


def install() -> None:
    """From now on this process imports the stand-ins where it names Keras or TensorFlow."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        answer_with_tensors()
        sys.meta_path.insert(0, Finder())
