"""Initial values of weights, with Keras's names, formulas and defaults.

The values come from PCG64's uniform stream (normal ones by the Box-Muller transform), so they are the same with
every version of NumPy. An initializer gives the same values at each call: those of its seed, or, without one, of
a seed drawn from the process's stream at its first call (see `convcore.utils.set_random_seed`).
"""

from __future__ import annotations

from typing import Any

from convcore.initializers.base import Initializer
from convcore.initializers.constant import Constant, Ones, Zeros
from convcore.initializers.distributions import RandomNormal, RandomUniform, TruncatedNormal
from convcore.initializers.matrices import Identity, Orthogonal
from convcore.initializers.registry import SNAKE_CASE, deserialize, get, serialize
from convcore.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    compute_fans,
)
from convcore.keras_names import missing

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "compute_fans",
    "deserialize",
    "get",
    "serialize",
]


def __getattr__(name: str) -> Any:
    if name in SNAKE_CASE:
        return SNAKE_CASE[name]
    raise missing("initializers", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
