"""Steps of activations: functions of one element, softmax of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from convcore.plans import dense
from convcore.plans.permute import permute
from convcore.plans.steps import Buffer, Steps

__all__ = [
    "ELEMENTWISE",
    "SOFTMAXES",
    "activation",
    "activation_backward",
    "prelu",
    "prelu_backward",
    "scalars",
    "softmax",
    "softmax_backward",
]

# In the order of the kernel's enum.
_KINDS = (
    "relu",
    "sigmoid",
    "tanh",
    "elu",
    "exponential",
    "gelu",
    "gelu_tanh",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "log_sigmoid",
    "mish",
    "silu",
    "soft_shrink",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "tanh_shrink",
    "threshold",
)
Scalars = tuple[str, float, float, float]

# Of each function with arguments, the kernel's member and its scalars a, b, c. Names and defaults are Keras's.
_WITH_ARGUMENTS: dict[str, Callable[..., Scalars]] = {
    "celu": lambda alpha=1.0: ("elu", alpha, 1.0, 1.0 / alpha),
    "elu": lambda alpha=1.0: ("elu", alpha, 1.0, 1.0),
    "gelu": lambda approximate=False: ("gelu_tanh" if approximate else "gelu", 0.0, 0.0, 0.0),
    "hard_shrink": lambda threshold=0.5: ("hard_shrink", threshold, 0.0, 0.0),
    "leaky_relu": lambda negative_slope=0.2: ("relu", negative_slope, 0.0, math.inf),
    "relu": lambda negative_slope=0.0, max_value=None, threshold=0.0: (
        "relu",
        negative_slope,
        threshold,
        math.inf if max_value is None else max_value,
    ),
    "relu6": lambda: ("relu", 0.0, 0.0, 6.0),
    # Klambauer et al., 2017: alpha 1.6733, scale 1.0507.
    "selu": lambda: ("elu", 1.6732632423543772 * 1.0507009873554805, 1.0507009873554805, 1.0),
    "soft_shrink": lambda threshold=0.5: ("soft_shrink", threshold, 0.0, 0.0),
    "squareplus": lambda b=4.0: ("squareplus", b, 0.0, 0.0),
    "threshold": lambda threshold, default_value: ("threshold", threshold, default_value, 0.0),
}
#: Functions of one element, by Keras's names.
ELEMENTWISE = tuple(sorted({*_KINDS, *_WITH_ARGUMENTS} - {"gelu_tanh"}))
#: Functions of a row.
SOFTMAXES = ("log_softmax", "softmax")

# An exponential costs about this many multiply-adds.
EXPONENTIAL_WORK = 20
_CHEAP = frozenset({"relu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "soft_shrink", "threshold"})


def scalars(name: str, settings: Mapping[str, Any]) -> Scalars:
    """The member of the kernel that computes the function called `name`, and its scalars for Keras's arguments."""
    make: Callable[..., Scalars] = _WITH_ARGUMENTS.get(name, lambda: (name, 0.0, 0.0, 0.0))
    return make(**settings)


def _fields(name: str, settings: Mapping[str, Any], count: int) -> tuple[dict[str, int | float], int]:
    member, a, b, c = scalars(name, settings)
    fields: dict[str, int | float] = {"kind": _KINDS.index(member), "count": count, "a": a, "b": b, "c": c}
    return fields, count * (1 if member in _CHEAP else EXPONENTIAL_WORK)


def activation(steps: Steps, name: str, settings: Mapping[str, Any], count: int, x: Buffer, y: Buffer) -> None:
    """y = f(x) over `count` elements."""
    fields, work = _fields(name, settings, count)
    steps.add("activation", fields, x, y, work=work)


def activation_backward(
    steps: Steps,
    name: str,
    settings: Mapping[str, Any],
    count: int,
    dy: Buffer,
    x: Buffer,
    y: Buffer | None,
    dx: Buffer,
) -> None:
    """dx = dy * f'(x); y = f(x) where it is at hand."""
    fields, work = _fields(name, settings, count)
    steps.add("activation_backward", fields, dy, x, y, dx, work=work)


def softmax(steps: Steps, name: str, rows: int, classes: int, inner: int, x: Buffer, y: Buffer) -> None:
    """y = softmax or log_softmax of x, of shape (rows, classes, inner), over the classes."""
    _by_rows(steps, name, (rows, classes, inner), (x,), y, EXPONENTIAL_WORK)


def softmax_backward(
    steps: Steps, name: str, rows: int, classes: int, inner: int, dy: Buffer, y: Buffer, dx: Buffer
) -> None:
    """The gradient of `softmax` from that of its result, and its result."""
    _by_rows(steps, f"{name}_backward", (rows, classes, inner), (dy, y), dx, 2)


def _by_rows(
    steps: Steps, kernel: str, shape: tuple[int, int, int], sources: tuple[Buffer, ...], target: Buffer, work: int
) -> None:
    """A kernel of rows; where the classes are not last, their axis is brought there and back."""
    rows, classes, inner = shape
    count = rows * classes * inner
    fields = {"n": rows * inner, "oc": classes}
    if inner == 1:
        steps.add(kernel, fields, *sources, target, work=count * work)
        return
    turned = [steps.reals(count) for _ in range(len(sources) + 1)]
    for source, place in zip(sources, turned, strict=False):
        permute(steps, shape, (0, 2, 1), source, place)
    steps.add(kernel, fields, *turned, work=count * work)
    permute(steps, (rows, inner, classes), (0, 2, 1), turned[-1], target)
    for place in turned:
        steps.release(place)


def prelu(
    steps: Steps, n: int, shape: Sequence[int], slopes_shape: Sequence[int], x: Buffer, slopes: Buffer, y: Buffer
) -> None:
    """y = x where x > 0, slope * x elsewhere: slopes of `slopes_shape` for samples of `shape`, three axes each."""
    steps.add("prelu", _slope_fields(n, shape, slopes_shape), x, slopes, y, work=n * math.prod(shape))


def prelu_backward(
    steps: Steps,
    n: int,
    shape: Sequence[int],
    slopes_shape: Sequence[int],
    dy: Buffer,
    x: Buffer,
    slopes: Buffer,
    dx: Buffer | None,
    dslopes: Buffer,
) -> None:
    """The gradients of `prelu`."""
    count = math.prod(shape)
    shares = steps.reals(n * count)
    steps.add("prelu_backward", _slope_fields(n, shape, slopes_shape), dy, x, slopes, dx, shares, work=2 * n * count)
    shared = [axis for axis in range(3) if slopes_shape[axis] == 1]
    kept = [axis for axis in range(3) if slopes_shape[axis] != 1]
    rows = n * math.prod(shape[axis] for axis in shared)
    order = [0, *(axis + 1 for axis in (*shared, *kept))]
    sums = shares
    if order != [0, 1, 2, 3]:
        sums = steps.reals(n * count)
        permute(steps, (n, *shape), order, shares, sums)
        steps.release(shares)
    dense.backward_bias(steps, rows, n * count // rows, sums, dslopes)
    steps.release(sums)


def _slope_fields(n: int, shape: Sequence[int], slopes_shape: Sequence[int]) -> dict[str, int | float]:
    ih, iw, ic = shape
    rows, columns, channels = slopes_shape
    strides = [int(rows > 1) * columns * channels, int(columns > 1) * channels, int(channels > 1)]
    return {"n": n, "ih": ih, "iw": iw, "ic": ic, "sh": strides[0], "sw": strides[1], "dw": strides[2]}
