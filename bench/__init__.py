"""Measurements. Ratios of one run count; absolute times move from machine to machine."""
