"""Steps of layer normalization: rows of elements, each by itself."""

from __future__ import annotations

from convcore.plans.steps import Buffer, Steps

__all__ = ["KINDS", "backward", "forward"]

#: What is done to a row: mean and variance become 0 and 1, or it is divided by its standard deviation, or by the root
#: of the mean of its squares.
KINDS = {"normalized": 0, "scaled": 1, "root_mean_square": 2}

# Rows in one chunk of a sum.
CHUNK = 64


def forward(
    steps: Steps,
    rows: int,
    columns: int,
    x: Buffer,
    gamma: Buffer | None,
    beta: Buffer | None,
    y: Buffer,
    *,
    kind: str,
    epsilon: float,
) -> Buffer:
    """y, the rows of x normalized. Returns where what `backward` needs is kept; the caller releases it."""
    stats = steps.reals(2 * rows)
    fields: dict[str, int | float] = {"n": rows, "oc": columns, "kind": KINDS[kind], "a": epsilon}
    steps.add("layer_norm", fields, x, gamma, beta, stats, y, work=6 * rows * columns)
    return stats


def backward(
    steps: Steps,
    rows: int,
    columns: int,
    dy: Buffer,
    x: Buffer,
    gamma: Buffer | None,
    stats: Buffer,
    dgamma: Buffer | None,
    dbeta: Buffer | None,
    dx: Buffer | None,
    *,
    kind: str,
) -> None:
    """The gradients of `forward`."""
    fields: dict[str, int | float] = {"n": rows, "oc": columns, "kind": KINDS[kind]}
    sums, chunks = (dgamma, dbeta), -(-rows // CHUNK)
    if any(sums):
        partial = [each if each is None or chunks == 1 else steps.reals(chunks * columns) for each in sums]
        work = 4 * rows * columns
        steps.add("layer_norm_products", fields | {"count": CHUNK}, dy, x, stats, *partial, work=work)
        for part, total in zip(partial, sums, strict=True):
            if chunks > 1 and part is not None and total is not None:
                steps.add("sum_chunks", {"n": chunks, "count": columns}, part, total, work=chunks * columns)
                steps.release(part)
    if dx is not None:
        steps.add("layer_norm_backward", fields, dy, x, gamma, stats, dx, work=8 * rows * columns)
