"""What a program does, step by step, and what each step costs here: the rows of ``model.explain()``."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import runtime
from convcore.memory import require_memory
from convcore.plans import costs
from convcore.plans.steps import Origin, Steps
from convcore.program.feed import Feed
from convcore.program.graph import Graph
from convcore.program.loss import LossSpec
from convcore.program.lowering import PythonCall
from convcore.program.nodes import NODES
from convcore.program.runner import Runner
from convcore.program.values import Node

__all__ = ["explain"]

# Profiled runs, after one to warm up; an odd number, so that a median is one of them.
ROUNDS = 9


def explain(runner: Runner, batch_size: int) -> dict[str, Any]:
    """The steps of the training program, or of the inference program if `runner` has no loss, measured on random data.

    The runs train `runner`: give it parameters and an optimizer that nobody else uses.
    """
    graph = runner.graph
    size = sum(value.size for value in (*graph.inputs, *graph.outputs))
    require_memory(4 * batch_size * size, f"a batch of {batch_size}")
    feed = _random_feed(graph, runner.losses, batch_size)
    if not runner.losses:
        runner.predict_all(feed, 0, batch_size)
    else:
        runner.train(feed, 0, batch_size)
    threads, peak = runtime.get_num_threads(), 0.0
    times, serial_times = [], []
    for _ in range(ROUNDS):
        # The peak in between: what a machine can do changes from second to second.
        peak = max(peak, runtime.measure_peak(threads))
        times.append(runner.profile())
        with runtime.threads(1):
            serial_times.append(runner.profile())
    rows = _rows(graph, runner.plan, batch_size)
    # A step alone may wait for threads to wake that a whole program has awake: small ones are truer on one thread.
    medians = zip(_medians(times), _medians(serial_times), strict=True)
    for row, (tasks, _), seconds in zip(rows, times[0], map(min, medians), strict=True):
        rate = row["executed_mflop"] / 1e3 / seconds if seconds else 0.0
        row |= {"tasks": tasks, "microseconds": 1e6 * seconds, "share_of_peak": rate / peak}
    return {
        "program": "training" if runner.losses else "inference",
        "batch_size": batch_size,
        "threads": threads,
        "isa": runtime.active_isa(),
        "math": runner.math,
        "peak_gflops": peak,
        "steps": rows,
    }


def _medians(times: list[list[tuple[int, float]]]) -> list[float]:
    """Of the seconds of each step over the rounds."""
    return [statistics.median(seconds for _, seconds in step) for step in zip(*times, strict=True)]


def _random_feed(graph: Graph, losses: Sequence[LossSpec | None], n: int) -> Feed:
    """Samples from 0 to 1, or from 0 to what a Rescaling in front takes to 1, and targets that fit the losses."""
    rng = np.random.default_rng(0)
    xs = [rng.random((n, *x.shape), dtype=np.float32) for x in graph.inputs]
    for value, x in zip(graph.inputs, xs, strict=True):
        first = next((node for node in graph.nodes if value in node.inputs), None)
        if first is not None and first.kind == "scale_shift" and first.settings["scale"]:
            x /= np.float32(abs(first.settings["scale"]))
    if not losses:
        return Feed(tuple(xs))
    targets = (_random_targets(loss, (n, *y.shape), rng) for y, loss in zip(graph.outputs, losses, strict=True))
    return Feed(tuple(xs), tuple(targets))


def _random_targets(loss: LossSpec | None, shape: Sequence[int], rng: np.random.Generator) -> npt.NDArray[Any] | None:
    if loss is None:
        return None
    targets: npt.NDArray[Any] = rng.random(shape, dtype=np.float32)
    if loss.is_sparse:
        targets = targets.argmax(axis=-1)
    elif loss.is_cross_entropy:
        targets /= targets.sum(axis=-1, keepdims=True)
    return targets


def _rows(graph: Graph, plan: list[Steps | PythonCall], n: int) -> list[dict[str, Any]]:
    rows = []
    for segment in plan:
        if isinstance(segment, Steps):
            for (kernel, fields, buffers, work), (origin, note) in zip(segment.steps, segment.remarks, strict=True):
                is_product = kernel in costs.CONVOLUTIONS | costs.DENSE
                rows.append(
                    _row(kernel, origin)
                    | {
                        "fused": _fused(kernel, fields, buffers, origin),
                        "nominal_mflop": 2e-6 * _nominal(graph, origin.node, work, n) if is_product else 0.0,
                        "executed_mflop": 2e-6 * work if is_product else 0.0,
                        "executed_is_upper_bound": kernel in costs.SPARSE,
                        "bytes": costs.traffic(kernel, fields, buffers),
                        "note": note or _note(kernel, origin),
                    }
                )
        else:
            node = segment.origin.node
            moved = 4 * n * sum(value.size for value in (*node.inputs, node.output))
            rows.append(_row("python", segment.origin) | {"bytes": moved, "note": "custom layer, in NumPy"})
    return rows


def _fused(kernel: str, fields: costs.Fields, buffers: costs.Buffers, origin: Origin) -> list[str]:
    """What the step does in one pass, the normalization among it that is folded into its weights and its bias."""
    parts = costs.fused(kernel, fields, buffers)
    if kernel in costs.CONVOLUTIONS | costs.DENSE and origin.node.norm is not None:
        parts.insert(parts.index("bias") + 1, "batch normalization")
    return parts


def _row(kernel: str, origin: Origin) -> dict[str, Any]:
    """A row without figures, its columns in order."""
    layers = [] if origin.node is None else list(origin.node.layers)
    figures = {"tasks": 0, "nominal_mflop": 0.0, "executed_mflop": 0.0, "executed_is_upper_bound": False, "bytes": 0}
    row = {"step": origin.part, "kernel": kernel, "layers": layers, "fused": [], **figures}
    return row | {"microseconds": 0.0, "share_of_peak": 0.0, "note": None}


def _nominal(graph: Graph, node: Node, work: float, n: int) -> float:
    """Multiply-adds of the layer computed directly and in full; what was cut off a convolution counts too."""
    if "geometry" not in node.settings:
        return work
    original = graph.nodes[node.index].settings["geometry"]
    return float(original.with_batch(n).multiply_adds)


def _note(kernel: str, origin: Origin) -> str | None:
    """Why the step is one of its own, where its plan did not say."""
    node: Node | None = origin.node
    if kernel == "permute":
        return "a copy, with axes in another order"
    if node is None or origin.part != "forward":
        return None
    note: str | None = node.settings.get("note")
    unfused = NODES[node.kind].unfused
    return f"{unfused} is not fused" if note is None and unfused is not None else note
