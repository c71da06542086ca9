"""What `make bench-peers` does with its measurements, and with a library that is not there."""

from __future__ import annotations

import os
from xml.etree import ElementTree

import numpy as np
import pytest

from bench import chart, tables, turns

RECORD = {
    "machine": {"cpu": "a <CPU> & more", "system": "Linux", "python": "3.11", "numpy": "2.0", "load_before": 0.1},
    "threads": 2,
    "rounds": 3,
    "data": "MNIST",
    "titles": {"convcore": "convcore", "a": "A", "b": "B"},
    "versions": {"convcore": "convcore 1", "a": "A 1", "b": "A 1"},
    "absent": {"c": "ImportError: no c"},
    "microseconds_per_image": {
        "train 128": {"convcore": [10.0, 20.0, 10.0], "a": [30.0, 20.0, 40.0]},
        "infer 1": {"convcore": [5.0, 5.0, 5.0], "a": [10.0, 10.0, 10.0], "b": [500.0, 500.0, 500.0]},
    },
}


class Doubler:
    """A worker whose repetition is a sum; with another `factor` it computes something else."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def version(self) -> str:
        return "doubler"

    def proof(self) -> np.ndarray:
        return np.array([2 * self.factor, np.nan])

    def work(self, name: str) -> turns.Run | None:
        if self.factor == 0:
            os._exit(1)
        return (lambda count: len([sum(range(100)) for _ in range(count)])) if name == "sum" else None


def take(*members: turns.Member) -> turns.Results:
    return turns.take_turns(members, ["sum", "none"], threads=1, rounds=2, seconds=0.01, say=lambda line: None)


def test_ratios_are_taken_within_a_round() -> None:
    heading, ours, a, b = tables.rows(RECORD)
    assert heading == ["us per image", "training, batch 128", "inference, one image"]
    assert ours == ["convcore", "10.0 (10.0-20.0)", "5.0 (5.0-5.0)"]
    assert a == ["A", "30.0, 3.0x (1.0-4.0)", "10.0, 2.0x (2.0-2.0)"]
    assert b[1] == "-"


def test_tables_name_who_is_absent_and_each_version_once() -> None:
    for written in (tables.text(RECORD), tables.markdown(RECORD)):
        assert "Absent: c (ImportError: no c)" in written
        assert written.count("A 1") == 1


def test_the_chart_is_well_formed_and_cuts_what_is_too_long() -> None:
    root = ElementTree.fromstring(chart.svg(RECORD))
    space = "{http://www.w3.org/2000/svg}"
    texts = [element.text for element in root.iter(f"{space}text")]
    assert "30 µs" not in texts
    assert "30.0 µs · 3×" in texts
    widths = [float(bar.get("width", 0)) for bar in root.iter(f"{space}rect")][1:]
    assert max(widths) == chart.BAR
    assert len(list(root.iter(f"{space}path"))) == 1
    assert len(widths) == 5


def test_members_take_turns_and_an_absent_one_stops_nobody() -> None:
    first = turns.Member("first", "tests.test_peers:Doubler", (1.0,), 0)
    missing = turns.Member("missing", "no_such_module:Nothing", (), 0)
    results = take(first, missing)
    assert results.versions == {"first": "doubler"}
    assert "no_such_module" in results.absent["missing"]
    assert len(results.seconds["sum"]["first"]) == 2
    assert min(results.seconds["sum"]["first"]) > 0
    assert results.seconds["none"] == {}


def test_a_member_that_dies_is_absent_with_all_that_it_had_done() -> None:
    members = [turns.Member(name, "tests.test_peers:Doubler", (f,), 9) for name, f in (("a", 1), ("b", 0), ("c", 1))]
    results = take(*members)
    assert results.absent == {"b": "its process died in sum"}
    assert set(results.seconds["sum"]) == set(results.versions) == {"a", "c"}


def test_who_computes_something_else_is_not_measured() -> None:
    members = [turns.Member(name, "tests.test_peers:Doubler", (factor,), 0.1) for name, factor in (("a", 1), ("b", 2))]
    with pytest.raises(SystemExit, match="b computes something else than a, by 2"):
        take(*members)
