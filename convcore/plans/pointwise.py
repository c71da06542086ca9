"""Steps that work element by element or row by row."""

from __future__ import annotations

from convcore.plans.steps import Buffer, Steps

__all__ = ["MEANS", "ROW_LOSSES", "loss", "row_loss", "row_weights"]

SPARSE, DENSE_TARGETS = 0, 1
# The members of the kernel row_loss, in its order: first those that are means over elements, then those of whole rows.
ROW_LOSSES = {
    name: number
    for number, name in enumerate(
        (
            "binary_crossentropy",
            "binary_crossentropy_logits",
            "binary_focal_crossentropy",
            "mean_absolute_error",
            "mean_absolute_percentage_error",
            "mean_squared_logarithmic_error",
            "huber",
            "log_cosh",
            "poisson",
            "hinge",
            "squared_hinge",
            "kl_divergence",
            "cosine_similarity",
            "categorical_hinge",
            "categorical_focal_crossentropy",
        )
    )
}
# What row_weights divides by: the rows that count, their weights, or nothing.
MEANS = {"sum_over_batch_size": 0, "mean": 0, "mean_with_sample_weight": 1, "sum": 2}

# An exponential costs about this many multiply-adds.
EXPONENTIAL_WORK = 20


def loss(
    steps: Steps,
    kernel: str,
    n: int,
    classes: int,
    *buffers: Buffer | None,
    sparse: bool,
    scale: float,
    smoothing: float,
    from_logits: bool,
    rows_a_weight: int = 1,
) -> None:
    """Each row's loss and its gradient; `buffers` are those of the kernel."""
    fields: dict[str, int | float] = {"n": n, "oc": classes, "kind": SPARSE if sparse else DENSE_TARGETS}
    fields |= {"a": scale, "b": smoothing, "c": float(from_logits), "count": rows_a_weight}
    steps.add(kernel, fields, *buffers, work=n * classes * EXPONENTIAL_WORK)


def row_loss(
    steps: Steps, kind: str, n: int, oc: int, *buffers: Buffer | None, scale: float, rows_a_weight: int = 1
) -> None:
    """The loss of each of n rows of oc values and its gradient; `buffers` are those of the kernel."""
    fields = {"n": n, "oc": oc, "kind": ROW_LOSSES[kind], "a": scale, "count": rows_a_weight}
    steps.add("row_loss", fields, *buffers, work=n * oc * EXPONENTIAL_WORK)


def row_weights(
    steps: Steps,
    reduction: str,
    n: int,
    *buffers: Buffer | None,
    rows_a_weight: int = 1,
    ignored: int = 0,
) -> None:
    """The weights of n rows, so that the mean over all is the one that `reduction` asks for; ids equal to `ignored`
    weigh nothing and become -1. `buffers` are those of the kernel."""
    fields = {"n": n, "count": rows_a_weight, "kind": MEANS[reduction], "c": float(ignored)}
    steps.add("row_weights", fields, *buffers, work=2 * n)
