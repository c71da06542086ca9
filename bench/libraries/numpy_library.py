"""NumPy alone: convolutions as products with im2col matrices, the way of course notes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bench.libraries import Array, batches_of, shuffled


def columns(x: Array) -> Array:
    """The 3x3 patches of x: (n * oh * ow, 9 * c)."""
    patches = sliding_window_view(x, (3, 3), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return patches.reshape(-1, 9 * x.shape[3])


def pooled(y: Array) -> tuple[Array, Array]:
    """The 2x2 max-pool of y and which of its four inputs each output is."""
    n, h, w, c = y.shape
    windows = y[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)
    windows = windows.transpose(0, 1, 3, 5, 2, 4).reshape(n, h // 2, w // 2, c, 4)
    codes = windows.argmax(-1)[..., None]
    return np.take_along_axis(windows, codes, -1)[..., 0], codes


def unpooled(dz: Array, codes: Array, height: int) -> Array:
    """The gradient of the pool's input."""
    n, h, w, c = dz.shape
    windows = np.zeros((n, h, w, c, 4), dz.dtype)
    np.put_along_axis(windows, codes, dz[..., None], -1)
    dy = np.zeros((n, height, height, c), dz.dtype)
    inside = windows.reshape(n, h, w, c, 2, 2).transpose(0, 1, 4, 2, 5, 3)
    dy[:, : 2 * h, : 2 * w] = inside.reshape(n, 2 * h, 2 * w, c)
    return dy


class NumpyIm2col:
    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        self.weights = [np.array(weight) for weight in weights]
        self.m, self.v = ([np.zeros_like(weight) for weight in weights] for _ in range(2))
        self.x, self.y, self.count = x, y, 0

    def version(self) -> str:
        return f"NumPy {np.__version__}"

    def forward(self, x: Array) -> tuple[Array, list[Array]]:
        """The probabilities, and what backward needs."""
        kept: list[Array] = []
        for kernel, bias in (self.weights[0:2], self.weights[2:4]):
            patches, size = columns(x), x.shape[1] - 2
            y = np.maximum(patches @ kernel.reshape(-1, 64) + bias, 0).reshape(-1, size, size, 64)
            x, codes = pooled(y)
            kept += [patches, y, codes]
        flat = x.reshape(len(x), -1)
        hidden = np.maximum(flat @ self.weights[4] + self.weights[5], 0)
        logits = hidden @ self.weights[6] + self.weights[7]
        exponents = np.exp(logits - logits.max(1, keepdims=True))
        return exponents / exponents.sum(1, keepdims=True), [*kept, flat, hidden]

    def gradients(self, x: Array, labels: Array) -> list[Array]:
        probabilities, (patches1, y1, codes1, patches2, y2, codes2, flat, hidden) = self.forward(x)
        n = len(x)
        dy = probabilities.copy()
        dy[np.arange(n), labels] -= 1
        dy /= n
        dhidden = dy @ self.weights[6].T * (hidden > 0)
        dz2 = (dhidden @ self.weights[4].T).reshape(n, 5, 5, 64)
        dy2 = (unpooled(dz2, codes2, 11) * (y2 > 0)).reshape(-1, 64)
        dpatches = (dy2 @ self.weights[2].reshape(-1, 64).T).reshape(n, 11, 11, 3, 3, 64)
        dz1 = np.zeros((n, 13, 13, 64), x.dtype)
        for i in range(3):
            for j in range(3):
                dz1[:, i : i + 11, j : j + 11] += dpatches[:, :, :, i, j]
        dy1 = (unpooled(dz1, codes1, 26) * (y1 > 0)).reshape(-1, 64)
        convolutions = [(patches1.T @ dy1).reshape(3, 3, 1, 64), dy1.sum(0)]
        convolutions += [(patches2.T @ dy2).reshape(3, 3, 64, 64), dy2.sum(0)]
        return [*convolutions, flat.T @ dhidden, dhidden.sum(0), hidden.T @ dy, dy.sum(0)]

    def predict(self, count: int) -> Array:
        return self.forward(self.x[:count])[0]

    def train(self, batch: int, batches: int) -> int:
        drawn = shuffled(self.x, batch, batches)
        for rows in drawn:
            self.count += 1
            rate = np.float32(1e-3 * np.sqrt(1 - 0.999**self.count) / (1 - 0.9**self.count))
            all_gradients = self.gradients(self.x[rows], self.y[rows])
            for weight, m, v, g in zip(self.weights, self.m, self.v, all_gradients, strict=True):
                m += (g - m) * np.float32(0.1)
                v += (g * g - v) * np.float32(0.001)
                weight -= rate * m / (np.sqrt(v) + np.float32(1e-7))
        return len(drawn)

    def infer(self, batch: int, batches: int) -> int:
        places = batches_of(self.x, batch, batches)
        for rows in places:
            self.forward(self.x[rows])
        return len(places)
