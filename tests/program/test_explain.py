"""The rows of explain: what they say of a program, against what is known of the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from bench import seed_net
from convcore import layers, runtime
from convcore.program.explain import explain
from convcore.recipes import SEED_NET
from tests.program.nets import Net


@pytest.fixture(autouse=True)
def _two_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convcore.program.explain.ROUNDS", 2)


def report_of(*stack: Any, shape: tuple[int, ...] = (12, 12, 16), loss: str | None = None, n: int = 3) -> Any:
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input(shape), *stack])
    if loss is not None:
        model.compile("sgd", loss)
    return explain(model._program(), n)


def notes(report: Any) -> dict[str, str | None]:
    return {step["kernel"]: step["note"] for step in report["steps"]}


def test_the_seed_net_in_training() -> None:
    report = explain(SEED_NET.model((28, 28, 1), 1000)._program(), 8)
    steps = report["steps"]
    assert (report["program"], report["batch_size"], report["math"]) == ("training", 8, "fast")
    assert (report["threads"], report["isa"]) == (runtime.get_num_threads(), runtime.active_isa())
    # The FLOPs that the benchmarks count, whatever was cut off, left out or computed otherwise.
    assert sum(step["nominal_mflop"] for step in steps) == pytest.approx(8e-6 * seed_net.TRAIN_FLOPS)
    assert list(dict.fromkeys(step["step"] for step in steps)) == ["input", "forward", "loss", "backward", "optimizer"]
    first, second = (step for step in steps if step["step"] == "forward" and "max-pool" in step["fused"])
    assert first["layers"][0].startswith("conv2d")
    assert first["layers"][1].startswith("max_pooling2d")
    assert first["fused"] == ["bias", "ReLU", "max-pool"]
    assert first["note"] == "fewer than 16 channels or more than 1024: no Winograd"
    # 24 x 24 of 26 x 26 are needed: 10 x 10, in four tiles of 5 x 5, from 12 x 12 windows.
    assert first["executed_mflop"] == pytest.approx(first["nominal_mflop"] * 24**2 / 26**2)
    assert second["kernel"] == "conv2d_winograd_pool"
    assert second["executed_mflop"] == pytest.approx(8 * 2e-6 * 4 * 7**2 * 64 * 64)
    assert not second["executed_is_upper_bound"]
    sparse = [step for step in steps if step["executed_is_upper_bound"]]
    assert {step["step"] for step in sparse} == {"backward"}
    assert len(sparse) == 3  # two gradients of weights, one of an input
    for step in steps:
        assert step["tasks"] >= 1
        assert step["bytes"] > 0
        assert step["microseconds"] >= 0
        rate = step["executed_mflop"] / step["microseconds"] * 1e3 if step["microseconds"] else 0
        assert step["share_of_peak"] == pytest.approx(rate / report["peak_gflops"])


def test_inference_without_a_loss() -> None:
    report = report_of(layers.Conv2D(16, 3), layers.MaxPooling2D(2))
    assert report["program"] == "inference"
    assert [step["kernel"] for step in report["steps"]] == ["winograd_weights", "conv2d_winograd_pool"]
    assert notes(report)["conv2d_winograd_pool"] is None


def test_exact_maths_says_so() -> None:
    runtime.set_math("exact")
    try:
        report = report_of(layers.Conv2D(16, 3), layers.MaxPooling2D(2))
    finally:
        runtime.set_math("fast")
    assert report["math"] == "exact"
    assert notes(report) == {"conv2d_forward_pool": "exact maths: no Winograd"}


@pytest.mark.parametrize(
    ("stack", "kernel", "note"),
    [
        ([layers.MaxPooling2D(3, 2)], "conv2d_forward", "not joined with the pool: pool windows overlap"),
        ([layers.MaxPooling2D(3, 2)], "max_pool2d", "not joined with the convolution: pool windows overlap"),
        ([layers.MaxPooling2D(4, padding="same")], "conv2d_forward", "not joined with the pool: padding of the pool"),
        ([layers.ReLU(0.5), layers.MaxPooling2D(2)], "max_pool2d", "no convolution right before the pool"),
        ([layers.ReLU(0.5), layers.MaxPooling2D(2)], "activation", "activation relu is not fused"),
        ([layers.Activation("tanh")], "activation", "activation tanh is not fused"),
        ([layers.Rescaling(2.0)], "scale_shift", "rescaling is not fused"),
        ([], "conv2d_forward", "fewer than 16 channels or more than 1024: no Winograd"),
    ],
)
def test_why_a_path_is_not_the_fast_one(stack: list[Any], kernel: str, note: str) -> None:
    assert notes(report_of(layers.Conv2D(4, 3), *stack))[kernel] == note


@pytest.mark.parametrize(
    ("loss", "end"),
    [
        ("sparse_categorical_crossentropy", layers.Softmax()),
        ("categorical_crossentropy", layers.Softmax()),
        ("mse", layers.ReLU()),
    ],
)
def test_every_loss_has_targets_and_a_finite_step(loss: str, end: Any) -> None:
    report = report_of(layers.Dense(3), end, shape=(5,), loss=loss)
    steps = {step["step"]: step for step in report["steps"]}
    assert steps["optimizer"]["kernel"] == "sgd_step"
    (row,) = (step for step in report["steps"] if "gradient" in step["fused"])
    assert row["step"] == "loss"


@pytest.mark.parametrize("seed", range(8))
def test_any_net_can_be_explained(seed: int) -> None:
    """Custom layers, dropout, strides and dilations among them; what is no product has no FLOPs."""
    net = Net(seed)
    report = explain(net.runner(keras.optimizers.SGD()), 2)
    for step in report["steps"]:
        assert step["bytes"] > 0
        assert step["executed_mflop"] <= step["nominal_mflop"]
        if step["kernel"] == "python":
            assert (step["tasks"], step["note"]) == (1, "custom layer, in NumPy")
    assert ("python" in net.text) == any(step["kernel"] == "python" for step in report["steps"])


def test_a_batch_beyond_the_memory_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVCORE_MEMORY_LIMIT", "1000000")
    with pytest.raises(keras.errors.ResourceLimitError, match="a batch of 1000"):
        report_of(layers.Dense(3), shape=(500,), n=1000)
    assert np.isfinite(report_of(layers.Dense(3), shape=(500,), n=10)["peak_gflops"])


def test_zeros_in_front_of_a_convolution_cost_no_step() -> None:
    report = report_of(layers.ZeroPadding2D(2), layers.Conv2D(17, 5, name="c"), loss="mse")
    steps = [step for step in report["steps"] if step["step"] in {"forward", "backward"}]
    assert "frame" not in {step["kernel"] for step in steps}
    first = steps[0]
    assert first["layers"] == ["zero_padding2d", "c"]
    # Five by five taps for each pixel of the padded image's convolution, those over zeros too.
    assert first["nominal_mflop"] == pytest.approx(3 * 2e-6 * 12 * 12 * 25 * 16 * 17)
    apart = report_of(layers.ZeroPadding2D(2), layers.MaxPooling2D())
    assert apart["steps"][0]["kernel"] == "frame"
    assert apart["steps"][0]["bytes"] == 3 * 4 * 16 * (12 * 12 + 16 * 16)
