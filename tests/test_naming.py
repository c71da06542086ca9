"""Automatic names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from convcore import naming


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    naming.reset_uids()
    yield
    naming.reset_uids()


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("Conv2D", "conv2d"),
        ("MaxPooling2D", "max_pooling2d"),
        ("ReLU", "re_lu"),
        ("InputLayer", "input_layer"),
        ("Sequential", "sequential"),
        ("MyOwnLayer", "my_own_layer"),
    ],
)
def test_snake_case_is_that_of_keras(class_name: str, name: str) -> None:
    assert naming.to_snake_case(class_name) == name


def test_counters_start_at_the_second_object_and_belong_to_the_prefix() -> None:
    names = [naming.auto_name(kind) for kind in ("Conv2D", "Conv2D", "Dense", "Conv2D")]
    assert names == ["conv2d", "conv2d_1", "dense", "conv2d_2"]


def test_reset_starts_anew() -> None:
    naming.auto_name("Conv2D")
    naming.reset_uids()
    assert naming.auto_name("Conv2D") == "conv2d"


def test_get_uid_counts_from_one() -> None:
    assert [naming.get_uid("dense"), naming.get_uid("dense"), naming.get_uid("conv")] == [1, 2, 1]
