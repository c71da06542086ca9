"""The steps of SGD, Adam and RMSprop, over arrays in place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_reals
from convcore.checks import real, shown, unit_interval
from convcore.engine import native
from convcore.errors import DTypeError, ParameterError, ShapeError
from convcore.ops.running import PROGRAMS, Array, boolean, check_shape, run
from convcore.plans.steps import Steps
from convcore.shapes import integer

__all__ = ["adam_step", "rmsprop_step", "sgd_step"]

LAST_ITERATION = 2**63 - 1


@lru_cache(PROGRAMS)
def _step_program(kernel: str, count: int, dtype: str, hyper: int, slots: tuple[bool, ...]) -> native.Program:
    steps = Steps(dtype)
    size = count * steps.item_bytes
    numbers, w, g = steps.external(hyper * 8), steps.external(size, written=True), steps.external(size)
    given = [steps.external(size, written=True) if slot else None for slot in slots]
    steps.add(kernel, {"count": count}, numbers, None, w, g, *given, work=count * 8)
    return steps.build()


def _step(
    kernel: str,
    hyper: tuple[float, ...],
    w: Array,
    g: npt.ArrayLike,
    slots: Mapping[str, Array | None],
    optional: frozenset[str] = frozenset(),
) -> None:
    """Check the arrays and run `kernel`; `slots` are in its order, and those that are `optional` may be None."""
    changed: dict[str, Any] = {"w": w}
    changed |= {name: slot for name, slot in slots.items() if slot is not None or name not in optional}
    for name, array in changed.items():
        if not isinstance(array, np.ndarray) or array.dtype not in (np.float32, np.float64) or not array.dtype.isnative:
            raise DTypeError(f"{name}: expected a float32 or float64 array to be changed in place, got {shown(array)}.")
        if not array.flags.carray:
            raise ShapeError(
                f"{name}: expected an array that is C-contiguous, aligned and writeable, as it is changed in place. "
                f"Step on a copy, and write that back."
            )
    dtype, (gradient, *_) = as_reals(g=g, **changed)
    memory = {"g": gradient, **changed}
    for name, array in memory.items():
        check_shape(name, array, w.shape, "that of w")
    for (first, one), (second, other) in combinations(memory.items(), 2):
        # Exact, because both are contiguous.
        if np.may_share_memory(one, other):
            raise ParameterError(f"{first} and {second} overlap; each needs memory of its own.")
    if w.size:
        numbers = np.array(hyper, dtype=np.float64)
        present = tuple(slot is not None for slot in slots.values())
        program = _step_program(kernel, w.size, dtype, len(hyper), present)
        run(program, numbers, w, gradient, *(slot for slot in slots.values() if slot is not None))


def sgd_step(
    w: Array,
    g: npt.ArrayLike,
    velocity: Array | None = None,
    *,
    learning_rate: float = 0.01,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> None:
    """One step of stochastic gradient descent on `w` in place, from its gradient `g`, with Keras's formula.

    ``velocity = momentum * velocity - learning_rate * g``; ``w += velocity`` (`nesterov`: ``w += momentum * velocity -
    learning_rate * g``). `velocity`, of w's shape, is needed with momentum.

    >>> import numpy as np, convcore
    >>> w = np.ones(2, np.float32)
    >>> convcore.ops.sgd_step(w, np.ones(2, np.float32), learning_rate=0.5)
    >>> w
    array([0.5, 0.5], dtype=float32)
    """
    rate, push, decay = (
        real("learning_rate", learning_rate),
        real("momentum", momentum),
        real("weight_decay", weight_decay),
    )
    look_ahead = boolean("nesterov", nesterov)
    if push and velocity is None:
        raise ParameterError("velocity: momentum needs an array of w's shape that keeps the velocity.")
    hyper = (rate, push, float(look_ahead), decay)
    _step("sgd_step", hyper, w, g, {"velocity": velocity}, frozenset({"velocity"}))


def adam_step(
    w: Array,
    g: npt.ArrayLike,
    m: Array,
    v: Array,
    *,
    iteration: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float = 0.0,
) -> None:
    """One step of Adam on `w` in place, from its gradient `g`, with Keras's formula; `iteration` counts from 1.

    ``alpha = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)``; ``m += (g - m)(1 - beta_1)``; ``v += (g**2 - v)(1
    - beta_2)``; ``w -= alpha * m / (sqrt(v) + epsilon)``, after ``w -= learning_rate * weight_decay * w`` (AdamW).

    Source: Kingma and Ba, Adam (2015), section 2; Loshchilov and Hutter, Decoupled weight decay (2019).

    >>> import numpy as np, convcore
    >>> w, m, v = np.ones(1, np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32)
    >>> convcore.ops.adam_step(w, np.ones(1, np.float32), m, v, iteration=1, learning_rate=0.5)
    >>> round(float(w[0]), 4)
    0.5
    """
    t = integer("iteration", iteration, 1, LAST_ITERATION)
    rate, decay = real("learning_rate", learning_rate), real("weight_decay", weight_decay)
    b1, b2 = unit_interval("beta_1", beta_1, open_maximum=True), unit_interval("beta_2", beta_2, open_maximum=True)
    alpha = rate * (1 - b2**t) ** 0.5 / (1 - b1**t)
    hyper = (alpha, b1, b2, real("epsilon", epsilon), rate * decay)
    _step("adam_step", hyper, w, g, {"m": m, "v": v})


def rmsprop_step(
    w: Array,
    g: npt.ArrayLike,
    v: Array,
    *,
    mean: Array | None = None,
    velocity: Array | None = None,
    learning_rate: float = 0.001,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    weight_decay: float = 0.0,
) -> None:
    """One step of RMSprop on `w` in place, from its gradient `g`, with Keras's formula; `mean` makes it centered.

    ``v = rho * v + (1 - rho) * g**2``; ``w -= learning_rate * g / sqrt(v + epsilon)``; `velocity` is needed with
    momentum.

    >>> import numpy as np, convcore
    >>> w, v = np.ones(1, np.float32), np.zeros(1, np.float32)
    >>> convcore.ops.rmsprop_step(w, np.ones(1, np.float32), v, rho=0.75, learning_rate=0.25)
    >>> round(float(w[0]), 4)
    0.5
    """
    rate, decay = real("learning_rate", learning_rate), real("weight_decay", weight_decay)
    keep, push = unit_interval("rho", rho, open_maximum=True), real("momentum", momentum)
    if push and velocity is None:
        raise ParameterError("velocity: momentum needs an array of w's shape that keeps the velocity.")
    hyper = (rate, keep, real("epsilon", epsilon), push, float(mean is not None), decay)
    slots = {"v": v, "mean": mean, "velocity": velocity}
    _step("rmsprop_step", hyper, w, g, slots, frozenset({"mean", "velocity"}))
