"""The limit on requests for memory: what is free, or what the environment says."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError, ResourceLimitError
from convcore.memory import CACHE_LINE, aligned_zeros, require_memory, whole_lines


def test_small_requests_are_granted_and_absurd_ones_refused() -> None:
    require_memory(1 << 20, "a megabyte")
    with pytest.raises(ResourceLimitError, match=r"^a lot needs 1,152,921,504,606,846,976 bytes, [\d,]+ may be used"):
        require_memory(2**60, "a lot")


@pytest.mark.parametrize("count", [0, 1, 1000, 300_000])
def test_zeros_begin_with_a_cache_line(count: int) -> None:
    for dtype in (np.uint8, np.float32):
        zeros = aligned_zeros(count, dtype)
        assert (zeros.shape, zeros.dtype, zeros.flags.writeable) == ((count,), dtype, True)
        assert not zeros.any()
        assert zeros.ctypes.data % CACHE_LINE == 0
        assert zeros[1:].reshape(-1, 1).base is zeros


def test_the_environment_may_lower_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVCORE_MEMORY_LIMIT", "1000")
    require_memory(1000, "what fits")
    with pytest.raises(ResourceLimitError, match="needs 1,001 bytes, 1,000 may be used"):
        require_memory(1001, "a result")


def test_a_limit_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVCORE_MEMORY_LIMIT", "much")
    with pytest.raises(ParameterError, match="CONVCORE_MEMORY_LIMIT='much'"):
        require_memory(1, "a result")


def test_bytes_are_rounded_up_to_cache_lines() -> None:
    assert [whole_lines(size) for size in (0, 1, 64, 65)] == [0, 64, 64, 128]
