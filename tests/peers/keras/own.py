"""A plugin of pytest: Keras's own tests of layers, losses, metrics, optimizers and callbacks, over those of convcore.

The tests import ``keras.src.layers`` and the like; they find modules whose names are convcore's. A test of what
convcore does not have (Conv3D) is left out with the name of that, as is one that meets a refusal by name.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from convcore.errors import NotSupportedError
from tests.peers.keras import jax_absent


class Names(ModuleType):
    """A module of Keras, of which a test sees only what convcore has."""

    def __init__(self, real: ModuleType, ours: ModuleType, **extra: Any) -> None:
        super().__init__(real.__name__)
        self.__path__ = getattr(real, "__path__", [])
        self._ours, self._extra = ours, extra

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._extra:
            return self._extra[name]
        try:
            return getattr(self._ours, name)
        except (NotSupportedError, AttributeError):
            return absent(f"{self.__name__.removeprefix('keras.src.')}.{name}")


def module(package: ModuleType, name: str) -> ModuleType:
    """The module `name` of convcore, or an empty one where it has none."""
    try:
        found: ModuleType = getattr(package, name)
    except NotSupportedError:
        return ModuleType(name)
    return found


def absent(name: str) -> Any:
    """What stands where convcore has nothing: tables of tests may name it, and only a test that uses it is left out."""

    class Absent:
        def __init__(self, *args: object, **kwargs: object) -> None:
            raise NotSupportedError(f"convcore does not implement keras.{name}")

        def __init_subclass__(cls) -> None:
            raise NotSupportedError(f"convcore does not implement keras.{name}")

    Absent.__name__ = name.rpartition(".")[2]
    return Absent


def pytest_configure(config: pytest.Config) -> None:
    """Put convcore's names into Keras's modules before any test is imported."""
    os.environ["KERAS_BACKEND"] = "numpy"
    jax_absent.install()
    import keras

    import convcore
    from tests.peers.keras import case

    source = sys.modules["keras.src"]
    for name in ("callbacks", "constraints", "initializers", "layers", "losses", "metrics", "models", "regularizers"):
        setattr(source, name, Names(getattr(source, name), module(convcore, name)))
    for name, inner in (("losses", "losses"), ("metrics", "accuracy_metrics")):
        real = sys.modules[f"keras.src.{name}.{inner}"]
        setattr(sys.modules[f"keras.src.{name}"], inner, Names(real, getattr(convcore, name)))
    for name in ("SGD", "Adam"):
        home = sys.modules[f"keras.src.optimizers.{name.lower()}"]
        setattr(home, name, getattr(convcore.optimizers, name))
    source.ops = Names(source.ops, source.ops, greater=np.greater, less=np.less)
    source.testing = Names(source.testing, source.testing, TestCase=case.TestCase)
    for name in ("Sequential", "layers"):
        setattr(keras, name, getattr(convcore, name))
    for marker in ("requires_trainable_backend", "multi_device"):
        config.addinivalue_line("markers", f"{marker}: of Keras; convcore trains, so that nothing is skipped for it")


def pytest_runtest_setup() -> None:
    """Keras's tests draw numbers without a seed: with one, a count is the same each time."""
    np.random.seed(0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A test that meets something that convcore refuses by name is left out, and says what."""
    report = yield
    if call.excinfo is not None and call.excinfo.errisinstance(NotSupportedError):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"Left out: {call.excinfo.value}")
    return report
