"""Every optimizer on a network of two inputs and two outputs, with regularizers, weights and normalization: the figures
that Keras gives, from equal weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import convcore as keras
from tests.training import two_heads

KERAS_S: dict[str, Any] = json.loads((Path(__file__).parent / "figures.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", two_heads.optimizers(keras))
def test_figures_are_keras_s(name: str) -> None:
    found, expected = two_heads.figures(keras, name), KERAS_S[name]
    for part in ("steps", "history"):
        assert list(found[part]) == list(expected[part])
        for figure, values in expected[part].items():
            # Keras takes 1 - beta ** step in float32, which is worth 1e-5.
            assert found[part][figure] == pytest.approx(values, rel=2e-5, abs=2e-5), figure
    assert found["evaluate"] == pytest.approx(expected["evaluate"], rel=2e-5, abs=2e-5)
