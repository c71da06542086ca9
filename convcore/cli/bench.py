"""``convcore bench``: how fast this machine trains and runs the seed net, and what it could do at most."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from convcore import ops, runtime
from convcore.checks import counted
from convcore.cli.files import check_writable, write_json
from convcore.datasets import digits
from convcore.recipes import SEED_NET
from convcore.utils import set_random_seed

__all__ = ["run"]

IMAGES = 1920  # a whole number of the batches that are trained on
TRAIN_BATCHES = (128, 32)
PREDICT_BATCHES = (256, 32, 1)
# Images between two looks at the clock.
PREDICTED = 256
PEAK_ROUNDS = 3
# The net's second convolution, most of its work: images, size, channels, filters, kernel.
CONV_N, CONV_SIZE, CONV_CHANNELS, CONV_FILTERS, CONV_KERNEL = 128, 13, 64, 64, 3


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    if arguments.json is not None:
        check_writable("--json", arguments.json)
    if arguments.threads is not None:
        runtime.set_num_threads(arguments.threads)
    set_random_seed(0)
    runtime.show_config()
    threads = runtime.get_num_threads()
    peaks = {count: _peak(count) for count in sorted({1, threads})}
    for count, gflops in peaks.items():
        print(f"{_label('peak', counted(count, 'thread'))} {gflops:12,.0f} GFLOP/s, multiply-adds in registers")
    seconds = arguments.seconds / (len(TRAIN_BATCHES) + len(PREDICT_BATCHES) + 1)
    (pixels, labels), _ = digits.load_data(IMAGES, 1)
    x, model = pixels[..., np.newaxis], SEED_NET.model((28, 28, 1), IMAGES)
    results = []
    for batch in TRAIN_BATCHES:

        def train(batch: int = batch) -> None:
            model.fit(x, labels, batch_size=batch, epochs=1, verbose=0)

        results.append(_show("train", batch, measure(train, seconds), IMAGES))
    floats = x.astype(np.float32)
    for batch in PREDICT_BATCHES:

        def predict(batch: int = batch) -> None:
            for start in range(0, PREDICTED, batch):
                model.predict_on_batch(floats[start : start + batch])

        results.append(_show("inference", batch, measure(predict, seconds), PREDICTED))
    convolution = _convolution(seconds, threads)
    if arguments.json is not None:
        content = {
            "config": runtime.show_config(as_dict=True),
            "math": runtime.get_math(),
            "peak_gflops": {str(count): gflops for count, gflops in peaks.items()},
            "seed_net": results,
            "second_convolution": convolution,
        }
        write_json(arguments.json, content)
        print(f"Results: {arguments.json}")
    return 0


def measure(work: Callable[[], object], seconds: float) -> list[float]:
    """The seconds of each run of `work`, once unmeasured and then for about `seconds`, at least once."""
    work()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def _peak(threads: int) -> float:
    return max(runtime.measure_peak(threads) for _ in range(PEAK_ROUNDS))


def _convolution(seconds: float, threads: int) -> dict[str, Any]:
    """The second convolution alone, computed directly as `convcore.ops` always does, beside the peak of that moment."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((CONV_N, CONV_SIZE, CONV_SIZE, CONV_CHANNELS), dtype=np.float32)
    w = rng.standard_normal((CONV_KERNEL, CONV_KERNEL, CONV_CHANNELS, CONV_FILTERS), dtype=np.float32)
    bias = np.zeros(CONV_FILTERS, dtype=np.float32)
    pixels = (CONV_SIZE - CONV_KERNEL + 1) ** 2
    operations = 2 * CONV_N * pixels * CONV_KERNEL**2 * CONV_CHANNELS * CONV_FILTERS
    before = _peak(threads)
    times = measure(lambda: ops.conv2d(x, w, bias, activation="relu"), seconds)
    peak = max(before, _peak(threads))
    gflops = operations / statistics.median(times) / 1e9
    print(f"{_label('second convolution', f'batch {CONV_N}')} {gflops:12,.0f} GFLOP/s, {gflops / peak:.0%} of peak")
    return {"batch": CONV_N, "gflops": gflops, "peak_gflops": peak, "share_of_peak": gflops / peak, "runs": len(times)}


def _show(work: str, batch: int, times: list[float], images: int) -> dict[str, Any]:
    speed = images / statistics.median(times)
    print(f"{_label(work, f'batch {batch}')} {speed:12,.0f} images/s, {1e6 / speed:,.1f} us an image", flush=True)
    return {"work": work, "batch": batch, "images_per_second": speed, "runs": len(times)}


def _label(work: str, what: str) -> str:
    return f"{work:20}{what:10}"
