"""What a call() of one's own is seen to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers


class Twice(layers.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.norm = layers.BatchNormalization()

    def call(self, x: Any, training: bool | None = None) -> Any:
        layers.ReLU()(x)  # leads nowhere
        return self.norm(x, training=training), self.norm(2 * x, training=False)


def test_each_call_keeps_its_mode() -> None:
    layer = Twice()
    inputs = keras.Input((3,))
    model = keras.Model(inputs, layer(inputs))
    x = np.random.default_rng(0).normal(1, 2, size=(64, 3)).astype("float32")
    followed, inferred = model(x, training=True)
    np.testing.assert_allclose(np.asarray(followed).mean(0), 0, atol=1e-5)
    # The first moved the statistics on by a hundredth.
    assert np.abs(np.asarray(inferred).mean(0)).min() > 0.5
    (trace,) = layer._traces.values()  # type: ignore[attr-defined]
    assert [type(made.layer).__name__ for made in trace.calls] == [
        "BatchNormalization",
        "Rescaling",
        "BatchNormalization",
    ]
    assert [made.training for made in trace.calls] == [None, None, False]


def test_variables_are_the_same_in_both_looks() -> None:
    class Scaled(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.scales = [self.add_weight((3,), initializer="ones", name=name) for name in "ab"]

        def call(self, x: Any, training: bool | None = None) -> Any:
            return x * self.scales[0] + x * self.scales[bool(self.swaps and training)]

        swaps = False

    assert Scaled()(np.ones((2, 3))).tolist() == [[2, 2, 2], [2, 2, 2]]
    swapping = Scaled()
    swapping.swaps = True
    with pytest.raises(errors.NotSupportedError, match="something else in training"):
        swapping(np.ones((2, 3)))


def test_one_look_a_shape_serves_all_batches() -> None:
    looks = []
    layer = layers.Lambda(lambda x: looks.append(x.shape) or 2 * x)
    for shape in ((1, 3), (2, 3), (2, 5, 3), (4, 3)):
        assert layer(np.ones(shape)).shape == shape
    assert looks == [(None, 3), (None, 5, 3)]
