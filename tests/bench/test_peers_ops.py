"""The list of `make bench-peers-ops`, and what it makes of measurements; it needs no other library."""

from __future__ import annotations

import re

import numpy as np
import pytest

from bench.peers_ops import convolutions, report
from bench.peers_ops.members import ALL, NAMES, ConvcoreOps, selected
from bench.peers_ops.problem import listed
from convcore import ops

SECONDS = {
    "a: forward": {"convcore": [2.0, 1.0], "PyTorch": [3.0, 4.0], "PyTorch, channels_last": [2.0, 5.0]},
    "b: forward": {"convcore": [4.0, 4.0], "PyTorch": [1.0, 1.0]},
    "c: forward": {"convcore": [1.0]},
}


def test_every_call_has_a_name_of_its_own() -> None:
    assert len(NAMES) == sum(len(problem.directions) for problem in ALL)
    assert {problem.dtype for problem in ALL} == {"float32", "float64", "float16"}
    assert {problem.first for problem in ALL} == {True, False}


SMALL = selected(
    "^(1x1x28x28|max pool 16x1|avg pool 8x3|unpool 1x|unfold 1x|relu 1x|softmax 128|dense 1x|batch norm 1x)"
)


@pytest.mark.parametrize("name", SMALL)
def test_calls_run_and_repeat(name: str) -> None:
    problem, direction = NAMES[name]
    first, second = (listed(problem.ours(ops, direction)()) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert problem.flops(direction) >= 0


def test_a_worker_proves_what_it_computes_and_holds_one_problem() -> None:
    worker = ConvcoreOps(1, "^relu 1x7x7x64|^sigmoid 1x7x7x64")
    assert len(worker.names) == 4
    assert np.isfinite(worker.proof()).all()
    for name in worker.names:
        run = worker.work(name)
        assert run is not None
        assert run(3) == 3
        assert worker.held is not None
        assert worker.held[0] == name


def test_the_worst_comes_first_and_ratios_are_to_the_better_rival() -> None:
    worst, best = report.outcomes(SECONDS)
    assert (worst["name"], worst["ratio"], worst["spread"]) == ("b: forward", 0.25, [0.25, 0.25])
    assert (best["name"], best["ratio"], best["spread"]) == ("a: forward", 2.0, [1.0, 4.0])
    head, first, second = report.rows([worst, best], ["convcore", "PyTorch"], {"a: forward": 10**9})
    assert head[-2:] == ["ratio", "spread"]
    assert first == ["b: forward", "4000000", "1000000", "-", "0.25", "0.25-0.25"]
    assert second == ["a: forward", "1000000", "3000000", "1", "2.00", "1.00-4.00"]


def test_depthwise_convolutions_are_shown_beside_their_dense_twins() -> None:
    conv = convolutions.DEPTHWISE[0]
    twin = report.dense_twin(conv)
    assert twin.groups == 1
    assert str(twin) == re.sub(", groups [0-9]+", "", str(conv))
    seconds = {f"{one}: forward": {"convcore": [time]} for one, time in ((conv, 1e-3), (twin, 5e-3))}
    assert report.depthwise_rows(seconds)[1:] == [[f"{conv}: forward", "1000", "5000", "0.200"]]
