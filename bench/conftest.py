"""What the suites share: threads, and the share of the measured peak beside each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bench.machine import cores, heading, peak
from convcore import runtime

Measure = Callable[..., None]
ROWS: list[str] = []


def pytest_report_header() -> str:
    return heading("numpy", "pytest-benchmark")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What pytest-benchmark keeps in its JSON file only: rates and shares of peak."""
    if ROWS:
        terminalreporter.section("rates, from the median")
        terminalreporter.write_line(f"{'':58} {'us':>10} {'GFLOP/s':>9} {'of peak':>8} {'images/s':>10}")
        for row in ROWS:
            terminalreporter.write_line(row)


@pytest.fixture(params=[1, 2], ids=lambda count: f"{count}-threads")
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """Each measurement with one thread and, where there is a second core, with two."""
    count: int = request.param
    if count > cores():
        pytest.skip(f"this process may use {cores()} core")
    with runtime.threads(count):
        yield count


@pytest.fixture
def measure(benchmark: Any, threads: int) -> Measure:
    """Time ``function(*arguments)`` and note GFLOP/s and the share of peak for `flops` nominal operations."""

    def run(function: Callable[..., object], *arguments: object, flops: int = 0, images: int = 0, **named: Any) -> None:
        # Right before it, for bench/check.py: what the machine can do changes from minute to minute.
        calibration = runtime.measure_peak(threads)
        benchmark.extra_info.update(threads=threads, isa=runtime.active_isa(), calibration_gflops=calibration)
        benchmark(function, *arguments, **named)
        if benchmark.disabled:
            return
        seconds = benchmark.stats.stats.median
        rate, share, speed = flops / seconds / 1e9, flops / seconds / 1e9 / peak(threads), images / seconds
        benchmark.extra_info.update(gflops=rate, share_of_peak=share, images_per_second=speed)
        name = benchmark.name.removeprefix("test_")
        columns = f"{rate:9.1f} {share:8.1%}" if flops else f"{'':18}"
        ROWS.append(
            f"{name:58} {seconds * 1e6:10.1f} {columns} {speed:10.0f}" if images else f"{name:58} {seconds * 1e6:10.1f}"
        )

    return run


@pytest.fixture
def normal() -> Callable[..., npt.NDArray[np.float32]]:
    """Standard normal float32 arrays, the same ones in every run."""
    rng = np.random.default_rng(0)
    return lambda *shape: rng.standard_normal(shape, dtype=np.float32)
