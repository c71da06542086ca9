"""Functional models as plain data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from convcore import Model, layers
from convcore.errors import ConvcoreError
from convcore.models import Functional, wiring


def config() -> Any:
    """Of a model with a shared layer and two outputs, as it comes out of a file."""
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    shared = layers.Dense(4, name="shared")
    y = layers.Add(name="sum")([shared(a), shared(b)])
    return json.loads(json.dumps(Model([a, b], {"y": y, "z": shared(y)}, name="m").get_config()))


def test_it_is_json_and_makes_the_model_again() -> None:
    described = config()
    inputs, outputs = wiring.rebuild(described, None)
    again = Model(inputs, outputs, name="m")
    assert json.loads(json.dumps(again.get_config())) == described
    assert list(again.output) == ["y", "z"]
    assert len(again.get_layer("shared")._calls) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(layers=3),
        lambda c: c.update(surplus=1),
        lambda c: c["layers"][0].update(inbound_nodes=[[["shared", 0, 0]]]),
        lambda c: c["layers"][-1].update(inbound_nodes=[[["nobody", 0, 0]]]),
        lambda c: c["layers"][-1].update(inbound_nodes=[[["shared", 9, 0]]]),
        lambda c: c["layers"][-1].update(inbound_nodes=[[["shared", 0, 5]]]),
        lambda c: c["layers"][-1].update(inbound_nodes=[[["shared", 0, -1]]]),
        lambda c: c["layers"][-1].update(inbound_nodes=[[["shared"]]]),
        lambda c: c["layers"][-1].update(inbound_nodes=[[3]]),
        lambda c: c.update(output_layers={"tensor": ["nobody", 0, 0]}),
        lambda c: c.update(output_layers=7),
        lambda c: c.update(input_layers=None),
    ],
)
def test_what_no_model_says_is_refused(change: Any) -> None:
    described = config()
    change(described)
    with pytest.raises(ConvcoreError):
        Functional.from_config(described)
