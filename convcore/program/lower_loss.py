"""The steps of a loss: its targets and weights, its value and the gradient of the output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.engine import native
from convcore.errors import ShapeError, StateError
from convcore.plans import pointwise
from convcore.plans.steps import Buffer
from convcore.program.loss import LossSpec
from convcore.program.values import Node

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["lower_loss"]


def lower_loss(
    low: Lowering,
    loss: LossSpec,
    number: int,
    joined: Node | None,
    total: npt.NDArray[np.float64],
    *,
    weight: float,
    weighted: int,
    order: Buffer | None,
) -> None:
    """The loss of output `number`, to ``total[number]``, and its gradient times `weight`.

    Targets and weights are the next externals, one row a sample of the batch, or of the data set if there is an
    `order`; of weights there are `weighted` a sample. `joined` is the softmax that a cross-entropy takes in.
    """
    if loss.kind == "python":
        _lower_python(low, loss, number, total, weight=weight, weighted=weighted, order=order)
        return
    output = low.graph.outputs[number]
    steps, n = low.steps, low.n
    # Weights of positions make rows of them, also where a sample else is one row with its mean.
    positions = math.prod(output.shape[:-1]) if loss.is_of_rows or weighted > 1 else 1
    rows, oc = n * positions, output.size // positions
    targets: Buffer | None = low.rows_of(positions if loss.is_sparse else output.size, order)
    weights = low.rows_of(weighted, order) if weighted else None
    means_over_weights = loss.reduction == "mean_with_sample_weight" and weights is not None
    a_weight = positions // max(1, weighted)
    if means_over_weights or loss.ignore_class is not None:
        ids = targets if loss.ignore_class is not None else None
        kept = None if ids is None else steps.reals(rows)
        row_weights = steps.reals(rows)
        buffers = (ids, weights, kept, row_weights)
        pointwise.row_weights(
            steps, loss.reduction, rows, *buffers, rows_a_weight=a_weight, ignored=loss.ignore_class or 0
        )
        targets, weights, a_weight = (targets if kept is None else kept), row_weights, 1
    # A sum is over rows: a sample whose value is the mean of all its elements stands for all its rows.
    sums = loss.reduction == "sum"
    scale = float(math.prod(output.shape[:-1]) // positions) if sums else 1 / rows
    each = steps.reals(rows)
    common: dict[str, Any] = {"sparse": loss.is_sparse, "scale": scale * weight, "smoothing": loss.label_smoothing}
    common |= {"from_logits": loss.from_logits, "rows_a_weight": a_weight}
    if loss.is_cross_entropy and (joined is not None or loss.from_logits):
        # Softmax and cross-entropy cancel to p - y: the gradient goes straight to the logits.
        logits = output if joined is None else joined.inputs[0]
        probabilities = steps.reals(n * output.size) if joined is None else low.value(output)
        places = (low.value(logits), targets, weights, probabilities, low.new_gradient(logits), each)
        pointwise.loss(steps, "softmax_cross_entropy", rows, oc, *places, **common)
        if joined is None:
            steps.release(probabilities)
    elif loss.kind in pointwise.ROW_LOSSES:
        parameters = steps.bind(np.array([*loss.parameters, 0.0]))
        places = (low.value(output), targets, weights, parameters, low.new_gradient(output), each)
        kind = f"{loss.kind}_logits" if loss.from_logits else loss.kind
        pointwise.row_loss(steps, kind, rows, oc, *places, scale=scale * weight, rows_a_weight=a_weight)
    else:
        kernel = "cross_entropy" if loss.is_cross_entropy else "mean_squared_error"
        final = (low.value(output), targets, weights, low.new_gradient(output), each)
        pointwise.loss(steps, kernel, rows, oc, *final, **common)
    steps.add("total_loss", {"n": rows, "a": scale}, each, steps.bind(total).at(8 * number), work=rows)
    steps.release(each)


def _lower_python(
    low: Lowering,
    loss: LossSpec,
    number: int,
    total: npt.NDArray[np.float64],
    *,
    weight: float,
    weighted: int,
    order: Buffer | None,
) -> None:
    """A loss in NumPy, between two native calls."""
    function = loss.function
    if function is None or order is None:
        raise StateError("a loss of kind 'python' needs its function and a data set.")
    places = [low.steps.external(-1) for _ in range(2 if weighted else 1)]
    n, sums, output = low.n, loss.reduction == "sum", low.graph.outputs[number]
    look, result = low.view(low.value(output), output.shape), low.view(low.new_gradient(output), output.shape)

    def call(arena: native.Arena, externals: Sequence[Any]) -> None:
        batch = externals[order.index]
        y = look(arena, externals)
        values, gradient = function(np.asarray(externals[places[0].index])[batch], y.copy())
        if values.shape[:1] != (n,) or gradient.shape != y.shape:
            raise ShapeError(
                f"the loss gave values of shape {values.shape} and a gradient of shape {gradient.shape} for outputs of "
                f"shape {y.shape}; expected one value per sample, (n, ...), and the gradient of the outputs' shape."
            )
        weights = np.asarray(externals[places[1].index], np.float64)[batch] if weighted else np.ones(n)
        if weights.shape != values.shape[: weights.ndim]:
            raise ShapeError(f"sample_weight of shape {weights.shape} does not fit losses of shape {values.shape}.")
        a_weight = values.size // weights.size
        divisor = values.size if loss.reduction != "mean_with_sample_weight" else weights.sum() * a_weight
        scale = weights * (1.0 if sums else 1 / divisor if divisor else 0.0)
        total[number] = (values.reshape(weights.size, -1).sum(axis=1) * scale.ravel()).sum()
        result(arena, externals)[...] = gradient * weight * scale.reshape(scale.shape + (1,) * (y.ndim - scale.ndim))

    low.python(call)
