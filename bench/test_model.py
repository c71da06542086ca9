"""The seed net: training steps and inference, in images per second.

`make bench ARGS='-k model'` runs this suite. FLOPs are those of the dense computation, see bench/seed_net.py.
"""

from __future__ import annotations

import pytest

from bench import seed_net
from bench.conftest import Measure


@pytest.mark.parametrize("batch", [128, 32])
def test_train_step(batch: int, measure: Measure) -> None:
    model, (x, y) = seed_net.build(), seed_net.data()
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0)  # a net that has begun to learn has the usual zeros
    flops = batch * seed_net.TRAIN_FLOPS
    measure(model.train_on_batch, x[:batch], y[:batch], flops=flops, images=batch)


@pytest.mark.parametrize("batch", [256, 32, 1])
def test_inference(batch: int, measure: Measure) -> None:
    model, (x, _) = seed_net.build(), seed_net.data()
    measure(model.predict_on_batch, x[:batch], flops=batch * seed_net.FORWARD_FLOPS, images=batch)
