"""The same value everywhere."""

from __future__ import annotations

from convcore import initializers


def test_constants() -> None:
    assert initializers.get("zeros")((2, 3)).tolist() == [[0] * 3] * 2
    assert initializers.get("ones")((2,)).tolist() == [1, 1]
    assert initializers.Constant(2.5)((2,)).tolist() == [2.5, 2.5]
