"""The seeds of a model's layers that draw random numbers, to a file's configuration and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from convcore.errors import ModelFileError, ParameterError
from convcore.saving.variables import named_layers

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.layers.seeds import SeedGenerator
    from convcore.models import Model

__all__ = ["describe_seeds", "restore_seeds"]


def describe_seeds(model: Model) -> dict[str, int | None]:
    """The seeds of the layers of `model`, by path; None for those that have drawn none yet."""
    return {path: generator.get_state() for path, generator in _generators(model).items()}


def restore_seeds(model: Model, seeds: Any, *, by_position: bool = False) -> None:
    """Give the layers of `model` the seeds that `describe_seeds` told, so that they draw what they would have drawn.

    `by_position` takes them in order where the names differ: another process may have given its layers other numbers.
    ModelFileError if they are of another model.
    """
    if not isinstance(seeds, dict):
        raise ModelFileError("its configuration has no seeds")
    generators = _generators(model)
    if by_position and set(seeds) != set(generators):
        if len(seeds) not in (0, len(generators)):
            raise ModelFileError(f"its seeds are not those of the model's {len(generators)} layers that draw numbers.")
        seeds = dict(zip(generators, seeds.values(), strict=False))
    for path, seed in seeds.items():
        try:
            generators[path].set_state(seed)
        except (KeyError, ParameterError):
            raise ModelFileError(f"the seed of {path!r:.200} is {seed!r:.200}") from None


def _generators(model: Model) -> dict[str, SeedGenerator]:
    return dict(generator for path, layer in named_layers(model) for generator in _inside(path, layer))


def _inside(path: str, layer: Layer) -> Iterator[tuple[str, SeedGenerator]]:
    """Those of a layer, and of the layers in it, by their numbers: their names are not the same each time."""
    if layer.seed_generator is not None:
        yield path, layer.seed_generator
    for number, inner in enumerate(getattr(layer, "_layers", ())):
        yield from _inside(f"{path}/{number}", inner)
