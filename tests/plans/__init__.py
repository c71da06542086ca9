"""Tests of `convcore.plans`: the steps and the memory that an op or a node becomes."""
