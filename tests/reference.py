"""The definitions of the ops, as naive loops over single elements.

Nothing here imports convcore, and nothing is fast: each function is the formula, element by element, in the
dtype `exact` picks (int64 for integers and booleans, float64 for the rest). `sliding` computes the same on whole
arrays for larger shapes, `test_reference` proves that the two and SciPy agree.

Activations are NHWC, kernels HWIO. `pads` is ``((top, bottom), (left, right))``, `stride` and `dilation` are
``(rows, columns)``. A tap that falls into the padding multiplies a zero, as if the image had been padded with
`numpy.pad`: an infinite weight there gives NaN. With a `border` other than "zeros" it multiplies the pixel that the
border repeats.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Pair = tuple[int, int]
Pads = tuple[Pair, Pair]


def exact(array: npt.ArrayLike) -> Array:
    """The array in the oracle's arithmetic: int64 for integers and booleans, float64 for all other dtypes."""
    a = np.asarray(array)
    return a.astype(np.int64 if a.dtype.kind in "iub" else np.float64)


def resolve_pads(padding: Any, size: Pair, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Pads:
    """The pads that a `padding` argument means; "same" is Keras's rule: the odd pixel goes to the end."""
    if isinstance(padding, str):
        if padding.lower() == "valid":
            return ((0, 0), (0, 0))
        rows, columns = (
            max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
            for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)
        )
        same: Pads = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2))
        return same if padding.lower() == "same" else (same[0][::-1], same[1][::-1])
    if isinstance(padding, int):
        return ((padding, padding), (padding, padding))
    vertical, horizontal = padding
    if isinstance(vertical, int):
        return ((vertical, vertical), (horizontal, horizontal))
    return (tuple(vertical), tuple(horizontal))


def output_size(size: Pair, kernel: Pair, stride: Pair, pads: Pads, dilation: Pair = (1, 1)) -> Pair:
    """Rows and columns of the output: ``floor((size + pads - reach) / stride) + 1`` with the kernel's reach."""
    rows, columns = (
        (n + sum(p) - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, pads, dilation, strict=True)
    )
    return (rows, columns)


def bordered(i: int, size: int, border: str) -> int | None:
    """Which of `size` pixels in a line stands at place i, None for a zero; `border` tells what goes on beyond them."""
    if 0 <= i < size:
        return i
    if border == "zeros":
        return None
    if border == "edge":
        return 0 if i < 0 else size - 1
    line = list(range(size))
    mirrored = line + (line[-2:0:-1] if border == "mirror" else line[::-1])
    return (line if border == "wrap" else mirrored)[i % len(line if border == "wrap" else mirrored)]


def conv2d(
    x: Array,
    w: Array,
    bias: Array | None = None,
    *,
    stride: Pair,
    pads: Pads,
    dilation: Pair = (1, 1),
    groups: int = 1,
    border: str = "zeros",
) -> Array:
    """y[n, r, q, o] = bias[o] + sum over i, j, c of x[n, r*sh + i*dh - top, q*sw + j*dw - left, f + c] * w[i, j, c, o].

    f is the first channel of the group of o: filters and channels are split into `groups` alike.
    """
    x, w = exact(x), exact(w)
    n, ih, iw, _ = x.shape
    kh, kw, ic, oc = w.shape
    oh, ow = output_size((ih, iw), (kh, kw), stride, pads, dilation)
    y = np.zeros((n, oh, ow, oc), np.result_type(x, w))
    for b, r, q, o in itertools.product(range(n), range(oh), range(ow), range(oc)):
        total = y.dtype.type(0) if bias is None else y.dtype.type(bias[o])
        first = o // (oc // groups) * ic
        for i, j, c in itertools.product(range(kh), range(kw), range(ic)):
            row = bordered(r * stride[0] + i * dilation[0] - pads[0][0], ih, border)
            column = bordered(q * stride[1] + j * dilation[1] - pads[1][0], iw, border)
            inside = row is not None and column is not None
            total += (x[b, row, column, first + c] if inside else x.dtype.type(0)) * w[i, j, c, o]
        y[b, r, q, o] = total
    return y


def conv2d_backward_data(
    dy: Array,
    w: Array,
    input_shape: tuple[int, ...],
    *,
    stride: Pair,
    pads: Pads,
    dilation: Pair = (1, 1),
    groups: int = 1,
    border: str = "zeros",
) -> Array:
    """dx: each output gradient goes back, times its weight, to every input that it was made of."""
    dy, w = exact(dy), exact(w)
    n, oh, ow, oc = dy.shape
    kh, kw, ic, _ = w.shape
    dx = np.zeros(input_shape, np.result_type(dy, w))
    for b, r, q, i, j in itertools.product(range(n), range(oh), range(ow), range(kh), range(kw)):
        row = bordered(r * stride[0] + i * dilation[0] - pads[0][0], input_shape[1], border)
        column = bordered(q * stride[1] + j * dilation[1] - pads[1][0], input_shape[2], border)
        if row is not None and column is not None:
            for c, o in itertools.product(range(ic), range(oc)):
                dx[b, row, column, o // (oc // groups) * ic + c] += dy[b, r, q, o] * w[i, j, c, o]
    return dx


def conv2d_backward_weights(
    x: Array,
    dy: Array,
    kernel: Pair,
    *,
    stride: Pair,
    pads: Pads,
    dilation: Pair = (1, 1),
    groups: int = 1,
    border: str = "zeros",
) -> tuple[Array, Array]:
    """(dw, db): each weight collects input times output gradient over all places where it was used."""
    x, dy = exact(x), exact(dy)
    n, oh, ow, oc = dy.shape
    _, ih, iw, channels = x.shape
    ic = channels // groups
    dw = np.zeros((*kernel, ic, oc), np.result_type(x, dy))
    db = np.zeros(oc, dy.dtype)
    for b, r, q, o in itertools.product(range(n), range(oh), range(ow), range(oc)):
        db[o] += dy[b, r, q, o]
        first = o // (oc // groups) * ic
        for i, j, c in itertools.product(range(kernel[0]), range(kernel[1]), range(ic)):
            row = bordered(r * stride[0] + i * dilation[0] - pads[0][0], ih, border)
            column = bordered(q * stride[1] + j * dilation[1] - pads[1][0], iw, border)
            inside = row is not None and column is not None
            dw[i, j, c, o] += (x[b, row, column, first + c] if inside else x.dtype.type(0)) * dy[b, r, q, o]
    return dw, db


def conv2d_transpose(
    x: Array, w: Array, bias: Array | None, *, stride: Pair, dilation: Pair, cut: Pair, size: Pair
) -> Array:
    """y[n, r*sh + i*dh - top, q*sw + j*dw - left, o] = bias[o] + sum of x[n, r, q, c] * w[i, j, o, c], where that is
    within `size`; `cut` is (top, left)."""
    x, w = exact(x), exact(w)
    n, ih, iw, _ = x.shape
    kh, kw, oc, _ = w.shape
    y = np.zeros((n, *size, oc), np.result_type(x, w))
    if bias is not None:
        y += exact(bias)
    for r, q, i, j in itertools.product(range(ih), range(iw), range(kh), range(kw)):
        row, column = r * stride[0] + i * dilation[0] - cut[0], q * stride[1] + j * dilation[1] - cut[1]
        if 0 <= row < size[0] and 0 <= column < size[1]:
            y[:, row, column] += x[:, r, q] @ w[i, j].T
    return y


def conv2d_transpose_backward(
    x: Array, w: Array, dy: Array, *, stride: Pair, dilation: Pair, cut: Pair
) -> tuple[Array, Array]:
    """(dx, dw) of `conv2d_transpose`."""
    x, w, dy = exact(x), exact(w), exact(dy)
    dx, dw = np.zeros(x.shape, np.result_type(w, dy)), np.zeros(w.shape, np.result_type(x, dy))
    for r, q, i, j in itertools.product(*(range(size) for size in (*x.shape[1:3], *w.shape[:2]))):
        row, column = r * stride[0] + i * dilation[0] - cut[0], q * stride[1] + j * dilation[1] - cut[1]
        if 0 <= row < dy.shape[1] and 0 <= column < dy.shape[2]:
            dx[:, r, q] += dy[:, row, column] @ w[i, j]
            dw[i, j] += dy[:, row, column].T @ x[:, r, q]
    return dx, dw


def depthwise_conv2d(x: Array, w: Array, *, stride: Pair, pads: Pads, dilation: Pair = (1, 1)) -> Array:
    """y[n, r, q, c * multiplier + m] = sum over i, j of x[n, r*sh + i*dh - top, q*sw + j*dw - left, c] * w[i, j, c, m]
    for pixels within the image."""
    x, w = exact(x), exact(w)
    n, ih, iw, _ = x.shape
    kh, kw, channels, multiplier = w.shape
    oh, ow = output_size((ih, iw), (kh, kw), stride, pads, dilation)
    y = np.zeros((n, oh, ow, channels * multiplier), np.result_type(x, w))
    for b, r, q, c, m in itertools.product(range(n), range(oh), range(ow), range(channels), range(multiplier)):
        for i, j in itertools.product(range(kh), range(kw)):
            row = r * stride[0] + i * dilation[0] - pads[0][0]
            column = q * stride[1] + j * dilation[1] - pads[1][0]
            if 0 <= row < ih and 0 <= column < iw:
                y[b, r, q, c * multiplier + m] += x[b, row, column, c] * w[i, j, c, m]
    return y


def _windows(output: Pair, pool: Pair, stride: Pair, pads: Pads, dilation: Pair, size: Pair) -> Iterator[Any]:
    """(row, column of the output, the pixels of its window that lie in the image, in row-major order)."""
    for r, q in itertools.product(range(output[0]), range(output[1])):
        taps = [
            (r * stride[0] + i * dilation[0] - pads[0][0], q * stride[1] + j * dilation[1] - pads[1][0])
            for i, j in itertools.product(range(pool[0]), range(pool[1]))
        ]
        yield r, q, [(a, b) for a, b in taps if 0 <= a < size[0] and 0 <= b < size[1]]


def max_pool2d(
    x: Array, pool: Pair, *, stride: Pair, pads: Pads, dilation: Pair = (1, 1), output: Pair | None = None
) -> tuple[Array, Array]:
    """(value, index): the first maximum of each window in row-major order, or its first NaN.

    The index is ``row * width + column`` in the plane without padding. Padding never wins: it is not looked at.
    `output` is the size where it is not the floor.
    """
    x = np.asarray(x)
    n, ih, iw, channels = x.shape
    oh, ow = output or output_size((ih, iw), pool, stride, pads, dilation)
    y = np.zeros((n, oh, ow, channels), x.dtype)
    indices = np.full(y.shape, -1, np.int64)
    for r, q, taps in _windows((oh, ow), pool, stride, pads, dilation, (ih, iw)):
        for b, c in itertools.product(range(n), range(channels)):
            best, best_at = None, -1
            for row, column in taps:
                value = x[b, row, column, c]
                first_nan = value != value and best == best
                if best is None or value > best or first_nan:
                    best, best_at = value, row * iw + column
            y[b, r, q, c], indices[b, r, q, c] = best, best_at
    return y, indices


def avg_pool2d(
    x: Array,
    pool: Pair,
    *,
    stride: Pair,
    pads: Pads,
    output: Pair | None = None,
    include_pad: bool = False,
    divisor: int | None = None,
    dy: Array | None = None,
) -> Array:
    """The sum of each window by its divisor: the pixels in it, with `include_pad` in the padded image, or `divisor`.

    With `dy` the gradient instead: each window's share goes to all of its pixels.
    """
    x = exact(x).astype(np.float64)
    n, ih, iw, channels = x.shape
    oh, ow = output or output_size((ih, iw), pool, stride, pads)
    y, dx = np.zeros((n, oh, ow, channels)), np.zeros(x.shape)
    for r, q, taps in _windows((oh, ow), pool, stride, pads, (1, 1), (ih, iw)):
        rows = min(pool[0], ih + pads[0][0] + pads[0][1] - r * stride[0])
        columns = min(pool[1], iw + pads[1][0] + pads[1][1] - q * stride[1])
        count = divisor if divisor is not None else rows * columns if include_pad else len(taps)
        for row, column in taps:
            y[:, r, q] += x[:, row, column]
            if dy is not None:
                dx[:, row, column] += dy[:, r, q] / count
        y[:, r, q] /= count
    return y if dy is None else dx


def max_pool2d_backward(dy: Array, indices: Array, input_shape: tuple[int, ...]) -> Array:
    """dx: every output gradient is added to the one input that won its window."""
    dy = exact(dy)
    dx = np.zeros(input_shape, dy.dtype)
    for b, r, q, c in np.ndindex(*dy.shape):
        row, column = divmod(int(indices[b, r, q, c]), input_shape[2])
        dx[b, row, column, c] += dy[b, r, q, c]
    return dx


def upsampling(size: int, times: int, *, linear: bool) -> Array:
    """The matrix (size * times, size) that makes of a line of pixels one of `times` as many: each so many times,
    or `linear` between their centres, with ends that go on."""
    matrix = np.zeros((size * times, size))
    for output in range(size * times):
        at = min(max((output + 0.5) / times - 0.5, 0), size - 1) if linear else output // times
        for pixel in range(size):
            matrix[output, pixel] = max(0.0, 1 - abs(at - pixel))
    return matrix


def dense(x: Array, w: Array, bias: Array | None = None) -> Array:
    """y[n, u] = bias[u] + sum over i of x[n, i] * w[i, u]."""
    x, w = exact(x), exact(w)
    y = np.zeros((x.shape[0], w.shape[1]), np.result_type(x, w))
    for n, u in np.ndindex(*y.shape):
        total = y.dtype.type(0) if bias is None else y.dtype.type(bias[u])
        for i in range(x.shape[1]):
            total += x[n, i] * w[i, u]
        y[n, u] = total
    return y


def softmax(x: Array) -> Array:
    """exp(x) / sum(exp(x)) over the last axis, each row shifted by its maximum; -inf has probability 0."""
    x = np.asarray(x, np.float64)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """(loss of each row, its gradient by the logits) for class ids (n,) or rows of probabilities (n, classes)."""
    logits = np.asarray(logits, np.float64)
    n, classes = logits.shape
    targets = np.zeros((n, classes))
    for row in range(n):
        targets[row] = labels[row] if np.ndim(labels) == 2 else [k == labels[row] for k in range(classes)]
    loss = np.zeros(n)
    for row in range(n):
        top = logits[row].max()
        log_total = math.log(math.fsum(math.exp(v - top) for v in logits[row]))
        terms = (t * ((top - v) + log_total) for t, v in zip(targets[row], logits[row], strict=True) if t != 0)
        loss[row] = math.fsum(terms)
    return loss, softmax(logits) * targets.sum(axis=1, keepdims=True) - targets


def sgd(
    w: Array, g: Array, velocity: Array, *, lr: float, momentum: float, nesterov: bool, weight_decay: float
) -> tuple[Array, Array]:
    """(w, velocity) after a step: v = momentum * v - lr * g and w += v, or by Nesterov w += momentum * v - lr * g."""
    w = w - lr * weight_decay * w
    velocity = momentum * velocity - lr * g
    return w + (momentum * velocity - lr * g if nesterov else velocity), velocity


def adam(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    step: int,
    lr: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    weight_decay: float,
) -> tuple[Array, Array, Array]:
    """(w, m, v) after step number `step` (from 1); epsilon stands beside the root of the uncorrected v, as in Keras."""
    w = w - lr * weight_decay * w
    m = m + (g - m) * (1 - beta_1)
    v = v + (g * g - v) * (1 - beta_2)
    alpha = lr * math.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    return w - alpha * m / (np.sqrt(v) + epsilon), m, v


def rmsprop(
    w: Array,
    g: Array,
    v: Array,
    mean: Array,
    velocity: Array,
    *,
    lr: float,
    rho: float,
    epsilon: float,
    momentum: float,
    centered: bool,
    weight_decay: float,
) -> tuple[Array, Array, Array, Array]:
    """(w, v, mean, velocity) after a step; epsilon stands inside the root, as in Keras."""
    w = w - lr * weight_decay * w
    v = rho * v + (1 - rho) * g * g
    mean = rho * mean + (1 - rho) * g
    velocity = momentum * velocity + lr * g / np.sqrt(v - (mean * mean if centered else 0) + epsilon)
    return w - velocity, v, mean, velocity
