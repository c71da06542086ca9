"""The limit on requests for memory: what is free, or what the environment says."""

from __future__ import annotations

import pytest

from convcore.errors import ParameterError, ResourceLimitError
from convcore.memory import require_memory


def test_small_requests_are_granted_and_absurd_ones_refused() -> None:
    require_memory(1 << 20, "a megabyte")
    with pytest.raises(ResourceLimitError, match=r"^a lot needs 1,152,921,504,606,846,976 bytes, [\d,]+ may be used"):
        require_memory(2**60, "a lot")


def test_the_environment_may_lower_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVCORE_MEMORY_LIMIT", "1000")
    require_memory(1000, "what fits")
    with pytest.raises(ResourceLimitError, match="needs 1,001 bytes, 1,000 may be used"):
        require_memory(1001, "a result")


def test_a_limit_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVCORE_MEMORY_LIMIT", "much")
    with pytest.raises(ParameterError, match="CONVCORE_MEMORY_LIMIT='much'"):
        require_memory(1, "a result")
