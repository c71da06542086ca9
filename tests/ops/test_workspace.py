"""What ops take beside their arguments and results: at most 32 MiB and 1 MiB a thread, whatever the problem.

Nothing is computed: each program is asked for its bytes instead of being run. The problems are those that are measured
against PyTorch, and larger ones.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bench.peers_ops import convolutions
from bench.peers_ops.convolutions import Conv, Transposed
from convcore import ops
from convcore.ops import running

MOST, MOST_OF_A_THREAD = 32 << 20, 1 << 20
THREADS = (1, 2, 16, 64)
LARGE = (
    Conv(32, 64, (224, 224), 64, (3, 3), pad=1),
    Conv(256, 256, (14, 14), 256, (3, 3), pad=1),
    Conv(64, 512, (7, 7), 512, (3, 3), pad=1),
    Conv(256, 1024, (7, 7), 2048, (1, 1)),
    Conv(2, 4096, (6, 6), 4096, (1, 1)),
    Conv(2, 1024, (56, 56), 1024, (3, 3), pad=1),
    Conv(16, 1024, (14, 14), 1024, (3, 3), pad=1, first=True),
    Conv(1, 1024, (14, 14), 1024, (3, 3), pad=1, dtype="float64"),
    Conv(2, 256, (56, 56), 256, (7, 7), pad=3, dtype="float64"),
    Conv(2, 4096, (28, 28), 2048, (3, 3), pad=1, groups=2),
    Conv(2, 256, (64, 64), 256, (3, 3), pad=12, dilation=12, dtype="float64"),
    Conv(2, 64, (512, 512), 64, (31, 31), pad=15),
    Conv(1, 64, (1024, 1024), 64, (3, 3), pad=1, first=True),
    Conv(1, 8, (4096, 4096), 8, (5, 5), pad=2, first=True),
    Conv(1, 512, (56, 56), 512, (3, 3), pad=1, groups=64, first=True),
    Conv(2, 128, (100000,), 128, (9,), pad=4, first=True),
    Conv(8, 3, (1024, 1024), 64, (7, 7), stride=2, pad=3),
    Conv(1, 16, (512, 512), 16, (31, 31), pad=15),
    Conv(4, 1024, (56, 56), 1024, (3, 3), pad=1, groups=1024),
    Conv(4, 1024, (56, 56), 1024, (3, 3), pad=1, groups=32),
    Conv(16, 128, (128, 128), 128, (3, 3), pad=1, first=True),
    Conv(16, 64, (100000,), 64, (9,), pad=4),
    Conv(8, 256, (28, 28), 256, (3, 3), pad=1, dtype="float64"),
    Conv(1, 512, (201, 201), 8, (3, 3), pad=100, dilation=100),
    Conv(1, 8, (201, 201), 512, (3, 3), stride=2, pad=100, dilation=100, dtype="float64"),
    Conv(1, 1024, (64, 640), 1024, (3, 3), pad=300, dilation=300, groups=2),
    Conv(1, 512, (201, 201), 8, (3, 3), pad=100, dilation=100, first=True),
    Conv(1, 8, (201, 201), 512, (3, 3), stride=2, pad=100, dilation=100, dtype="float64", first=True),
    Conv(1, 8, (300, 300), 8, (301, 301), pad=150),
    Conv(1, 2, (300, 300), 2, (101, 101), pad=150, dilation=3),
    Conv(1, 65536, (3, 3), 1, (3, 3), pad=1),
    Conv(1, 65536, (3, 3), 1, (3, 3), dtype="float64"),
    Conv(1, 1, (5, 5), 65536, (3, 3), stride=2, pad=1),
    Transposed(16, 512, (14, 14), 256, (4, 4), stride=2, pad=1),
    Transposed(2, 1024, (14, 14), 1024, (4, 4), stride=2, pad=1),
    Transposed(1, 64, (512, 512), 64, (4, 4), stride=2, pad=1, first=True),
)


class Recorder:
    """Takes the place of `running.run`."""

    def __init__(self) -> None:
        self.bytes: list[tuple[int, int]] = []

    def __call__(self, program: Any, *externals: Any) -> None:
        self.bytes.append((program.arena_bytes, program.scratch_bytes))


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    found, run = Recorder(), running.run
    for name, module in list(sys.modules.items()):
        if name.startswith("convcore.ops.") and getattr(module, "run", None) is run:
            monkeypatch.setattr(module, "run", found)
    return found


def check(recorder: Recorder, call: Callable[[], Any]) -> None:
    call()
    assert recorder.bytes, "nothing was planned"
    for arena, scratch in recorder.bytes:
        for threads in THREADS:
            taken, allowed = arena + threads * scratch, MOST + threads * MOST_OF_A_THREAD
            assert taken <= allowed, f"{arena:,} bytes and {scratch:,} for each of {threads} threads"
    recorder.bytes.clear()


@pytest.mark.parametrize("conv", [*convolutions.PROBLEMS, *LARGE], ids=str)
def test_convolutions(conv: Conv, recorder: Recorder) -> None:
    outer = lambda shape: (shape[0], shape[-1], *shape[1:-1]) if conv.first else shape  # noqa: E731
    x = np.zeros(outer((conv.n, *conv.size, conv.c)), conv.dtype)
    dy = np.zeros(outer((conv.n, *conv.output, conv.o)), conv.dtype)
    w, words = np.zeros(conv.weights, conv.dtype), conv.words()
    name = f"conv{len(conv.size)}d" + ("_transpose" if isinstance(conv, Transposed) else "")
    check(recorder, lambda: getattr(ops, name)(x, w, **words))
    check(recorder, lambda: getattr(ops, f"{name}_backward_data")(dy, w, x.shape, **words))
    check(recorder, lambda: getattr(ops, f"{name}_backward_weights")(x, dy, w.shape, **words))


@pytest.mark.parametrize("first", [False, True], ids=["channels_last", "channels_first"])
@pytest.mark.parametrize(("size", "channels", "kernel"), [((2048, 2048), 16, 31), ((56, 56), 1024, 3)], ids=str)
def test_borders(size: tuple[int, int], channels: int, kernel: int, first: bool, recorder: Recorder) -> None:
    """The gradient of a border that repeats the image."""
    shape = (1, channels, *size) if first else (1, *size, channels)
    words: dict[str, Any] = {"padding": "same", "padding_mode": "mirror"}
    words["data_format"] = "channels_first" if first else "channels_last"
    x, w = np.zeros(shape, np.float32), np.zeros((kernel, kernel, channels, channels), np.float32)
    check(recorder, lambda: ops.conv2d(x, w, **words))
    check(recorder, lambda: ops.conv2d_backward_data(x, w, shape, **words))
    check(recorder, lambda: ops.conv2d_backward_weights(x, x, w.shape, **words))


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_pools_and_windows(layout: str, recorder: Recorder) -> None:
    x = np.zeros((32, 64, 112, 112) if layout == "channels_first" else (32, 112, 112, 64), np.float32)
    shape = (32, 64, 56, 56) if layout == "channels_first" else (32, 56, 56, 64)
    dy, places, words = np.zeros(shape, np.float32), np.zeros(shape, np.int64), {"data_format": layout}
    check(recorder, lambda: ops.max_pool2d(x, return_indices=True, **words))
    check(recorder, lambda: ops.max_pool2d_backward(dy, places, x.shape, **words))
    check(recorder, lambda: ops.max_unpool2d(dy, places, **words))
    check(recorder, lambda: ops.avg_pool2d(x, **words))
    check(recorder, lambda: ops.avg_pool2d_backward(dy, x.shape, **words))
    check(recorder, lambda: ops.global_avg_pool2d(x, **words))
    check(recorder, lambda: ops.global_max_pool2d(x, return_indices=True, **words))
    check(recorder, lambda: ops.unfold(x[:2], 3, **words))


def test_elements_and_matrices(recorder: Recorder) -> None:
    x, w = np.zeros((4096, 4096), np.float32), np.zeros((4096, 4096), np.float32)
    for name in ("relu", "tanh", "sigmoid", "exponential", "gelu"):
        check(recorder, lambda name=name: ops.activation(x, name))
        check(recorder, lambda name=name: ops.activation_backward(x, x, name))
    for op in (ops.softmax, ops.log_softmax):
        check(recorder, lambda op=op: op(x))
    check(recorder, lambda: ops.dense(x, w))
    check(recorder, lambda: ops.dense_backward_data(np.zeros((4096, 4096), np.float32), w))
    check(recorder, lambda: ops.dense_backward_weights(x, np.zeros((4096, 4096), np.float32)))
    for order in itertools.permutations(range(4)):
        check(recorder, lambda order=order: ops.permute(x.reshape(64, 64, 64, 64), order))
