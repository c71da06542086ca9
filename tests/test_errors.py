"""Every error is convcore's own and also the built-in that a Python programmer catches."""

from __future__ import annotations

import pytest

from convcore import errors

BUILT_IN = {
    "ParameterError": ValueError,
    "ShapeError": ValueError,
    "DTypeError": TypeError,
    "LabelError": ValueError,
    "ResourceLimitError": MemoryError,
    "DataFileError": ValueError,
    "DatasetUnavailableError": OSError,
    "ModelFileError": ValueError,
    "CheckpointError": OSError,
    "NumericError": ArithmeticError,
    "StateError": RuntimeError,
    "BusyError": RuntimeError,
    "NotBuiltError": AttributeError,
    "NotSupportedError": NotImplementedError,
    "MissingAttributeError": AttributeError,
    "MissingNameError": ImportError,
}


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "ConvcoreError"])
def test_an_error_is_caught_by_its_built_in_and_by_ours(name: str) -> None:
    error = getattr(errors, name)
    assert error.__doc__
    for kind in (BUILT_IN[name], errors.ConvcoreError):
        with pytest.raises(kind, match="what, where, why"):
            raise error("what, where, why")


def test_busy_is_a_state() -> None:
    assert issubclass(errors.BusyError, errors.StateError)


def test_not_built_is_a_state() -> None:
    assert issubclass(errors.NotBuiltError, errors.StateError)
