"""Runs the convolutions and their gradients on checked arrays: what the ops of images and of lines share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from convcore.engine import native
from convcore.ops.running import PROGRAMS, Array, new_result, run
from convcore.plans import conv, images
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry, Shape

__all__ = [
    "outer_shape",
    "run_backward_data",
    "run_backward_weights",
    "run_forward",
    "run_transposed",
]


def _external(steps: Steps, shape: Sequence[int], *, written: bool = False) -> Buffer:
    return steps.external(math.prod(shape) * steps.item_bytes, written=written)


def outer_shape(shape: Shape, first: bool) -> Shape:
    """A shape (n, height, width, channels) as its owner sees it."""
    n, height, width, channels = shape
    return (n, channels, height, width) if first else shape


@lru_cache(PROGRAMS)
def _forward_program(g: Geometry, dtype: str, has_bias: bool, relu: bool, first: bool) -> native.Program:
    steps = Steps(dtype)
    x, w = _external(steps, g.x_shape), _external(steps, g.w_shape)
    bias = _external(steps, (g.oc,)) if has_bias else None
    y = _external(steps, g.y_shape, written=True)

    def step(part: Geometry, x: Buffer, y: Buffer) -> None:
        conv.forward(steps, part, x, w, bias, y, relu=relu)

    if first:
        images.forward(steps, g, x, y, step)
    else:
        step(g, x, y)
    return steps.build()


def run_forward(
    g: Geometry, dtype: str, x: Array, w: Array, bias: Array | None, *, relu: bool = False, first: bool = False
) -> Array:
    """conv(x, w) + bias; with `first`, images come and go with their channels first."""
    y = new_result(outer_shape(g.y_shape, first), dtype)
    if g.n:
        run(_forward_program(g, dtype, bias is not None, relu, first), x, w, *([] if bias is None else [bias]), y)
    return y


@lru_cache(PROGRAMS)
def _data_program(g: Geometry, dtype: str, has_bias: bool, relu: bool, first: bool, transposed: bool) -> native.Program:
    steps = Steps(dtype)
    dy, w = _external(steps, g.y_shape), _external(steps, g.w_shape)
    bias = _external(steps, (g.ic,)) if has_bias else None
    dx = _external(steps, g.x_shape, written=True)

    def step(part: Geometry, dy: Buffer, dx: Buffer) -> None:
        if transposed:
            conv.transposed(steps, part, dy, w, bias, dx, relu=relu)
        else:
            conv.backward_data(steps, part, dy, w, dx)

    if first:
        images.backward(steps, g, dy, dx, step)
    else:
        step(g, dy, dx)
    return steps.build()


def run_backward_data(g: Geometry, dtype: str, dy: Array, w: Array, *, first: bool = False) -> Array:
    """The gradient of conv(x, w) with respect to x."""
    dx = new_result(outer_shape(g.x_shape, first), dtype)
    if g.n:
        run(_data_program(g, dtype, False, False, first, False), dy, w, dx)
    return dx


def run_transposed(
    g: Geometry, dtype: str, x: Array, w: Array, bias: Array | None, *, relu: bool = False, first: bool = False
) -> Array:
    """The transposed convolution of x that is the gradient of `g`, plus bias."""
    y = new_result(outer_shape(g.x_shape, first), dtype)
    if g.n:
        program = _data_program(g, dtype, bias is not None, relu, first, True)
        run(program, x, w, *([] if bias is None else [bias]), y)
    return y


@lru_cache(PROGRAMS)
def _weights_program(g: Geometry, dtype: str, first: bool, transposed: bool) -> native.Program:
    steps = Steps(dtype)
    x, dy = _external(steps, g.x_shape), _external(steps, g.y_shape)
    dw, db = (_external(steps, shape, written=True) for shape in (g.w_shape, (g.ic if transposed else g.oc,)))
    if first:
        images.backward_weights(steps, g, x, dy, dw, db, of_x=transposed)
    else:
        conv.backward_weights(steps, g, x, dy, dw, None)
        conv.sum_over_rows(steps, *((g.x_shape, x) if transposed else (g.y_shape, dy)), db)
    return steps.build()


def run_backward_weights(
    g: Geometry, dtype: str, x: Array, dy: Array, *, first: bool = False, transposed: bool = False
) -> tuple[Array, Array]:
    """The gradients of conv(x, w) + bias with respect to w and bias; if it is `transposed`, x is the gradient of the
    output, and bias is added there."""
    shapes = g.w_shape, (g.ic if transposed else g.oc,)
    if g.n == 0:
        return np.zeros(shapes[0], dtype), np.zeros(shapes[1], dtype)
    dw, db = new_result(shapes[0], dtype), new_result(shapes[1], dtype)
    run(_weights_program(g, dtype, first, transposed), x, dy, dw, db)
    return dw, db
