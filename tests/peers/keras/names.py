"""Keras's modules as its tests see them: with the names that convcore has, and nothing of Keras's own behind these.

The tests import ``keras.src.layers``, ``keras.src.optimizers.adam`` and the like. Each such module is replaced by one
that looks names up in convcore's room of that name; what convcore has not stands there as something that can be named
in a table of a test, and refuses when it is used.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import convcore
from convcore.errors import NotSupportedError
from convcore.layers.symbolic import SymbolicTensor

__all__ = ["substitute"]

ROOMS = (
    "activations",
    "callbacks",
    "constraints",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "regularizers",
    "saving",
)
#: Modules of Keras's that are there only to test Keras itself, and whose names convcore does not have.
ELSEWHERE = {"optimizers.schedules": "optimizers.schedules", "utils.numerical_utils": "utils"}
TENSORFLOW = ("tensorflow", "tensorflow.data", "tensorflow.python", "tensorflow.python.eager", "grain")


class Names(ModuleType):
    """A module of Keras, of which a test sees only what convcore has."""

    def __init__(self, name: str, ours: ModuleType, **extra: Any) -> None:
        super().__init__(name)
        # Where the tests are found: they are imported from the package that they are in.
        self.__path__ = getattr(sys.modules[name], "__path__", [])
        self._theirs, self._ours = sys.modules[name], ours
        self.__dict__.update(extra)

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self._theirs, name):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        try:
            return getattr(self._ours, name)
        except (NotSupportedError, AttributeError):
            return absent(f"{self.__name__.removeprefix('keras.src.')}.{name}")


def absent(name: str) -> Any:
    """What stands where convcore has nothing: tables of tests may name it, and only a test that uses it is left out."""

    class Refusing(type):
        def __getattr__(cls, attribute: str) -> Any:
            if attribute.startswith("_"):
                raise AttributeError(attribute)
            return absent(f"{name}.{attribute}")

    class Absent(metaclass=Refusing):
        def __init__(self, *args: object, **kwargs: object) -> None:
            raise NotSupportedError(f"convcore does not implement keras.{name}")

        def __init_subclass__(cls) -> None:
            raise NotSupportedError(f"convcore does not implement keras.{name}")

    Absent.__name__ = name.rpartition(".")[2]
    return Absent


class _AnyTensor(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, SymbolicTensor)


class KerasTensor(metaclass=_AnyTensor):
    """``KerasTensor(shape)``: what stands for an array in convcore's functional models."""

    def __new__(cls, shape: Any, dtype: str = "float32", name: str | None = None, **others: Any) -> Any:
        if dtype != "float32" or any(others.values()):
            raise NotSupportedError(f"convcore does not implement keras.KerasTensor with {dtype=}, {others}")
        return convcore.Input(batch_shape=tuple(shape), name=name)


class NotInstalled(ModuleType):
    """A package that Keras's tests import and that is not there: whoever uses it is left out."""

    __path__: list[str] = []  # noqa: RUF012 - how Python marks a package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return absent(f"{self.__name__}.{name}")


def submodules(package: str) -> list[str]:
    """The names of `package` and of all modules below it, which are imported, but for tests."""
    root = importlib.import_module(package)
    names = [package]
    for found in pkgutil.walk_packages(getattr(root, "__path__", []), f"{package}."):
        if not found.name.endswith(("_test", "test_utils")) and found.name in sys.modules:
            names += [found.name]
    return names


def replace(name: str, ours: ModuleType) -> None:
    """Put convcore's names, those of `ours`, into the module `name` of Keras and those below it."""
    replaced = {each: Names(each, ours) for each in submodules(name)}
    for each, module in replaced.items():
        sys.modules[each] = module
        parent, _, last = each.rpartition(".")
        setattr(replaced.get(parent, sys.modules[parent]), last, module)


def substitute() -> None:
    """Let the tests of Keras that this process imports from now on find convcore."""
    import keras

    from tests.peers.keras import case, privates

    privates.adapt()
    source = sys.modules["keras.src"]
    for name in TENSORFLOW:
        sys.modules[name] = NotInstalled(name)
    tools = ModuleType("conftest")
    tools.skip_if_backend = lambda name, reason: pytest.mark.skipif(name == "numpy", reason=reason)  # type: ignore[attr-defined]
    sys.modules["conftest"] = tools
    for name in ROOMS:
        replace(f"keras.src.{name}", getattr(convcore, name))
    sys.modules["keras.src.saving"].register_keras_serializable = lambda **words: lambda cls: cls  # type: ignore[attr-defined]
    for name, room in ELSEWHERE.items():
        replace(f"keras.src.{name}", importlib.import_module(f"convcore.{room}"))
    source.backend = Names("keras.src.backend", source.backend, KerasTensor=KerasTensor)
    sys.modules["keras.src.backend"].KerasTensor = KerasTensor  # type: ignore[attr-defined]
    variable = sys.modules["keras.src.backend"].Variable
    # NumPy calls __array__ with a dtype, which Keras's own does not take.
    variable.__array__ = lambda self, dtype=None, copy=None: np.array(self.value, dtype)
    source.ops = Names("keras.src.ops", source.ops, greater=np.greater, less=np.less)
    sys.modules["keras.src.backend.common.keras_tensor"].KerasTensor = KerasTensor  # type: ignore[attr-defined]
    for name in ("keras.src.testing", "keras.src.testing.test_case"):
        sys.modules[name].TestCase = case.TestCase  # type: ignore[attr-defined]
    source.utils = Names("keras.src.utils", source.utils, set_random_seed=convcore.utils.set_random_seed)
    for name in ROOMS:
        setattr(keras, name, sys.modules[f"keras.src.{name}"])
    for name in convcore.__all__:
        for module in (keras, source):
            if name[0].isupper() and hasattr(module, name):
                setattr(module, name, getattr(convcore, name))
