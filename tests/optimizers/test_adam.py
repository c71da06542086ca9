"""Adam and AdamW against their formulas in float64."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.optimizers import Adam, AdamW
from convcore.utils import clear_session
from tests.optimizers.linear import Step, Vector, compare


def formula(rate: float, beta_1: float, beta_2: float, epsilon: float, decay: float, *, amsgrad: bool = False) -> Step:
    m, v, top = np.zeros(15), np.zeros(15), np.zeros(15)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * decay * rate
        alpha = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        m[:] += (g - m) * (1 - beta_1)
        v[:] += (g * g - v) * (1 - beta_2)
        top[:] = np.maximum(top, v) if amsgrad else v
        stepped: Vector = w - m * alpha / (np.sqrt(top) + epsilon)
        return stepped

    return step


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9)])
@pytest.mark.parametrize("epsilon", [1e-7, 1e-2])
def test_adam_follows_the_formula(betas: tuple[float, float], epsilon: float) -> None:
    compare(Adam(0.01, *betas, epsilon=epsilon), formula(0.01, *betas, epsilon, 0.0))


def test_adamw_decays_before_the_step() -> None:
    compare(AdamW(0.01, weight_decay=0.5), formula(0.01, 0.9, 0.999, 1e-7, 0.5))
    compare(Adam(0.01, weight_decay=0.5), formula(0.01, 0.9, 0.999, 1e-7, 0.5))


def test_amsgrad_divides_by_the_largest() -> None:
    compare(Adam(0.05, 0.9, 0.3, amsgrad=True), formula(0.05, 0.9, 0.3, 1e-7, 0.0, amsgrad=True))
    assert Adam(amsgrad=True).slot_names == ("momentum", "velocity", "velocity_hat")


def test_defaults() -> None:
    adam, adamw = Adam(), AdamW()
    assert (adam.learning_rate, adam.beta_1, adam.beta_2, adam.epsilon) == (0.001, 0.9, 0.999, 1e-7)
    assert (adam.weight_decay, adamw.weight_decay) == (None, 0.004)
    clear_session()
    assert (Adam().name, AdamW().name, Adam().name) == ("adam", "adam_w", "adam_1")
    assert adam.slot_count() == 2
    assert adamw.hyper()[4] == 0.001 * 0.004


def test_what_is_out_of_range_or_missing_is_refused() -> None:
    for beta in (1.0, -0.1, float("nan"), "0.9"):
        with pytest.raises(ParameterError, match="beta_1"):
            Adam(beta_1=beta)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="amsgrad"):
        Adam(amsgrad="yes")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="weight_decay"):
        AdamW(weight_decay=None)
