"""Training goes on from a file to the bit, with every optimizer and what goes with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convcore as keras

KINDS = ["SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adagrad", "Adadelta", "Adamax", "Ftrl", "Lion"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batches", [3, 4])
def test_every_optimizer_goes_on_to_the_bit(kind: str, batches: int, tmp_path: Path) -> None:
    """Also within a round of accumulated gradients, with averages of weights and a schedule."""
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)
    options = {"amsgrad": True} if kind == "Adam" else {"momentum": 0.5} if kind in ("SGD", "RMSprop") else {}
    optimizer = getattr(keras.optimizers, kind)(
        rate,
        weight_decay=0.01,
        global_clipnorm=0.5,
        use_ema=True,
        ema_overwrite_frequency=3,
        gradient_accumulation_steps=2,
        **options,
    )
    net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, kernel_constraint="max_norm")])
    net.compile(optimizer, "mse")
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(8, 8, 4)).astype(np.float32), rng.normal(size=(8, 8, 3)).astype(np.float32)
    for i in range(batches):
        net.train_on_batch(x[i], y[i])
    net.save(tmp_path / "model.safetensors")
    again = keras.models.load_model(tmp_path / "model.safetensors")
    for i in range(batches, 8):
        net.train_on_batch(x[i], y[i])
        again.train_on_batch(x[i], y[i])
    for ours, theirs in zip(net.get_weights(), again.get_weights(), strict=True):
        assert (ours == theirs).all()
    for name, value in net.optimizer.get_state().items():
        assert (again.optimizer.get_state()[name] == value).all()
    assert again.optimizer.iterations == 4
