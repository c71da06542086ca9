"""What the tests share: the numbers of threads and the ISAs that a promise is checked under."""

from __future__ import annotations

import pytest

# One, both cores of a small machine, an odd number, and more than such a machine has.
THREADS = (1, 2, 3, 5)


def usable_isas() -> list[str]:
    """The ISAs built in that this CPU can run; `tests.worker.run_job` starts a process under one of them."""
    from convcore import runtime

    return [str(name) for name in runtime.show_config(as_dict=True)["isa"]["usable"]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with an argument `isa` runs once for each usable ISA."""
    if "isa" in metafunc.fixturenames:
        metafunc.parametrize("isa", usable_isas())
