"""No test here sees the data sets of the machine it runs on."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _no_sources(monkeypatch, tmp_path):
    """Neither a configured folder nor a cache nor pooch."""
    monkeypatch.delenv("CONVCORE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "pooch", None)
