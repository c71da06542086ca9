"""What stands in for keras."""

from __future__ import annotations

import pytest

import convcore
from convcore.stand_ins import arrays, keras


def test_the_top_is_convcore_with_the_version_of_keras() -> None:
    names, module = keras.content([])
    assert module is convcore
    assert names == {"__version__": keras.VERSION}
    assert keras.VERSION.endswith("+convcore")


@pytest.mark.parametrize("path", ["layers", "layers.core", "layers.experimental.preprocessing", "layers.convolutional"])
def test_old_paths_lead_to_the_layers(path: str) -> None:
    assert keras.content(path.split(".")) == ({}, convcore.layers)


def test_modules_inside_modules() -> None:
    assert keras.content(["datasets", "mnist"]) == ({}, convcore.datasets.mnist)
    assert keras.content(["utils", "np_utils"]) == ({}, convcore.utils)


@pytest.mark.parametrize("room", ["losses", "metrics"])
def test_short_names_of_losses(room: str) -> None:
    names, module = keras.content([room]) or ({}, None)
    assert module is getattr(convcore, room)
    assert names["mae"] is names["MAE"] is convcore.losses.mean_absolute_error
    assert names["kullback_leibler_divergence"] is convcore.losses.kl_divergence
    assert "LOGCOSH" not in names


def test_what_is_no_public_module_has_no_content() -> None:
    for path in ("nothing", "Sequential", "layers.Conv2D", "layers.base", "applications"):
        assert keras.content(path.split(".")) is None


def test_ops_are_those_of_keras_and_not_of_convcore() -> None:
    names, module = keras.content(["ops"])
    assert names is arrays.KERAS
    assert module is None
