"""The checks of numbers, flags and names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.checks import counted, find, flag, real, rebuild, refuse, remembered, shown, text, unit_interval, whole
from convcore.errors import NotSupportedError, ParameterError


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, "0.1", True, None, [0.1], 1j])
def test_real_refuses_what_is_no_finite_number_in_range(value: Any) -> None:
    with pytest.raises(ParameterError, match="`rate` must be a finite number >= 0"):
        real("rate", value)


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(3)])
def test_real_takes_numbers_of_any_kind(value: Any) -> None:
    assert real("rate", value) == float(value)
    assert type(real("rate", value)) is float


def test_open_bounds_exclude_their_ends() -> None:
    with pytest.raises(ParameterError, match="> 0"):
        real("rate", 0.0, open_minimum=True)
    with pytest.raises(ParameterError, match="< 1"):
        unit_interval("beta", 1.0, open_maximum=True)
    assert unit_interval("beta", 1.0) == 1.0


@pytest.mark.parametrize("value", [2, "yes", None, 0.0])
def test_flag_refuses_what_is_neither_true_nor_false(value: Any) -> None:
    with pytest.raises(ParameterError, match="`shuffle` must be True or False"):
        flag("shuffle", value)


def test_refuse_names_the_argument() -> None:
    refuse("SGD", {"clipnorm": None, "use_ema": False}, {"clipnorm": None, "use_ema": False})
    with pytest.raises(NotSupportedError, match="`clipnorm` of SGD"):
        refuse("SGD", {"clipnorm": 1.0}, {"clipnorm": None})
    with pytest.raises(ParameterError, match=r"lr=0\.1"):
        refuse("SGD", {"lr": 0.1}, {"clipnorm": None})


def test_find_tells_unknown_from_unsupported() -> None:
    table = {"adam": 1, "sgd": 2}
    assert find("optimizers", "optimizer", "Adam", table) == 1
    with pytest.raises(NotSupportedError, match=r"keras\.optimizers\.Nadam .supported: adam, sgd"):
        find("optimizers", "optimizer", "nadam", table)
    with pytest.raises(ParameterError, match="Did you mean 'adam'"):
        find("optimizers", "optimizer", "adan", table)
    with pytest.raises(ParameterError, match="of type int"):
        find("optimizers", "optimizer", 3, table)


def test_things_are_counted_in_words() -> None:
    assert [counted(n, "epoch") for n in (0, 1, 2)] == ["0 epochs", "1 epoch", "2 epochs"]
    with pytest.raises(ParameterError, match=r"^An optimizer is given"):
        find("optimizers", "optimizer", 3, {})
    with pytest.raises(ParameterError, match=r"^A loss is given"):
        find("losses", "loss", 3, {})


def test_shown_is_short() -> None:
    assert len(shown("x" * 1000)) == 60


def test_arrays_and_unprintable_values_are_described() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert shown(np.zeros((2, 3), np.float32)) == "an array of shape (2, 3) and dtype float32"
    assert shown(np.float32(1.5)) == repr(np.float32(1.5))
    for value in (10**5000, Broken(), [10**5000]):
        assert "cannot be shown" in shown(value)


@pytest.mark.parametrize("value", [10**400, 10**5000, -(10**400)], ids=["e400", "e5000", "-e400"])
def test_numbers_beyond_floats_are_refused(value: int) -> None:
    with pytest.raises(ParameterError, match="learning_rate"):
        real("learning_rate", value)


def test_rebuild_takes_what_a_file_may_hold() -> None:
    class Thing:
        def __init__(self, size: int = 1) -> None:
            self.size = size

    assert rebuild(Thing, {"size": 3}).size == 3
    for config in (None, [1], {"length": 3}, {1: 2}, "size"):
        with pytest.raises(ParameterError, match="onfiguration of Thing"):
            rebuild(Thing, config)


@pytest.mark.parametrize("value", ["", None, 3, ["a"]])
def test_text_is_a_string(value: Any) -> None:
    assert text("name", "a") == "a"
    with pytest.raises(ParameterError, match="`name` must be a string"):
        text("name", value)


def test_what_is_remembered_is_what_cannot_be_mistaken() -> None:
    calls: list[object] = []

    @remembered
    def first(value: object, *, word: object = None) -> object:
        calls.append(value)
        return value

    for value in (1, "a", True, None, (1, 2), ((1, 2), (3, 4))):
        assert [first(value, word=0) for _ in range(3)] == [value] * 3
    assert len(calls) == 6
    for other in (1.0, (1.0, 2), (True, 2), [1, 2], np.int64(1)):
        before = len(calls)
        assert [first(other), first(other)] == [other, other]
        assert len(calls) == before + 2


def test_an_error_is_not_remembered() -> None:
    calls: list[int] = []

    @remembered
    def refuse(value: int) -> None:
        calls.append(value)
        raise ParameterError("no")

    for _ in range(2):
        with pytest.raises(ParameterError):
            refuse(1)
    assert calls == [1, 1]


@pytest.mark.parametrize(
    ("dtype", "name"), [(np.int8, "int8"), (np.dtype("uint16"), "uint16"), ("bool", "bool"), (np.float64, None)]
)
def test_dtypes_of_whole_numbers(dtype: Any, name: str | None) -> None:
    assert whole(dtype) == name
