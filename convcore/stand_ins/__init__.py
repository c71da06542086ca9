"""Modules that stand in for ``keras`` and ``tensorflow`` in one process, so that a script for those runs on convcore.

`install` makes ``import keras``, ``import tensorflow as tf``, ``from tensorflow.keras.layers import Conv2D`` and the
like find convcore, whether the real packages are installed or not. ``convcore run SCRIPT.py`` is who calls it. What
convcore does not have is refused by name, as everywhere.
"""

from __future__ import annotations

from convcore.stand_ins.finder import install

__all__ = ["install"]
