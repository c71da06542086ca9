"""Every op in every direction, on the named problems of tests/cases.py.

`make bench ARGS='-k conv2d'` measures a part, and `--benchmark-json FILE` among the ARGS keeps the rates too. FLOPs are
nominal, two for each product, whatever the algorithm executes; memory-bound ops give their time alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from bench.conftest import Measure
from convcore import ops
from tests import cases

Normal = Callable[..., npt.NDArray[np.float32]]
CONVS = (*cases.SEED_CONVS, *cases.NETWORK_CONVS)
BATCH, CLASSES, PARAMETERS = 128, 10, 243_786  # the seed net's


@pytest.mark.parametrize("case", CONVS, ids=str)
def test_conv2d(case: cases.Conv, measure: Measure, normal: Normal) -> None:
    x, w, bias = normal(*case.input_shape), normal(*case.kernel_shape), normal(case.oc)
    measure(ops.conv2d, x, w, bias, activation="relu", flops=case.flops, images=case.n, **case.arguments)


@pytest.mark.parametrize("case", CONVS, ids=str)
def test_conv2d_backward_data(case: cases.Conv, measure: Measure, normal: Normal) -> None:
    dy, w = normal(*case.output_shape), normal(*case.kernel_shape)
    measure(ops.conv2d_backward_data, dy, w, case.input_shape, flops=case.flops, images=case.n, **case.arguments)


@pytest.mark.parametrize("case", CONVS, ids=str)
def test_conv2d_backward_weights(case: cases.Conv, measure: Measure, normal: Normal) -> None:
    x, dy = normal(*case.input_shape), normal(*case.output_shape)
    measure(ops.conv2d_backward_weights, x, dy, case.kernel_shape, flops=case.flops, images=case.n, **case.arguments)


TRANSPOSED = ((8, 28, 64, 32, 4), (8, 14, 256, 128, 4), (4, 56, 32, 32, 2))  # n, size, channels, filters, kernel


@pytest.mark.parametrize(("n", "size", "channels", "filters", "kernel"), TRANSPOSED)
def test_conv2d_transpose(
    n: int, size: int, channels: int, filters: int, kernel: int, measure: Measure, normal: Normal
) -> None:
    x, w, bias = normal(n, size, size, channels), normal(kernel, kernel, filters, channels), normal(filters)
    flops = 2 * x.size * filters * kernel * kernel
    measure(ops.conv2d_transpose, x, w, bias, stride=2, padding="same", flops=flops, images=n)


def test_conv1d(measure: Measure, normal: Normal) -> None:
    x, w, bias = normal(32, 1000, 32), normal(5, 32, 64), normal(64)
    measure(ops.conv1d, x, w, bias, padding="causal", flops=2 * x.size * 64 * 5, images=32)


def test_conv2d_of_channels_first(measure: Measure, normal: Normal) -> None:
    case = cases.NETWORK_CONVS[0]
    x, w = normal(case.n, case.ic, case.h, case.w), normal(*case.kernel_shape)
    measure(ops.conv2d, x, w, data_format="channels_first", flops=case.flops, images=case.n, **case.arguments)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_unfold(data_format: str, measure: Measure, normal: Normal) -> None:
    measure(ops.unfold, normal(8, 56, 56, 56), 3, padding=1, data_format=data_format, images=8)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_upsample2d(interpolation: str, data_format: str, measure: Measure, normal: Normal) -> None:
    words = {"interpolation": interpolation, "data_format": data_format}
    measure(ops.upsample2d, normal(8, 56, 56, 56), 2, images=8, **words)


@pytest.mark.parametrize("op", [ops.zero_pad2d, ops.crop2d], ids=lambda op: op.__name__)
def test_borders(op: Callable[..., object], measure: Measure, normal: Normal) -> None:
    measure(op, normal(8, 56, 56, 64), 1, images=8)


@pytest.mark.parametrize("case", cases.SEED_POOLS, ids=str)
def test_max_pool2d(case: cases.Pool, measure: Measure, normal: Normal) -> None:
    measure(ops.max_pool2d, normal(*case.input_shape), return_indices=True, images=case.n, **case.arguments)


@pytest.mark.parametrize("case", cases.SEED_POOLS, ids=str)
def test_max_pool2d_backward(case: cases.Pool, measure: Measure, normal: Normal) -> None:
    y, indices = ops.max_pool2d(normal(*case.input_shape), return_indices=True, **case.arguments)
    dy = normal(*y.shape)
    measure(ops.max_pool2d_backward, dy, indices, case.input_shape, images=case.n, **case.arguments)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("case", cases.NETWORK_POOLS, ids=str)
@pytest.mark.parametrize("op", [ops.max_pool2d, ops.avg_pool2d], ids=lambda op: op.__name__)
def test_pools(op: Callable[..., object], case: cases.Pool, layout: str, measure: Measure, normal: Normal) -> None:
    n, h, w, c = case.input_shape
    x = normal(*((n, c, h, w) if layout == "channels_first" else (n, h, w, c)))
    measure(op, x, images=n, data_format=layout, **case.arguments)


@pytest.mark.parametrize("case", cases.NETWORK_POOLS, ids=str)
def test_avg_pool2d_backward(case: cases.Pool, measure: Measure, normal: Normal) -> None:
    measure(ops.avg_pool2d_backward, normal(*case.output_shape), case.input_shape, images=case.n, **case.arguments)


@pytest.mark.parametrize("op", [ops.global_avg_pool2d, ops.global_max_pool2d], ids=lambda op: op.__name__)
def test_whole_planes(op: Callable[..., object], measure: Measure, normal: Normal) -> None:
    measure(op, normal(8, 7, 7, 512), images=8)


@pytest.mark.parametrize("case", cases.SEED_DENSES, ids=str)
def test_dense(case: cases.Dense, measure: Measure, normal: Normal) -> None:
    x, w, bias = normal(case.n, case.inputs), normal(case.inputs, case.units), normal(case.units)
    measure(ops.dense, x, w, bias, activation="relu", flops=case.flops, images=case.n)


@pytest.mark.parametrize("case", cases.SEED_DENSES, ids=str)
def test_dense_backward_data(case: cases.Dense, measure: Measure, normal: Normal) -> None:
    dy, w = normal(case.n, case.units), normal(case.inputs, case.units)
    measure(ops.dense_backward_data, dy, w, flops=case.flops, images=case.n)


@pytest.mark.parametrize("case", cases.SEED_DENSES, ids=str)
def test_dense_backward_weights(case: cases.Dense, measure: Measure, normal: Normal) -> None:
    x, dy = normal(case.n, case.inputs), normal(case.n, case.units)
    measure(ops.dense_backward_weights, x, dy, flops=case.flops, images=case.n)


@pytest.mark.parametrize("op", [ops.relu, ops.sigmoid, ops.tanh], ids=lambda op: op.__name__)
def test_pointwise(op: Callable[..., object], measure: Measure, normal: Normal) -> None:
    measure(op, normal(*cases.SEED_POOLS[0].input_shape))


def test_relu_backward(measure: Measure, normal: Normal) -> None:
    dy, y = (normal(*cases.SEED_POOLS[0].input_shape) for _ in range(2))
    measure(ops.relu_backward, dy, y)


def test_softmax(measure: Measure, normal: Normal) -> None:
    measure(ops.softmax, normal(BATCH, CLASSES))


def test_softmax_backward(measure: Measure, normal: Normal) -> None:
    measure(ops.softmax_backward, normal(BATCH, CLASSES), ops.softmax(normal(BATCH, CLASSES)))


def test_softmax_cross_entropy(measure: Measure, normal: Normal) -> None:
    measure(ops.softmax_cross_entropy, normal(BATCH, CLASSES), np.arange(BATCH) % CLASSES)


@pytest.mark.parametrize("order", [(0, 3, 1, 2), (0, 2, 3, 1), (0, 2, 1, 3)], ids=str)
def test_permute(order: tuple[int, ...], measure: Measure, normal: Normal) -> None:
    measure(ops.permute, normal(32, 56, 56, 64), order, images=32)
