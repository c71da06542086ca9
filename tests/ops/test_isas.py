"""Every ISA this CPU can run, each in its own process: exact, within the bound, bit-identical, inside its arrays."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from convcore import runtime
from tests.conftest import THREADS, usable_isas
from tests.worker import run_job

MALLOC_CHECK = Path("/lib/x86_64-linux-gnu/libc_malloc_debug.so.0")


@cache
def digests(isa: str) -> Any:
    return run_job("digests", isa=isa, seed=71, count=60, threads=list(THREADS))


def test_the_environment_forces_the_isa(isa: str) -> None:
    assert run_job("active_isa", isa=isa) == isa


def test_the_active_isa_is_among_the_usable() -> None:
    assert runtime.active_isa() in usable_isas()


def test_whole_numbers_are_exact(isa: str) -> None:
    """Over 2,000 random convolutions in three directions: all bits right, and the adjoint identity holds."""
    assert run_job("whole_numbers", isa=isa, seed=2100, convs=2000, pools=500, threads=[1, 2, 3]) > 2000


def test_normal_data_is_within_the_bound(isa: str) -> None:
    assert run_job("bounds", isa=isa, seed=70, count=400) > 400


def test_bits_do_not_depend_on_the_number_of_threads(isa: str) -> None:
    first, *others = digests(isa).values()
    for other in others:
        assert other == first


def test_avx2_and_avx512_give_the_same_bits() -> None:
    """Both define results with fused multiply-add; the baseline has none and is held to the bound only."""
    if not {"avx2", "avx512"} <= set(usable_isas()):
        pytest.skip("this CPU has no AVX-512")
    assert digests("avx2")["1"] == digests("avx512")["1"]


@pytest.mark.skipif(not MALLOC_CHECK.exists(), reason="the C library has no checking allocator")
def test_no_byte_behind_the_results_is_written(isa: str) -> None:
    """Results and workspaces come from malloc: its checking twin ends the process when one byte behind them changed."""
    environment = {"LD_PRELOAD": str(MALLOC_CHECK), "GLIBC_TUNABLES": "glibc.malloc.check=3"}
    with pytest.raises(AssertionError, match="trespass"):
        run_job("trespass", isa=isa, environment=environment)
    assert run_job("guard", isa=isa, environment=environment, seed=73, count=300) > 600


def test_no_byte_outside_the_arrays_is_touched(isa: str) -> None:
    assert run_job("guard", isa=isa, seed=72, count=200) > 500
