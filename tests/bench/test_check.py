"""The regression check, on two files as pytest-benchmark writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import check

ROOT = Path(__file__).resolve().parent.parent.parent


def row(name: str, median: float, calibration: float, isa: str = "avx2") -> dict[str, Any]:
    info = {"isa": isa, "threads": 1, "calibration_gflops": calibration}
    return {"fullname": f"bench/test_ops.py::{name}", "stats": {"median": median}, "extra_info": info}


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text(json.dumps({"machine_info": {}, "benchmarks": rows, "version": "5.1.0"}))
    return str(path)


@pytest.fixture
def base(tmp_path: Path) -> str:
    return write(tmp_path / "base.json", row("conv", 0.010, 100.0), row("pool", 0.002, 100.0))


def test_a_slow_machine_is_no_regression(base: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twice the time where the calibration loop takes twice the time, too."""
    new = write(tmp_path / "new.json", row("conv", 0.020, 50.0), row("pool", 0.004, 50.0))
    assert check.main([base, new]) == 0
    assert "0 of 2" in capsys.readouterr().out


def test_what_got_slower_is_named(base: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same time on a machine that is twice as fast is a regression."""
    new = write(tmp_path / "new.json", row("conv", 0.010, 200.0), row("pool", 0.001, 200.0))
    assert check.main([base, new]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "SLOWER" in line] == ["   2.00  bench/test_ops.py::conv (avx2)  SLOWER"]
    assert lines[-1].startswith("1 of 2 take more than 1.15 times")


@pytest.mark.parametrize(("threshold", "code"), [("1.05", 1), ("1.1", 1), ("1.11", 0), ("2", 0)])
def test_the_threshold(threshold: str, code: int, base: str, tmp_path: Path) -> None:
    new = write(tmp_path / "new.json", row("conv", 0.01105, 100.0))
    assert check.main([base, new, "--threshold", threshold]) == code


def test_only_the_same_kernels_are_compared(base: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = write(tmp_path / "new.json", row("conv", 9.0, 100.0, "avx512"), row("pool", 0.002, 100.0))
    assert check.main([base, new]) == 0
    output = capsys.readouterr().out
    assert f"bench/test_ops.py::conv (avx512)  only in {new}" in output
    assert f"bench/test_ops.py::conv (avx2)  only in {base}" in output


@pytest.mark.parametrize(
    "content", ["", "[]", '{"benchmarks": [{}]}', '{"benchmarks": [{"fullname": "a", "extra_info": {"isa": "b"}}]}']
)
def test_other_files_are_refused(content: str, base: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.json"
    other.write_text(content)
    assert check.main([base, str(other)]) == 2
    assert str(other) in capsys.readouterr().err


def test_files_without_a_common_benchmark(base: str, tmp_path: Path) -> None:
    assert check.main([base, write(tmp_path / "new.json", row("else", 1.0, 1.0))]) == 2
    assert check.main([base, write(tmp_path / "zero.json", row("conv", 1.0, 0.0))]) == 2
    assert check.main([base, str(tmp_path / "missing.json")]) == 2


@pytest.mark.parametrize("threshold", ["0.5", "x", "inf", "nan"])
def test_a_threshold_that_is_none(threshold: str, base: str) -> None:
    with pytest.raises(SystemExit) as stop:
        check.main([base, base, "--threshold", threshold])
    assert stop.value.code == 2


def test_as_a_script(base: str) -> None:
    command = [sys.executable, "bench/check.py", base, base]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
