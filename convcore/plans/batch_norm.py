"""Steps of batch normalization: rows of channels."""

from __future__ import annotations

from convcore.plans import dense
from convcore.plans.steps import Buffer, Steps

__all__ = ["backward", "fold", "forward"]

# Rows in one chunk of a sum.
CHUNK = 64


def forward(
    steps: Steps,
    rows: int,
    channels: int,
    x: Buffer,
    gamma: Buffer | None,
    beta: Buffer | None,
    moving: tuple[Buffer, Buffer],
    y: Buffer,
    *,
    epsilon: float,
    momentum: float,
    training: bool,
) -> Buffer:
    """y, normalized by the rows' statistics in `training`, which move the `moving` ones, and else by those.

    Returns where what `backward` needs is kept; the caller releases it.
    """
    norm = steps.reals(3 * channels)
    fields: dict[str, int | float] = {"n": rows, "oc": channels}
    sums = squares = None
    if training:
        sums, squares = steps.reals(channels), steps.reals(channels)
        dense.backward_bias(steps, rows, channels, x, sums)
        _sum(steps, "centered_squares", fields | {"a": 1 / rows}, x, sums, to=squares)
    settings = {"a": epsilon, "b": momentum}
    steps.add("batch_norm_statistics", fields | settings, sums, squares, gamma, norm, *moving, work=20 * channels)
    for scratch in (sums, squares):
        if scratch is not None:
            steps.release(scratch)
    steps.add("batch_norm", fields, x, norm, beta, y, work=2 * rows * channels)
    return norm


def backward(
    steps: Steps,
    rows: int,
    channels: int,
    dy: Buffer,
    x: Buffer,
    norm: Buffer,
    dgamma: Buffer | None,
    dbeta: Buffer | None,
    dx: Buffer | None,
    *,
    training: bool,
) -> None:
    """The gradients of `forward`; of x through the statistics, too, in `training`."""
    fields: dict[str, int | float] = {"n": rows, "oc": channels}
    sums = dbeta or steps.reals(channels)
    products = dgamma or steps.reals(channels)
    dense.backward_bias(steps, rows, channels, dy, sums)
    _sum(steps, "normalized_products", fields, dy, x, norm, to=products)
    if dx is not None:
        through = (sums, products) if training else (None, None)
        steps.add("batch_norm_backward", fields, dy, x, norm, *through, dx, work=5 * rows * channels)
    if dbeta is None:
        steps.release(sums)
    if dgamma is None:
        steps.release(products)


def fold(
    steps: Steps,
    rows: int,
    channels: int,
    w: Buffer,
    bias: Buffer | None,
    gamma: Buffer | None,
    beta: Buffer | None,
    moving: tuple[Buffer, Buffer],
    *,
    epsilon: float,
) -> tuple[Buffer, Buffer]:
    """The weights (rows, channels) and the bias that give at once what the normalization in inference makes of the
    products with `w` and `bias`; the caller releases them."""
    norm, scaled, shift = (steps.reals(size) for size in (3 * channels, rows * channels, channels))
    fields: dict[str, int | float] = {"n": rows, "oc": channels, "a": epsilon, "b": 1.0}
    steps.add("batch_norm_statistics", fields, None, None, gamma, norm, *moving, work=20 * channels)
    scale = norm.at(2 * channels * steps.item_bytes)
    sizes: dict[str, int | float] = {"n": 1, "ow": rows, "oc": channels}
    steps.add("scale_rows", sizes, w, scale, scaled, work=rows * channels)
    steps.add("fold_bias", {"oc": channels}, bias, norm, beta, shift, work=2 * channels)
    steps.release(norm)
    return scaled, shift


def _sum(steps: Steps, kernel: str, fields: dict[str, int | float], *sources: Buffer, to: Buffer) -> None:
    """Sums over rows by chunks, then over the chunks."""
    rows, channels = int(fields["n"]), int(fields["oc"])
    chunks = -(-rows // CHUNK)
    partial = to if chunks == 1 else steps.reals(chunks * channels)
    steps.add(kernel, fields | {"count": CHUNK}, *sources, partial, work=3 * rows * channels)
    if chunks > 1:
        steps.add("sum_chunks", {"n": chunks, "count": channels}, partial, to, work=chunks * channels)
        steps.release(partial)
