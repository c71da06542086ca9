"""The native module is loaded with short waits at OpenMP's barriers, and the environment is left as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from convcore.engine import SPINS

PROBE = """
import json, os, sys
seen = {}
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "convcore._native":
            seen.update({key: os.environ.get(key) for key in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")})
sys.meta_path.insert(0, Finder())
before = dict(os.environ)
from convcore.engine import native
print(json.dumps([seen, dict(os.environ) == before, native.__name__]))
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, SPINS), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "passive"}, None)],
    ids=["unset", "spins given", "policy given"],
)
def test_the_setting_stands_while_the_module_loads_and_no_longer(given: dict[str, str], expected: str | None) -> None:
    clean = {key: value for key, value in os.environ.items() if key not in {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}}
    run = subprocess.run([sys.executable, "-c", PROBE], env=clean | given, check=True, capture_output=True, text=True)
    seen, unchanged, name = json.loads(run.stdout)
    assert seen["GOMP_SPINCOUNT"] == expected
    assert seen["OMP_WAIT_POLICY"] == given.get("OMP_WAIT_POLICY")
    assert unchanged
    assert name == "convcore._native"
