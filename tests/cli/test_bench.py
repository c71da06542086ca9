"""`convcore bench`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from convcore import cli, runtime
from convcore.cli import bench


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few images: what is told, not how exactly it was measured."""
    monkeypatch.setattr(bench, "IMAGES", 128)
    monkeypatch.setattr(bench, "PEAK_ROUNDS", 1)

    def measure(work: Callable[[], object], seconds: float) -> list[float]:
        assert seconds > 0
        work()
        return [0.5, 0.25, 0.25]

    monkeypatch.setattr(bench, "measure", measure)


@pytest.mark.usefixtures("quick")
def test_what_is_told_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "bench.json"
    assert cli.main(["bench", "--threads", "2", "--json", str(target)]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    found = json.loads(target.read_text())
    assert found["config"]["isa"]["active"] == runtime.active_isa()
    assert found["config"]["threads"]["count"] == 2
    assert list(found["peak_gflops"]) == ["1", "2"]
    assert [(row["work"], row["batch"], row["images_per_second"]) for row in found["seed_net"]] == [
        ("train", 128, 512), ("train", 32, 512),
        ("inference", 256, 1024), ("inference", 32, 1024), ("inference", 1, 1024),
    ]  # fmt: skip
    convolution = found["second_convolution"]
    assert convolution["gflops"] == pytest.approx(2 * 128 * 121 * 9 * 64 * 64 / 0.25 / 1e9)
    assert convolution["share_of_peak"] == pytest.approx(convolution["gflops"] / convolution["peak_gflops"])
    for line in ("peak                1 thread ", "train               batch 128", "of peak", "threads   2"):
        assert line in output


@pytest.mark.usefixtures("quick")
def test_with_one_thread_there_is_one_peak(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--threads", "1"]) == 0
    assert capsys.readouterr().out.count("multiply-adds in registers") == 1


def test_a_file_that_cannot_be_written_is_told_before_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    started = time.perf_counter()
    assert cli.main(["bench", "--json", "nowhere/at/all.json"]) == 2
    assert time.perf_counter() - started < 1
    assert "--json" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "61", "x"])
def test_a_minute_at_most(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--seconds", seconds]) == 2
    assert "from 1 to 60" in capsys.readouterr().err


def test_measuring_warms_up_and_ends() -> None:
    calls: list[float] = []

    def work() -> None:
        calls.append(time.perf_counter())
        time.sleep(0.01)

    times = bench.measure(work, 0.05)
    assert len(calls) == len(times) + 1
    assert all(seconds >= 0.01 for seconds in times)
    assert len(bench.measure(work, 0.0)) == 1
