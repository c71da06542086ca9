"""Keras's losses as formulas on one row, with Python's own mathematics: what the kernels and the functions are held to.

`row_loss` is the value, `slope` its gradient by central differences, in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tests.reference import Array

Row = Sequence[float]
FUZZ = 1e-7
CEILING = float(np.float32(1 - FUZZ))  # Keras clips probabilities in float32


def _clip(value: float, low: float = FUZZ, high: float = CEILING) -> float:
    return min(max(value, low), high)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _binary(t: float, p: float) -> float:
    q = _clip(p)
    return -(t * math.log(q) + (1 - t) * math.log(1 - q))


def _binary_focal(t: float, y: float, s: float, alpha: float, gamma: float, balanced: float, logits: float) -> float:
    t = t * (1 - s) + s / 2
    p = _logistic(y) if logits else y
    weight = t * alpha + (1 - t) * (1 - alpha) if balanced else 1
    return float(weight * (1 - (t * p + (1 - t) * (1 - p))) ** gamma * _binary(t, p))


def _huber(t: float, y: float, delta: float) -> float:
    size = abs(y - t)
    return size**2 / 2 if size <= delta else delta * size - delta**2 / 2


ELEMENTS: dict[str, Callable[..., float]] = {
    "binary_crossentropy": lambda t, y, s: _binary(t * (1 - s) + s / 2, y),
    "binary_crossentropy_logits": lambda t, y, s: _binary(t * (1 - s) + s / 2, _logistic(y)),
    "binary_focal_crossentropy": _binary_focal,
    "mean_absolute_error": lambda t, y: abs(y - t),
    "mean_absolute_percentage_error": lambda t, y: 100 * abs(y - t) / max(abs(t), FUZZ),
    "mean_squared_logarithmic_error": lambda t, y: (math.log(max(y, FUZZ) + 1) - math.log(max(t, FUZZ) + 1)) ** 2,
    "huber": _huber,
    "log_cosh": lambda t, y: math.log(math.cosh(y - t)),
    "poisson": lambda t, y: y - t * math.log(y + FUZZ),
    "hinge": lambda t, y: max(1 - t * y, 0),
    "squared_hinge": lambda t, y: max(1 - t * y, 0) ** 2,
}


def _divergence(t: Row, y: Row) -> float:
    return math.fsum(
        _clip(a, FUZZ, 1) * math.log(_clip(a, FUZZ, 1) / _clip(b, FUZZ, 1)) for a, b in zip(t, y, strict=True)
    )


def _cosine(t: Row, y: Row) -> float:
    lengths = [max(math.sqrt(math.fsum(v * v for v in row)), FUZZ) for row in (t, y)]
    return -math.fsum(a * b for a, b in zip(t, y, strict=True)) / (lengths[0] * lengths[1])


def _categorical_hinge(t: Row, y: Row) -> float:
    right = math.fsum(a * b for a, b in zip(t, y, strict=True))
    return max(max((1 - a) * b for a, b in zip(t, y, strict=True)) - right + 1, 0)


def _categorical_focal(t: Row, y: Row, s: float, alpha: float, gamma: float, logits: float) -> float:
    p = [math.exp(v - max(y)) for v in y] if logits else list(y)
    q = [_clip(v / math.fsum(p)) for v in p]
    labels = [a * (1 - s) + s / len(y) for a in t]
    return math.fsum(-alpha * (1 - b) ** gamma * a * math.log(b) for a, b in zip(labels, q, strict=True))


ROWS: dict[str, Callable[..., float]] = {
    "kl_divergence": _divergence,
    "cosine_similarity": _cosine,
    "categorical_hinge": _categorical_hinge,
    "categorical_focal_crossentropy": _categorical_focal,
}


def row_loss(kind: str, t: Row, y: Row, parameters: Row = ()) -> float:
    """The loss of one row: the mean over its elements, or a value of the whole."""
    if kind in ROWS:
        return ROWS[kind](t, y, *parameters)
    return math.fsum(ELEMENTS[kind](a, b, *parameters) for a, b in zip(t, y, strict=True)) / len(y)


def slope(kind: str, t: Row, y: Row, parameters: Row = (), step: float = 1e-6) -> Array:
    """The gradient of `row_loss` by `y`, by central differences."""
    found = np.zeros(len(y))
    for k in range(len(y)):
        up, down = list(y), list(y)
        up[k] += step
        down[k] -= step
        found[k] = (row_loss(kind, t, up, parameters) - row_loss(kind, t, down, parameters)) / (2 * step)
    return found
