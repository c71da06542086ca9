"""Steps of a dense layer and of its gradients: products of matrices."""

from __future__ import annotations

from collections.abc import Iterator

from convcore.plans.steps import Buffer, Steps

__all__ = ["backward_bias", "backward_data", "backward_weights", "forward", "slices", "transposed", "turn_weights"]

# Of so few rows the gradient is made from the weights as they are: to turn them would cost more.
FEW_ROWS = 8
# Bytes of turned weights that are there at once; and columns of weights that are worked on side by side, if they fit.
MOST_TURNED_BYTES = 16 << 20
LEAST_COLUMNS = 16
# An element that is moved to its turned place costs about so many multiply-adds.
TURN_WORK = 4


def forward(
    steps: Steps,
    n: int,
    ic: int,
    oc: int,
    x: Buffer,
    w: Buffer,
    bias: Buffer | None,
    y: Buffer,
    *,
    relu: bool,
    all_oc: int = 0,
) -> None:
    """y (n, oc) = x (n, ic) times w (ic, oc), plus bias, then max(0, y) with `relu`; y are columns of `all_oc`, if that
    is not 0."""
    fields = {"n": n, "ic": ic, "oc": oc, "relu": int(relu)} | ({"all_oc": all_oc} if all_oc else {})
    steps.add("dense_forward", fields, x, w, bias, y, work=n * ic * oc)


def backward_data(steps: Steps, n: int, ic: int, oc: int, dy: Buffer, w: Buffer, dx: Buffer) -> None:
    """dx (n, ic) = dy (n, oc) times w transposed."""
    if n <= FEW_ROWS or LEAST_COLUMNS * oc * steps.item_bytes > MOST_TURNED_BYTES:
        steps.add("dense_backward_data", {"n": n, "ic": ic, "oc": oc}, dy, w, dx, work=n * ic * oc)
    else:
        transposed(steps, n, ic, oc, dy, w, None, dx, relu=False)


def transposed(
    steps: Steps, n: int, ic: int, oc: int, dy: Buffer, w: Buffer, bias: Buffer | None, dx: Buffer, *, relu: bool
) -> None:
    """dx (n, ic) = dy (n, oc) times w transposed, plus bias, then max(0, dx) with `relu`."""
    item = steps.item_bytes
    for first, count in slices(ic, oc * item):
        turned = steps.reals(count * oc)
        turn_weights(steps, count, oc, w.at(first * oc * item), turned)
        shift, place = None if bias is None else bias.at(first * item), dx.at(first * item)
        forward(steps, n, oc, count, dy, turned, shift, place, relu=relu, all_oc=0 if count == ic else ic)
        steps.release(turned)


def slices(columns: int, column_bytes: int) -> Iterator[tuple[int, int]]:
    """(first, columns) of parts of turned weights, of at most MOST_TURNED_BYTES each unless a column is of more."""
    most = max(1, MOST_TURNED_BYTES // column_bytes)
    if LEAST_COLUMNS < most < columns:
        most -= most % LEAST_COLUMNS
    for first in range(0, columns, most):
        yield first, min(most, columns - first)


def turn_weights(steps: Steps, rows: int, columns: int, matrix: Buffer, turned: Buffer) -> None:
    """turned (columns, rows) = matrix (rows, columns) transposed."""
    steps.add("dense_turn_weights", {"ic": rows, "oc": columns}, matrix, turned, work=TURN_WORK * rows * columns)


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
