"""A plugin of pytest: Keras with its NumPy backend, whose convolution and pooling are convcore's.

Keras's NumPy backend takes convolution, pooling and the Fourier transforms from JAX. Here JAX is an empty stand-in, so
that a test that passes was computed by NumPy and convcore alone.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.peers.keras import jax_absent


def pytest_configure(config: pytest.Config) -> None:
    """Put convcore into Keras before any test is imported."""
    os.environ["KERAS_BACKEND"] = "numpy"
    jax_absent.install()
    from keras.src.backend.numpy import nn

    from tests.peers.keras import delegate

    for name in delegate.__all__:
        if not hasattr(nn, name):
            raise pytest.UsageError(f"Keras's NumPy backend has no {name}: is this Keras 3.15.1?")
        setattr(nn, name, getattr(delegate, name))
    for marker in ("requires_trainable_backend", "multi_device"):
        config.addinivalue_line("markers", f"{marker}: of Keras")


def pytest_runtest_setup() -> None:
    """Keras's tests draw numbers without a seed: with one, a count is the same each time."""
    np.random.seed(0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what Keras's own conftest.py, which is not in the wheel, skips for the NumPy backend."""
    untrainable = pytest.mark.skip(reason="Trainer not implemented for NumPy and OpenVINO backend.")
    one_device = pytest.mark.skip(reason="Requires multiple devices")
    for item in items:
        if "requires_trainable_backend" in item.keywords:
            item.add_marker(untrainable)
        if "multi_device" in item.keywords:
            item.add_marker(one_device)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often convcore was called: no tree may pass without it."""
    from tests.peers.keras import delegate

    counts = ", ".join(f"{name} {count}" for name, count in sorted(delegate.CALLS.items()))
    terminalreporter.write_line(f"calls of convcore.ops: {counts or 'none'}")
