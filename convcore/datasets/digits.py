"""Drawn digits: a data set of 28x28 images that needs no file and no network.

Each image is a pen's way (`convcore.datasets.strokes`) whose points are moved a little, bent by a smooth elastic
field, scaled, slanted, rotated and shifted, then drawn with a pen of some width and softness. The digits look like
handwriting but are easier: results on them say so and are not results on MNIST.

Only additions, multiplications, divisions and sums of integers are used, in a fixed order, so that a seed gives the
same bytes on every machine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convcore.datasets.folder import Arrays
from convcore.datasets.strokes import SAMPLES, skeletons
from convcore.memory import require_memory
from convcore.shapes import integer

__all__ = ["generate", "load_data"]

SIZE = 28
CHUNK = 256  # images drawn at a time: their tables stay in the cache
KNOTS = 4  # of the elastic field, in each direction
POINTS = 16  # places for points of a style, more than any has
FIXED = 14  # random numbers of an image beside those of field and points
DRAWS = FIXED + 2 * KNOTS * KNOTS + 2 * POINTS
Floats = npt.NDArray[np.float32]


def load_data(n_train: int = 20000, n_test: int = 4000, seed: int = 0) -> tuple[Arrays, Arrays]:
    """Draw digits for training and, from another random stream, for testing.

    Args:
        n_train: Number of images for training, 0 or more.
        n_test: Number of images for testing, 0 or more.
        seed: A seed of 0 or more; the same seed gives the same images.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: images uint8 (n, 28, 28) of 0 (paper) to 255 (ink), labels uint8
        (n,) of 0 to 9.

    Raises:
        ParameterError: An argument is not an integer, or negative.
        ResourceLimitError: So many images need more memory than may be used.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data(n_train=100, n_test=10)
        >>> x_train.shape, y_test.shape
        ((100, 28, 28), (10,))
    """
    n_train, n_test = integer("n_train", n_train, 0), integer("n_test", n_test, 0)
    train = np.random.PCG64(integer("seed", seed, 0))
    test = train.jumped()  # 2**127 and more numbers away, counted from the state before any draw
    return _draw(n_train, train), _draw(n_test, test)


def generate(n: int, seed: int = 0) -> Arrays:
    """Draw `n` digits: images uint8 (n, 28, 28) and labels uint8 (n,).

    Image i of a seed is the same for every `n`; they are the training images of `load_data`.

    Raises:
        ParameterError: An argument is not an integer, or negative.
        ResourceLimitError: So many images need more memory than may be used.

    Example:
        >>> images, labels = generate(5, seed=3)
        >>> images.shape, images.dtype.name
        ((5, 28, 28), 'uint8')
    """
    return _draw(integer("n", n, 0), np.random.PCG64(integer("seed", seed, 0)))


def _draw(n: int, bits: np.random.PCG64) -> Arrays:
    require_memory(n * (SIZE * SIZE + 1), f"{n} drawn digits")
    rng = np.random.Generator(bits)
    images = np.empty((n, SIZE, SIZE), np.uint8)
    labels = np.empty(n, np.uint8)
    for start in range(0, n, CHUNK):
        stop = min(start + CHUNK, n)
        numbers = rng.random((stop - start, DRAWS)).astype(np.float32)
        numbers = np.minimum(numbers, np.float32(1 - 2**-24))  # rounding to float32 may give 1
        labels[start:stop], rows = _styles(numbers)
        x, y, spacing = _pen(numbers, rows)
        images[start:stop] = _ink(numbers, x, y, spacing)
    return images, labels


def _between(numbers: Floats, low: float, high: float) -> Floats:
    return np.float32(low) + numbers * np.float32(high - low)


def _styles(numbers: Floats) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.intp]]:
    """The digit of each image and its row in the tables."""
    first = skeletons().first
    digits = (numbers[:, 0] * 10).astype(np.intp)
    choices = first[digits + 1] - first[digits]
    rows = first[digits] + (numbers[:, 1] * choices.astype(np.float32)).astype(np.intp)
    return digits.astype(np.uint8), rows


def _pen(numbers: Floats, rows: npt.NDArray[np.intp]) -> tuple[Floats, Floats, Floats]:
    """The places x, y (n, SAMPLES) of the pen in pixels, and the distance (n, 1) between them."""
    table = skeletons()
    field, jitter = numbers[:, FIXED : FIXED + 2 * KNOTS * KNOTS], numbers[:, FIXED + 2 * KNOTS * KNOTS :]
    places = []
    for axis in range(2):
        controls = table.controls[rows, :, axis]
        controls = controls + _between(jitter[:, axis * POINTS : axis * POINTS + controls.shape[1]], -0.07, 0.07)
        line = np.zeros((len(rows), SAMPLES), np.float32)
        for k in range(4):
            line += table.weights[rows, :, k] * np.take_along_axis(controls, table.indices[rows, :, k], axis=1)
        places.append(line)
    x, y = places[0] - np.float32(0.35), places[1] - np.float32(0.5)
    dx, dy = _elastic(field, places[0], places[1])
    x, y = x + dx, y + dy
    height = _between(numbers[:, 2:3], 15, 20.5)
    width = height * _between(numbers[:, 3:4], 0.75, 1.4)
    slant = _between(numbers[:, 4:5], -0.2, 0.55)
    half = _between(numbers[:, 5:6], -0.13, 0.13)  # tangent of half the angle of rotation
    norm = 1 + half * half
    cosine, sine = (1 - half * half) / norm, 2 * half / norm
    x, y = (x - slant * y) * width, y * height
    x, y = cosine * x - sine * y, sine * x + cosine * y
    middle = np.float32((SIZE - 1) / 2)
    x += middle + _between(numbers[:, 6:7], -1.75, 1.75)
    y += middle + _between(numbers[:, 7:8], -1.75, 1.75)
    return x, y, table.spacing[rows, None] * height


def _elastic(field: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """A smooth random displacement at (x, y): a quadratic B-spline over KNOTS x KNOTS random vectors."""
    strength = 0.17
    vectors = _between(field, -strength, strength)
    cells = KNOTS - 2
    bases = []
    for place in (x / np.float32(0.7), y):
        scaled = np.clip(place, 0, 1) * np.float32(cells)
        cell = np.minimum(scaled.astype(np.intp), cells - 1)
        t = scaled - cell.astype(np.float32)
        half = np.float32(0.5)
        bases.append((cell, (half * (1 - t) * (1 - t), half + t * (1 - t), half * t * t)))
    (column, x_weights), (row, y_weights) = bases
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    for j in range(3):
        for i in range(3):
            weight = y_weights[j] * x_weights[i]
            knot = (row + j) * KNOTS + column + i
            dx += weight * np.take_along_axis(vectors, knot, axis=1)
            dy += weight * np.take_along_axis(vectors, knot + KNOTS * KNOTS, axis=1)
    return dx, dy


def _ink(numbers: Floats, x: Floats, y: Floats, spacing: Floats) -> npt.NDArray[np.uint8]:
    """Draw a soft pen at the places (n, SAMPLES): images uint8 (n, 28, 28).

    A pen's mark is the product of (1 - u*u)**3 along x and along y, nearly round, u the distance from its middle
    over its radius; an image is the sum of its marks, and one matrix product for each image makes it. Factors are
    rounded to 8 bits: sums of integers below 2**24 are exact in float32 in any order.
    """
    radius = _between(numbers[:, 8:9], 1.5, 3.0)
    pixels = np.arange(SIZE, dtype=np.float32)
    marks = []
    for place in (y, x):
        u = (pixels - place[:, :, None]) / radius[:, :, None]
        u *= u
        np.subtract(1, u, out=u)
        np.maximum(u, 0, out=u)
        u *= u * u * np.float32(255)
        marks.append(np.rint(u, out=u))
    ink = marks[0].transpose(0, 2, 1) @ marks[1]
    middle = radius * np.float32(32 / 35) / spacing  # the sum in the middle of a straight line
    contrast = _between(numbers[:, 9:10], 1.3, 3.0) / (middle * np.float32(255 * 255))
    shade = _between(numbers[:, 10:11], 215, 255)
    values: Floats = np.minimum(ink * contrast[:, :, None], 1) * shade[:, :, None]
    return (values + np.float32(0.5)).astype(np.uint8)
