"""Tests of `convcore.ops`: one file an op."""
