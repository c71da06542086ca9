"""How far a float32 sum of products may be from the true one.

A sum of n products in any order, by fused multiply-add or not, has ``|err| <= gamma_n * S`` with
``gamma_n = n*u / (1 - n*u)``, u = 2**-24 and S the sum of the products' absolute values (N. Higham, Accuracy and
Stability of Numerical Algorithms, 3.1). It holds for all data, so no tolerance is tuned anywhere.
"""

from __future__ import annotations

import numpy as np

from tests.reference import Array

UNIT_FLOAT32 = 2.0**-24


def gamma(n: int, unit: float = UNIT_FLOAT32) -> float:
    """gamma_n: the relative error that a chain of n roundings may build up."""
    if n * unit >= 1:
        raise ValueError(f"no bound for n = {n} roundings of unit {unit}")
    return n * unit / (1 - n * unit)


def worst_ratio(result: Array, truth: Array, magnitude: Array, n: int) -> float:
    """The largest ``|result - truth| / (gamma_n * S)``; at most 1 is within the bound, NaN is not.

    `truth` and `magnitude` (S) are float64; a bias counts as one of the n terms.
    """
    if result.shape != truth.shape:
        raise ValueError(f"shapes differ: {result.shape} and {truth.shape}")
    if result.size == 0:
        return 0.0
    error = np.abs(result.astype(np.float64) - truth)
    # The float64 oracle rounds too, 2**-29 as much: granted on top, as is what flushing subnormal results may lose.
    allowed = gamma(n) * (1 + 2.0**-20) * magnitude + np.finfo(np.float32).tiny
    return float((error / allowed).max())
