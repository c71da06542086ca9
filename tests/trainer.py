"""A network trained by the oracles alone, in float64: two convolutions with pools, a dense layer, softmax, Adam."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests import reference, sliding
from tests.reference import Array, Pads, Pair

NO_PADS: Pads = ((0, 0), (0, 0))
ONE: Pair = (1, 1)
TWO: Pair = (2, 2)


class Trainer:
    """conv 3x3 ReLU, pool 2x2, conv 3x3 ReLU, pool 2x2, dense with softmax; weights in the order of Keras."""

    def __init__(self, weights: Sequence[Array], *, lr: float = 1e-3) -> None:
        self.weights = [w.astype(np.float64) for w in weights]
        self.slots = [(np.zeros_like(w), np.zeros_like(w)) for w in self.weights]
        self.lr = lr
        self.step = 0

    def gradients(self, x: Array, labels: Array) -> tuple[float, list[Array], Array]:
        """(mean loss, gradients in the order of the weights, gradient by x) of one batch."""
        w1, b1, w2, b2, w3, b3 = self.weights
        y1 = np.maximum(sliding.conv2d(x, w1, b1, stride=ONE, pads=NO_PADS), 0)
        p1, i1 = sliding.max_pool2d(y1, TWO, stride=TWO, pads=NO_PADS)
        y2 = np.maximum(sliding.conv2d(p1, w2, b2, stride=ONE, pads=NO_PADS), 0)
        p2, i2 = sliding.max_pool2d(y2, TWO, stride=TWO, pads=NO_PADS)
        flat = p2.reshape(len(x), -1)
        loss, dlogits = reference.softmax_cross_entropy(flat @ w3 + b3, labels)
        dlogits /= len(x)
        dy2 = sliding.max_pool2d_backward((dlogits @ w3.T).reshape(p2.shape), i2, y2.shape) * (y2 > 0)
        dw2, db2 = sliding.conv2d_backward_weights(p1, dy2, (3, 3), stride=ONE, pads=NO_PADS)
        dp1 = sliding.conv2d_backward_data(dy2, w2, p1.shape, stride=ONE, pads=NO_PADS)
        dy1 = sliding.max_pool2d_backward(dp1, i1, y1.shape) * (y1 > 0)
        dw1, db1 = sliding.conv2d_backward_weights(x, dy1, (3, 3), stride=ONE, pads=NO_PADS)
        dx = sliding.conv2d_backward_data(dy1, w1, x.shape, stride=ONE, pads=NO_PADS)
        return float(loss.mean()), [dw1, db1, dw2, db2, flat.T @ dlogits, dlogits.sum(axis=0)], dx

    def train(self, x: Array, labels: Array) -> float:
        """One Adam step; the mean loss of the batch before it."""
        loss, gradients, _ = self.gradients(x, labels)
        self.step += 1
        for k, g in enumerate(gradients):
            self.weights[k], m, v = reference.adam(
                self.weights[k],
                g,
                *self.slots[k],
                step=self.step,
                lr=self.lr,
                beta_1=0.9,
                beta_2=0.999,
                epsilon=1e-7,
                weight_decay=0,
            )
            self.slots[k] = (m, v)
        return loss


def blobs(seed: int, count: int) -> tuple[Array, Array]:
    """Images of 14x13 with one bright spot, whose place is the label: something that can be learnt in 50 steps."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    x = rng.normal(0, 0.3, (count, 14, 13, 1))
    for image, label in zip(x, labels, strict=True):
        down, right = rng.integers(0, 3, 2)
        row, column = 2 + 6 * (label // 2) + down, 2 + 5 * (label % 2) + right
        image[row : row + 3, column : column + 3] += 1
    return x.astype(np.float32), labels
