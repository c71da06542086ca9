"""Tests of `convcore.program`."""
