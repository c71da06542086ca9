"""The seeds of layers that draw random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcore import random
from convcore.errors import ParameterError

__all__ = ["SeedGenerator"]


class SeedGenerator:
    """What a layer's random numbers start from: `seed`, or if that is None, one of the process's stream, drawn when it
    is first needed.

    A layer that draws says so by having one, as ``self.seed_generator``: then files keep the seed, and a training that
    goes on from them draws what it would have drawn. ParameterError if `seed` is none.

    >>> SeedGenerator(7).drawn
    7
    """

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None and (
            isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**63
        ):
            raise ParameterError(f"`seed` must be None or an integer from 0 to 2**63 - 1. Received: seed={seed!r}")
        self.seed = None if seed is None else int(seed)
        self._drawn = self.seed

    @property
    def drawn(self) -> int:
        """The seed that is used."""
        if self._drawn is None:
            self._drawn = random.next_seed()
        return self._drawn

    def get_state(self) -> int | None:
        """The seed that is used, None as long as none was needed."""
        return self._drawn

    def set_state(self, state: Any) -> None:
        """Use the seed that another generator's `get_state` gave. ParameterError if it is none."""
        self._drawn = SeedGenerator(state).seed
