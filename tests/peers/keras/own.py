"""A plugin of pytest: Keras's own tests of layers, losses, metrics, optimizers, callbacks and models, over convcore's.

A test of what convcore does not have (Conv3D) is left out with the name of that, as is one that meets a refusal by
name, and one that fails and is listed, with its reason, in `exclusions.py`.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

import convcore
from convcore.errors import NotSupportedError
from tests.peers.keras import exclusions, jax_absent


def pytest_configure(config: pytest.Config) -> None:
    """Put convcore's names into Keras's modules before any test is imported."""
    os.environ["KERAS_BACKEND"] = "numpy"
    jax_absent.install()
    from tests.peers.keras import names

    names.substitute()
    for marker in ("requires_trainable_backend", "multi_device"):
        config.addinivalue_line("markers", f"{marker}: of Keras; convcore trains, so that nothing is skipped for it")


def pytest_runtest_setup() -> None:
    """Keras's tests draw numbers without a seed: with one, a count is the same each time. One that was left out midway
    may have left channels first."""
    import keras

    convcore.utils.set_random_seed(0)
    keras.config.set_image_data_format("channels_last")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Leave out what convcore refuses by name, and what fails and is listed."""
    report = yield
    reason = exclusions.reason(item)
    if call.excinfo is not None and call.excinfo.errisinstance(NotSupportedError):
        reason = str(call.excinfo.value)
    if report.failed and call.excinfo is not None and reason is not None:
        report.outcome, report.longrepr = "skipped", (str(item.path), 0, f"Left out: {reason}")
    return report
