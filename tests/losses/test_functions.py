"""Functions of keras.ops and tensorflow in losses of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.losses.functions import FUNCTIONS
from convcore.losses.tape import Recorded, gradient
from tests.losses.differences import check


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_by_name(name: str) -> None:
    function = FUNCTIONS[name]
    if name == "where":
        check(lambda a, b: function(a > 0.5, b, a))
        return
    values = {"x_min": 0.2, "x_max": 0.5} if name.startswith("clip") else {}

    def use(a: Any, b: Any) -> Any:
        y = function(b if isinstance(b, Recorded) else Recorded(b), **values)
        weighted = y * np.arange(1.0, 1 + y.size).reshape(y.shape)
        return weighted if isinstance(b, Recorded) else weighted.value

    check(use)


def test_logits_may_lie_far_apart() -> None:
    x = Recorded(np.array([[0.0, 2000.0]]))
    y = FUNCTIONS["log_softmax"](x)
    assert y.value.tolist() == [[-2000.0, 0.0]]
    assert gradient(y[:, 0].sum(), x).tolist() == [[1.0, -1.0]]
