"""Softmax and cross-entropy in one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_array, as_indices, as_reals, in_given_dtype
from convcore.engine import native
from convcore.errors import LabelError
from convcore.ops.running import PROGRAMS, Array, check_shape, matrix_shape, new_result, run
from convcore.plans import pointwise
from convcore.plans.steps import Steps

__all__ = ["softmax_cross_entropy"]


@lru_cache(PROGRAMS)
def _cross_entropy_program(n: int, classes: int, dtype: str, sparse: bool) -> native.Program:
    steps = Steps(dtype)
    item = steps.item_bytes
    logits = steps.external(n * classes * item)
    targets = steps.external(n * (4 if sparse else classes * item))
    gradient, loss = steps.external(n * classes * item, written=True), steps.external(n * item, written=True)
    pointwise.loss(
        steps, "softmax_cross_entropy", n, classes, logits, targets, None, steps.reals(n * classes), gradient, loss,
        sparse=sparse, scale=1.0, smoothing=0.0, from_logits=True,
    )  # fmt: skip
    return steps.build()


def softmax_cross_entropy(logits: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Array, Array]:
    """Softmax and cross-entropy in one: each sample's loss and its gradient with respect to the logits.

    Parameters: `logits` (n, classes); `labels` either class ids, integers (n,), or rows of probabilities (n, classes).
    Returns (loss (n,), dlogits (n, classes)); a mean loss has the gradient ``dlogits / n``. Raises `LabelError` naming
    the first id outside [0, classes).

    >>> import numpy as np, convcore
    >>> loss, gradient = convcore.ops.softmax_cross_entropy(np.zeros((1, 2), np.float32), [1])
    >>> loss, gradient
    (array([0.6931472], dtype=float32), array([[ 0.5, -0.5]], dtype=float32))
    """
    dtype, (values,) = as_reals(logits=logits)
    n, classes = matrix_shape("logits", values)
    targets = as_array("labels", labels)
    if targets.ndim == 1:
        check_shape("labels", targets, (n,), "one class id per row of logits")
        ids = as_indices("labels", targets if targets.size else targets.astype(np.int64))
        outside = (ids < 0) | (ids >= classes)
        if outside.any():
            at = int(np.argmax(outside))
            raise LabelError(f"labels[{at}] is {ids[at]}: outside the classes 0 to {classes - 1}.")
        targets = ids.astype(np.int32)
    else:
        check_shape("labels", targets, (n, classes), "class ids (n,) or one row of probabilities per row of logits")
        targets = np.require(targets, dtype=dtype, requirements=("C", "A"))
    gradient, loss = new_result((n, classes), dtype), new_result((n,), dtype)
    if n:
        run(_cross_entropy_program(n, classes, dtype, targets.ndim == 1), values, targets, gradient, loss)
    return in_given_dtype(loss, logits), in_given_dtype(gradient, logits)
