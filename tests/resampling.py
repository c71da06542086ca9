"""Affine maps of images by their definition, in float64: the oracle of `ops.affine_transform`.

It is written pixel by pixel; its transposed matrix is the oracle of the gradient.
"""

from __future__ import annotations

import math

import numpy as np

from tests.reference import Array

MODES = ("constant", "nearest", "reflect", "mirror", "wrap")


def place(i: int, size: int, mode: str) -> int | None:
    """Which pixel of `size` is at `i`; None where there is none."""
    if mode == "constant":
        return i if 0 <= i < size else None
    if mode == "nearest":
        return min(max(i, 0), size - 1)
    if mode == "wrap":
        return i % size
    back = {"reflect": 2 * size - 1, "mirror": max(2 * size - 2, 0)}[mode]
    at = i % (2 * size if mode == "reflect" else max(back, 1))
    return at if at < size else back - at


def weights(
    shape: tuple[int, int], size: tuple[int, int], transform: Array, interpolation: str, mode: str
) -> tuple[Array, Array]:
    """(matrix, outside): outputs, row by row, are ``matrix @ pixels + outside * fill_value``."""
    (height, width), (rows, columns) = shape, size
    a0, a1, a2, b0, b1, b2 = (float(number) for number in transform[:6])
    matrix, outside = np.zeros((rows * columns, height * width)), np.zeros(rows * columns)
    for output, (h, w) in enumerate(np.ndindex(rows, columns)):
        row, column = b0 * w + b1 * h + b2, a0 * w + a1 * h + a2
        if interpolation == "nearest":
            row, column = math.floor(row + 0.5), math.floor(column + 0.5)
        r, c = math.floor(row), math.floor(column)
        for down in (0, 1):
            for across in (0, 1):
                share = abs(1 - down - (row - r)) * abs(1 - across - (column - c))
                at = place(r + down, height, mode), place(c + across, width, mode)
                if at[0] is None or at[1] is None:
                    outside[output] += share
                else:
                    matrix[output, at[0] * width + at[1]] += share
    return matrix, outside


def affine(
    x: Array, transforms: Array, interpolation: str, mode: str, fill_value: float, size: tuple[int, int]
) -> Array:
    """The images of shape (n, height, width, channels), each by its own of n transforms."""
    results = []
    for image, transform in zip(x.astype(np.float64), transforms, strict=True):
        matrix, outside = weights(image.shape[:2], size, transform, interpolation, mode)
        pixels = image.reshape(-1, image.shape[2])
        results.append((matrix @ pixels + outside[:, None] * fill_value).reshape(*size, -1))
    return np.stack(results)


def affine_backward(dy: Array, transforms: Array, interpolation: str, mode: str, shape: tuple[int, int]) -> Array:
    """The gradient of `affine` for images of `shape` (height, width)."""
    results = []
    for grad, transform in zip(dy.astype(np.float64), transforms, strict=True):
        matrix, _ = weights(shape, grad.shape[:2], transform, interpolation, mode)
        results.append((matrix.T @ grad.reshape(-1, grad.shape[2])).reshape(*shape, -1))
    return np.stack(results)
