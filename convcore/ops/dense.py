"""Dense layers and their two gradients: products of matrices."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_reals, in_given_dtype
from convcore.engine import native
from convcore.errors import ShapeError
from convcore.ops.replaying import replayed
from convcore.ops.running import PROGRAMS, Array, check_shape, matrix_shape, new_result, run, wants_relu
from convcore.plans import dense as plan
from convcore.plans.steps import Steps

__all__ = ["dense", "dense_backward_data", "dense_backward_weights"]


def _check_weights(ic: int, w: Array) -> int:
    rows, oc = matrix_shape("w", w)
    if rows != ic:
        raise ShapeError(f"x has {ic} columns but w (shape {w.shape}) takes {rows}.")
    return oc


@lru_cache(PROGRAMS)
def _dense_program(direction: str, n: int, ic: int, oc: int, dtype: str, has_bias: bool, relu: bool) -> native.Program:
    steps = Steps(dtype)
    item = steps.item_bytes
    if direction == "forward":
        x, w = steps.external(n * ic * item), steps.external(ic * oc * item)
        bias = steps.external(oc * item) if has_bias else None
        plan.forward(steps, n, ic, oc, x, w, bias, steps.external(n * oc * item, written=True), relu=relu)
    elif direction == "backward_data":
        dy, w = steps.external(n * oc * item), steps.external(ic * oc * item)
        plan.backward_data(steps, n, ic, oc, dy, w, steps.external(n * ic * item, written=True))
    else:
        x, dy = steps.external(n * ic * item), steps.external(n * oc * item)
        plan.backward_weights(steps, n, ic, oc, x, dy, steps.external(ic * oc * item, written=True))
        plan.backward_bias(steps, n, oc, dy, steps.external(oc * item, written=True))
    return steps.build()


@replayed
def dense(
    x: npt.ArrayLike, w: npt.ArrayLike, bias: npt.ArrayLike | None = None, *, activation: str | None = None
) -> Array:
    """x times w, plus bias.

    Parameters: `x` (n, inputs); `w` (inputs, units); `bias` (units,); `activation` None or "relu". Returns (n, units).

    >>> import numpy as np, convcore
    >>> convcore.ops.dense(np.ones((1, 3), np.float32), np.ones((3, 2), np.float32))
    array([[3., 3.]], dtype=float32)
    """
    operands = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
    dtype, arrays = as_reals(**operands)
    n, ic = matrix_shape("x", arrays[0])
    oc = _check_weights(ic, arrays[1])
    if bias is not None:
        check_shape("bias", arrays[2], (oc,), "one number per column of w")
    relu = wants_relu(activation)
    y = new_result((n, oc), dtype)
    if n:
        run(_dense_program("forward", n, ic, oc, dtype, bias is not None, relu), *arrays, y)
    return in_given_dtype(y, *operands.values())


@replayed
def dense_backward_data(dy: npt.ArrayLike, w: npt.ArrayLike) -> Array:
    """The gradient of `dense` with respect to x: `dy` (n, units) times `w` (inputs, units) transposed.

    >>> import numpy as np, convcore
    >>> convcore.ops.dense_backward_data(np.ones((1, 2), np.float32), np.ones((3, 2), np.float32))
    array([[2., 2., 2.]], dtype=float32)
    """
    dtype, (grad, weights) = as_reals(dy=dy, w=w)
    n, oc = matrix_shape("dy", grad)
    ic, columns = matrix_shape("w", weights)
    if columns != oc or ic < 1:
        raise ShapeError(f"w: expected shape (inputs, {oc}), its columns those of dy, got {weights.shape}.")
    dx = new_result((n, ic), dtype)
    if n:
        run(_dense_program("backward_data", n, ic, oc, dtype, False, False), grad, weights, dx)
    return in_given_dtype(dx, dy, w)


@replayed
def dense_backward_weights(x: npt.ArrayLike, dy: npt.ArrayLike) -> tuple[Array, Array]:
    """The gradients of `dense` with respect to w and bias, from `x` (n, inputs) and `dy` (n, units).

    >>> import numpy as np, convcore
    >>> dw, db = convcore.ops.dense_backward_weights(np.ones((4, 2), np.float32), np.ones((4, 1), np.float32))
    >>> dw.tolist(), db.tolist()
    ([[4.0], [4.0]], [4.0])
    """
    dtype, (inputs, grad) = as_reals(x=x, dy=dy)
    n, ic = matrix_shape("x", inputs)
    rows, oc = matrix_shape("dy", grad)
    if rows != n:
        raise ShapeError(f"x has {n} rows but dy has {rows}.")
    if n == 0:
        dw, db = np.zeros((ic, oc), dtype), np.zeros(oc, dtype)
    else:
        dw, db = new_result((ic, oc), dtype), new_result((oc,), dtype)
        run(_dense_program("backward_weights", n, ic, oc, dtype, False, False), inputs, grad, dw, db)
    return in_given_dtype(dw, x, dy), in_given_dtype(db, x, dy)
