"""The table of explain."""

from __future__ import annotations

from typing import Any

from convcore.program.explain_table import table

STEP: dict[str, Any] = {
    "step": "forward",
    "kernel": "dense_forward",
    "layers": ["dense"],
    "fused": ["bias", "ReLU"],
    "tasks": 3,
    "nominal_mflop": 1250.0,
    "executed_mflop": 1000.0,
    "executed_is_upper_bound": False,
    "bytes": 2_000_000,
    "microseconds": 1234.4,
    "share_of_peak": 0.5,
    "note": None,
}
SPARSE = STEP | {"layers": ["conv2d", "pool"], "executed_is_upper_bound": True, "note": "slow"}
MOVE = STEP | {"kernel": "gather_rows", "nominal_mflop": 0.0, "executed_mflop": 0.0, "note": "slow"}
REPORT = {
    "program": "training",
    "batch_size": 128,
    "threads": 2,
    "isa": "avx2",
    "math": "exact",
    "peak_gflops": 200.0,
    "steps": [STEP, SPARSE, MOVE],
}


def test_a_table_to_the_letter() -> None:
    lines = table(REPORT).splitlines()
    assert lines[0] == "Training program for batches of 128: 2 threads, avx2, exact maths, peak 200 GFLOP/s"
    assert lines[1].split() == (
        ["step", "layers", "kernel", "fused", "with", "tasks", "MFLOP", "executed", "KB", "us", "of", "peak"]
    )
    assert set(lines[2]) == {"-", " "}
    cells = [[cell for cell in line.split("  ") if cell] for line in lines[3:7]]
    figures = [[cell.strip() for cell in row] for row in cells]
    assert figures[0][:6] == ["1", "forward", "dense", "dense_forward", "bias, ReLU", "3"]
    assert figures[0][6:] == ["1,250.0", "1,000.0", "2,000", "1,234", "50%"]
    assert figures[1][2] == "conv2d + pool"
    assert figures[1][7] == "<=1,000.0"
    assert figures[2] == ["3", "forward", "dense", "gather_rows", "bias, ReLU", "3", "2,000", "1,234"]
    assert figures[3] == ["total", "2,500.0", "<=2,000.0", "6,000", "3,703"]
    assert lines[-1] == "2, 3: slow"
    assert len({len(line) for line in lines[3:5]}) == 1


def test_any_terminal_can_show_it() -> None:
    assert table(REPORT).isascii()
