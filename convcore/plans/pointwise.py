"""Steps that work element by element or row by row."""

from __future__ import annotations

import math

from convcore.plans.steps import Buffer, Steps

__all__ = [
    "ACTIVATION_KINDS",
    "MEANS",
    "ROW_LOSSES",
    "activation",
    "activation_backward",
    "loss",
    "relu_fields",
    "row_loss",
    "row_weights",
    "softmax",
    "softmax_backward",
]

ACTIVATION_KINDS = {"relu": 0, "sigmoid": 1, "tanh": 2}
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


def relu_fields(
    negative_slope: float = 0.0, threshold: float = 0.0, max_value: float | None = None
) -> dict[str, float]:
    """The scalars of a general ReLU."""
    return {"a": negative_slope, "b": threshold, "c": math.inf if max_value is None else max_value}


def activation(steps: Steps, name: str, count: int, x: Buffer, y: Buffer, fields: dict[str, float]) -> None:
    """y = f(x) over `count` elements."""
    work = count * (1 if name == "relu" else EXPONENTIAL_WORK)
    steps.add("activation", {"kind": ACTIVATION_KINDS[name], "count": count, **fields}, x, y, work=work)


def activation_backward(
    steps: Steps, name: str, count: int, dy: Buffer, x: Buffer, y: Buffer, dx: Buffer, fields: dict[str, float]
) -> None:
    """dx = dy * f'(x)."""
    steps.add(
        "activation_backward", {"kind": ACTIVATION_KINDS[name], "count": count, **fields}, dy, x, y, dx, work=count
    )


def softmax(steps: Steps, n: int, classes: int, x: Buffer, y: Buffer) -> None:
    """y = softmax of each row of x."""
    steps.add("softmax", {"n": n, "oc": classes}, x, y, work=n * classes * EXPONENTIAL_WORK)


def softmax_backward(steps: Steps, n: int, classes: int, dy: Buffer, y: Buffer, dx: Buffer) -> None:
    """dx = y * (dy - sum(dy * y))."""
    steps.add("softmax_backward", {"n": n, "oc": classes}, dy, y, dx, work=2 * n * classes)


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
