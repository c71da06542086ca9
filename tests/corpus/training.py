"""Optimizer steps and the training API."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcore import ops
from convcore.errors import ConvcoreError
from tests.corpus.registry import Call, refused


def step(op: Any, *arrays: Any, **keywords: Any) -> Call:
    """An optimizer step on nine ones, with `arrays` as the slots."""
    w, g = np.ones(9, np.float32), np.ones(9, np.float32)
    return lambda: op(w, g, *arrays, **keywords)


SLOT = np.ones(9, np.float32)

refused(
    "optimizer-without-its-slots",
    ConvcoreError,
    "",
    step(ops.adam_step, None, SLOT, iteration=1),
    step(ops.adam_step, SLOT, None, iteration=1),
    step(ops.adam_step, None, None, iteration=1),
    step(ops.rmsprop_step, None),
    step(ops.rmsprop_step, SLOT, momentum=0.5),
    step(ops.sgd_step, momentum=0.5),
    lambda: ops.sgd_step(None, SLOT),
    lambda: ops.sgd_step(SLOT, None),
)
