"""Keras's own tests over convcore: see run.py."""
