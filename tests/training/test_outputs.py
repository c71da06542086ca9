"""One thing for all outputs, a list, or a dict by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.training.outputs import Outputs

ONE, TWO, KEYS = Outputs(["dense"]), Outputs(["a", "b"]), Outputs(["a", "b"], are_keys=True)
X = np.zeros((3, 2))


def test_losses() -> None:
    assert Outputs().losses("mse") == ["mse"]
    assert Outputs().losses({"later": "mse"}) == ["mse"]
    assert TWO.losses("mse") == ["mse", "mse"]
    assert TWO.losses(["mse", None]) == ["mse", None]
    assert TWO.losses({"b": "mse", "a": None}) == [None, "mse"]
    assert KEYS.losses({"b": "mse"}) == TWO.losses({"b": "mse"}) == [None, "mse"]
    assert TWO.losses(["mse", ["mae"]]) == TWO.losses({"a": ["mse"], "b": "mae"}) == ["mse", "mae"]
    with pytest.raises(NotSupportedError, match="several losses for one output"):
        TWO.losses(["mse", ["mae", "mse"]])
    assert ONE.losses({"class_name": "Hinge", "config": {}}) == [{"class_name": "Hinge", "config": {}}]


def test_outputs_of_a_model_that_is_not_built() -> None:
    assert Outputs.expected("mse").names is None
    assert Outputs.expected(["mse"]).count == 1
    assert Outputs.expected({"class_name": "Hinge", "config": {}}).names is None
    keys, listed = Outputs.expected({"b": "mse", "a": None}), Outputs.expected(["mse", "mae"])
    assert (keys.names, keys.are_keys, keys.are_labels) == (("a", "b"), True, True)
    assert (listed.names, listed.are_keys, listed.are_labels) == (("output_1", "output_2"), False, False)


def test_loss_weights() -> None:
    assert TWO.loss_weights(None, [True, True]) == [1.0, 1.0]
    assert ONE.loss_weights(2, [True]) == [2]
    assert TWO.loss_weights({"b": 2, "a": 3}, [True, True]) == [3, 2]
    assert TWO.loss_weights({"b": 2}, [False, True]) == [0.0, 2]
    assert TWO.loss_weights((1, None), [True, False]) == [1, 0.0]


def test_metrics() -> None:
    assert ONE.metrics("metrics", {"dense": ["mae", ["mse"]]}) == [["mae", "mse"]]
    assert ONE.metrics("metrics", [["mae"], "mse"]) == [["mae", "mse"]]
    assert TWO.metrics("metrics", None) == TWO.metrics("metrics", []) == [[], []]
    assert TWO.metrics("metrics", ["mae", ("mae", "mse")]) == [["mae"], ["mae", "mse"]]
    assert TWO.metrics("metrics", {"b": "mae"}) == [[], ["mae"]]


def test_targets_and_weights() -> None:
    y, z = X, X + 1
    assert TWO.targets([y, z], [True, True])[1] is z
    assert TWO.targets({"b": z}, [False, True]) == [None, z]
    assert TWO.targets([z], [False, True])[1] is z
    assert TWO.targets(z, [False, True])[1] is z
    assert ONE.targets(y, [True])[0] is y
    assert ONE.targets({"dense": y}, [True])[0] is y
    w = np.ones(3)
    assert [each is w for each in TWO.sample_weights(w)] == [True, True]
    assert TWO.sample_weights({"b": w})[0] is None
    assert TWO.sample_weights([w, None])[1] is None
    assert ONE.sample_weights([1, 2, 3]) == [[1, 2, 3]]
    assert TWO.sample_weights(None) == [None, None]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: TWO.losses(["mse"]), ParameterError, "each of the 2 outputs"),
        (lambda: TWO.losses({"c": "mse"}), ParameterError, r"Expected keys \['a', 'b'\] in loss dict"),
        (lambda: KEYS.losses({"c": "mse"}), ParameterError, r"found loss.keys\(\)=\['c'\]"),
        (lambda: TWO.loss_weights(2.0, [True, True]), ParameterError, "float .single output case. or a list"),
        (lambda: TWO.loss_weights([2.0], [True, True]), ParameterError, "got 2 losses and 1 weights"),
        (lambda: TWO.loss_weights({"a": 1.0}, [True, True]), ParameterError, "must match the number of losses"),
        (lambda: TWO.metrics("metrics", "mae"), ParameterError, "Expected `metrics` argument to be a list, tuple, or"),
        (lambda: TWO.metrics("metrics", ["mae"]), ParameterError, r"output names of the functional model \['a', 'b'\]"),
        (lambda: TWO.metrics("weighted_metrics", {"c": "mae"}), ParameterError, "Invalid `weighted_metrics`"),
        (lambda: TWO.targets(X, [True, True]), ShapeError, r"different structures.*shape \(3, 2\)"),
        (lambda: TWO.targets([X] * 3, [True, True]), ShapeError, "a list of 3"),
        (lambda: TWO.targets({"c": X}, [True, True]), ShapeError, r"keys \['c'\]"),
        (lambda: TWO.sample_weights(X), ShapeError, "one scalar score per sample"),
        (lambda: TWO.sample_weights([X]), ShapeError, "one `sample_weight` array per output"),
        (lambda: ONE.sample_weights({"c": X}), ShapeError, "did not match"),
    ],
)
def test_what_does_not_fit_is_named(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
