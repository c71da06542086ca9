"""Every item of `tests.corpus` in a process of its own, two at a time, 10 seconds each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.corpus.ids import CASES
from tests.corpus.registry import ITEMS
from tests.corpus.run import KNOWN_HASH, known_hash
from tests.worker import ROOT

SECONDS = 10
Outcome = tuple[int, str]


def run_item(name: str) -> Outcome:
    """Exit code and stderr of one item; a hang is exit code -1."""
    command = [sys.executable, "-m", "tests.corpus.run", name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, f"{name} did not end within {SECONDS} s"
    return done.returncode, done.stderr[-3000:]


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Outcome]]]:
    """The items this session asked for, all started at once on two workers."""
    wanted = [
        item.callspec.params["item"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == "test_item"
    ]
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(run_item, name) for name in wanted}


@pytest.mark.parametrize("item", ITEMS)
def test_item(item: str, outcomes: dict[str, Future[Outcome]]) -> None:
    code, text = outcomes[item].result()
    assert code == 0, f"{item} ended with {code}:\n{text}"


def test_the_known_hash_is_the_oracles() -> None:
    assert known_hash() == KNOWN_HASH


def test_every_id_of_the_list_has_a_case() -> None:
    numbers = (*range(1, 74), *range(132, 141))
    assert list(CASES) == [f"S{number:02d}" for number in numbers]
    for name, items in CASES.items():
        assert items, name
        assert set(items) <= set(ITEMS), name
