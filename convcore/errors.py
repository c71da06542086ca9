"""The exceptions convcore raises.

Every error is a `ConvcoreError` and also the built-in that Python programmers expect, so that
``except ValueError`` keeps working. A message names the argument, its value, what is allowed and,
where there is one, a hint.
"""

from __future__ import annotations

__all__ = [
    "BusyError",
    "CheckpointError",
    "ConvcoreError",
    "DTypeError",
    "DataFileError",
    "DatasetUnavailableError",
    "LabelError",
    "MissingAttributeError",
    "MissingNameError",
    "ModelFileError",
    "NotBuiltError",
    "NotSupportedError",
    "NumericError",
    "ParameterError",
    "ResourceLimitError",
    "ShapeError",
    "StateError",
]


class ConvcoreError(Exception):
    """The base of every error that convcore raises."""


class ParameterError(ConvcoreError, ValueError):
    """An argument that is not an array has a value that is not allowed."""


class ShapeError(ConvcoreError, ValueError):
    """The shapes of arrays do not fit an operation, or each other."""


class DTypeError(ConvcoreError, TypeError):
    """An array has a dtype that would have to be degraded silently."""


class LabelError(ConvcoreError, ValueError):
    """A label lies outside the classes of the model; the message names the sample."""


class ResourceLimitError(ConvcoreError, MemoryError):
    """A request needs more memory than is allowed; nothing was allocated."""


class DataFileError(ConvcoreError, ValueError):
    """A data file is damaged or not what it says; the message names path and offset."""


class DatasetUnavailableError(ConvcoreError, OSError):
    """A data set is neither on this machine nor to be downloaded; the message names what was tried."""


class ModelFileError(ConvcoreError, ValueError):
    """A model file is damaged, unsafe or of another version; nothing was loaded."""


class CheckpointError(ConvcoreError, OSError):
    """A model file could not be written or read."""


class NumericError(ConvcoreError, ArithmeticError):
    """Training met a NaN or an infinity; the weights are those before the batch."""


class StateError(ConvcoreError, RuntimeError):
    """A call came in the wrong order, such as backward before forward."""


class BusyError(StateError):
    """Another thread is using the model at this moment."""


class NotBuiltError(StateError, AttributeError):
    """A layer or model has no shapes yet; also an AttributeError, so that ``hasattr`` is False for them."""


class NotSupportedError(ConvcoreError, NotImplementedError):
    """A part of the surface of Keras that convcore does not implement; the message says what it has."""


class MissingNameError(NotSupportedError, ImportError):
    """A name of Keras that convcore does not have: also what ``try: from ... import`` expects."""


class MissingAttributeError(NotSupportedError, AttributeError):
    """What an array or a data set of TensorFlow has and convcore's has not: also what ``hasattr`` takes for False."""
