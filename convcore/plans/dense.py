"""Steps of a dense layer and of its gradients: products of matrices."""

from __future__ import annotations

from convcore.plans.steps import Buffer, Steps

__all__ = ["backward_bias", "backward_data", "backward_weights", "forward", "turn_weights"]

# Of so few rows the gradient is made from the weights as they are: to turn them would cost more.
FEW_ROWS = 8


def forward(
    steps: Steps, n: int, ic: int, oc: int, x: Buffer, w: Buffer, bias: Buffer | None, y: Buffer, *, relu: bool
) -> None:
    """y (n, oc) = x (n, ic) times w (ic, oc), plus bias, then max(0, y) with `relu`."""
    steps.add("dense_forward", {"n": n, "ic": ic, "oc": oc, "relu": int(relu)}, x, w, bias, y, work=n * ic * oc)


def backward_data(steps: Steps, n: int, ic: int, oc: int, dy: Buffer, w: Buffer, dx: Buffer) -> None:
    """dx (n, ic) = dy (n, oc) times w transposed."""
    if n <= FEW_ROWS:
        steps.add("dense_backward_data", {"n": n, "ic": ic, "oc": oc}, dy, w, dx, work=n * ic * oc)
        return
    turned = steps.reals(ic * oc)
    turn_weights(steps, ic, oc, w, turned)
    forward(steps, n, oc, ic, dy, turned, None, dx, relu=False)
    steps.release(turned)


def turn_weights(steps: Steps, rows: int, columns: int, matrix: Buffer, turned: Buffer) -> None:
    """turned (columns, rows) = matrix (rows, columns) transposed."""
    steps.add("dense_turn_weights", {"ic": rows, "oc": columns}, matrix, turned, work=rows * columns)


def backward_weights(steps: Steps, n: int, ic: int, oc: int, x: Buffer, dy: Buffer, dw: Buffer) -> None:
    """dw (ic, oc) = x transposed times dy."""
    steps.add("dense_backward_weights", {"n": n, "ic": ic, "oc": oc}, x, dy, dw, work=n * ic * oc)


def backward_bias(steps: Steps, n: int, oc: int, dy: Buffer, db: Buffer) -> None:
    """db (oc) = sum of the rows of dy."""
    chunk = 64
    chunks = -(-n // chunk)
    partial = db if chunks == 1 else steps.reals(chunks * oc)
    fields = {"n": n, "oh": 1, "ow": 1, "oc": oc, "count": chunk}
    steps.add("sum_rows", fields, dy, partial, work=n * oc)
    if chunks > 1:
        steps.add("sum_chunks", {"n": chunks, "count": oc}, partial, db, work=chunks * oc)
        steps.release(partial)
