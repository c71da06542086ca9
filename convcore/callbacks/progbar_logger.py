"""The progress of a run, as a callback."""

from __future__ import annotations

from convcore.callbacks.callback import Callback

__all__ = ["ProgbarLogger"]


class ProgbarLogger(Callback):
    """The progress that fit, evaluate and predict show by their `verbose` anyway: in a list of callbacks it changes
    nothing, as in Keras, which makes one where there is none.

    >>> ProgbarLogger().params is None
    True
    """
