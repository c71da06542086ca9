"""The seeds of layers in files, whatever their class."""

from __future__ import annotations

from typing import Any

import pytest

import convcore as keras
from convcore import layers
from convcore.errors import ModelFileError
from convcore.layers.seeds import SeedGenerator
from convcore.saving.seeds import describe_seeds, restore_seeds


class Drawing(layers.Layer):
    """A layer of one's own that draws."""

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = SeedGenerator(seed)


def model(first: str = "first") -> Any:
    inner = keras.Sequential([layers.Dropout(0.5, name="second"), layers.Dense(2, name="dense")], name="inner")
    return keras.Sequential([layers.Input((3,)), Drawing(7, name=first), inner])


def test_every_layer_that_draws_is_there_also_in_a_nested_model() -> None:
    net = model()
    assert describe_seeds(net) == {"first": 7, "inner/second": None}
    seed = net.layers[1].layers[0].seed_generator.drawn
    assert describe_seeds(net) == {"first": 7, "inner/second": seed}


def test_there_and_back() -> None:
    net = model()
    restore_seeds(net, {"first": 8, "inner/second": 9})
    assert describe_seeds(net) == {"first": 8, "inner/second": 9}
    restore_seeds(net, {"first": None})
    assert describe_seeds(net) == {"first": None, "inner/second": 9}


def test_by_position_where_the_names_differ() -> None:
    net = model("other")
    restore_seeds(net, {"first": 8, "inner/second": 9}, by_position=True)
    assert describe_seeds(net) == {"other": 8, "inner/second": 9}
    restore_seeds(net, {"inner/second": 1, "other": 2}, by_position=True)
    assert describe_seeds(net) == {"other": 2, "inner/second": 1}
    restore_seeds(net, {}, by_position=True)
    assert describe_seeds(net) == {"other": 2, "inner/second": 1}


@pytest.mark.parametrize("seeds", [None, [], {"nothing": 1}, {"first": -1}, {"first": True}, {"first": "1"}])
def test_what_does_not_fit_is_refused(seeds: Any) -> None:
    with pytest.raises(ModelFileError, match="seed"):
        restore_seeds(model(), seeds)


def test_a_number_of_seeds_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ModelFileError, match="not those of the model's 2 layers"):
        restore_seeds(model(), {"a": 1, "b": 2, "c": 3}, by_position=True)
