"""The summary to the letter: the tables here were printed by Keras 3.15 for the same layers."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from convcore import Sequential, backend, layers
from convcore.errors import ParameterError
from tests.summaries import (
    EMPTY,
    FIFTY_COLUMNS,
    FROZEN,
    KERAS2,
    LONG_NAMES,
    NARROW,
    NESTED,
    SEED_NET,
    UNBUILT,
    WIDE,
    WITH_OPTIMIZER,
)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    backend.reset_uids()
    monkeypatch.setenv("COLUMNS", "80")


def many(**first: Any) -> list[layers.Layer]:
    return [
        layers.Conv2D(64, (3, 3), activation="relu", **first),
        layers.MaxPooling2D(2, 2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Rescaling(2.0),
        layers.ReLU(),
        layers.Softmax(),
        layers.Activation("relu"),
        layers.Dense(10),
    ]


def text_of(model: Sequential, **options: Any) -> str:
    texts: list[str] = []
    model.summary(print_fn=texts.append, **options)
    assert len(texts) == 1
    return texts[0]


def seed_net() -> Sequential:
    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D(2, 2),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D(2, 2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def skip_names(count: int) -> None:
    """Use up the automatic names that earlier models of the run that printed a table had taken."""
    for _ in range(count):
        Sequential(many())


def test_the_seed_net(capsys: pytest.CaptureFixture[str]) -> None:
    model = seed_net()
    model.summary()
    assert capsys.readouterr().out == SEED_NET
    assert text_of(model) == SEED_NET


def test_unbuilt() -> None:
    assert text_of(Sequential(many())) == UNBUILT


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
def test_frozen_layers_and_their_column() -> None:
    skip_names(2)
    model = Sequential(many(input_shape=(28, 28, 1)))
    model.layers[0].trainable = False
    assert text_of(model, show_trainable=True) == FROZEN
    assert text_of(model, line_length=60) == NARROW


def test_long_names_break_between_words_and_are_cut_within() -> None:
    model = long_names()
    assert text_of(model) == LONG_NAMES


def test_the_optimizer_counts_once_it_has_its_state() -> None:
    model = long_names()
    model.compile("adam", "mse")
    assert text_of(model) == LONG_NAMES
    assert model.optimizer is not None
    model.optimizer.build(sum(weight.size for weight in model.weights))
    assert text_of(model) == WITH_OPTIMIZER


def long_names() -> Sequential:
    return Sequential(
        [
            layers.Input((4,)),
            layers.Dense(3, name="a_very_long_layer_name_that_does_not_fit_into_the_cell"),
            layers.Dense(1000000, name="a layer with many words in its name which wraps around"),
        ],
        name="my[model]",
    )


def test_without_layers() -> None:
    skip_names(3)
    assert text_of(Sequential([layers.Input((4,))])) == EMPTY


def test_nested_models() -> None:
    skip_names(3)
    inner = [layers.Conv2D(2, 3)]
    Sequential()
    model = Sequential([layers.Input((28, 28, 1)), Sequential(inner, name="inner"), layers.Flatten()])
    assert text_of(model, expand_nested=True) == NESTED


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize(("columns", "skipped", "text"), [("120", 4, WIDE), ("50", 5, FIFTY_COLUMNS)])
def test_other_terminals(monkeypatch: pytest.MonkeyPatch, columns: str, skipped: int, text: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    skip_names(3)
    layers.Conv2D(1, 1)
    layers.Flatten()
    Sequential()
    Sequential()
    skip_names(skipped - 4)
    assert text_of(Sequential(many(input_shape=(28, 28, 1)))) == text


def test_keras2_is_line_by_line() -> None:
    lines: list[str] = []
    seed_net().summary(print_fn=lines.append, style="keras2")
    assert "\n".join(lines) + "\n" == KERAS2


def test_a_range_of_layers() -> None:
    text = text_of(seed_net(), layer_range=["conv2d_1", "flatten"])
    assert [line.split()[1] for line in text.splitlines() if line.startswith("│")] == [
        "conv2d_1",
        "max_pooling2d_1",
        "flatten",
    ]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"layer_range": ["a"]}, "layer_range must be a list or tuple of length 2"),
        ({"layer_range": [1, 2]}, "layer_range should contain string type only"),
        ({"layer_range": ["x", "y"]}, "Passed layer_names do not match"),
        ({"line_length": 10}, "Insufficient console width"),
        ({"positions": [0.5, 1.0]}, "`positions` must have one entry per column, 3"),
        ({"style": "keras1"}, "'keras3' or 'keras2'"),
    ],
)
def test_arguments_that_do_not_fit(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        seed_net().summary(print_fn=lambda _: None, **options)


def test_an_output_without_box_characters_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    seed_net().summary()
    sys.stdout.flush()
    assert raw.getvalue().decode("ascii").splitlines()[1:5] == [
        "+--------------------------------------------------------------------------+",
        "| Layer (type)                    | Output Shape           |       Param # |",
        "|---------------------------------+------------------------+---------------|",
        "| conv2d (Conv2D)                 | (None, 26, 26, 64)     |           640 |",
    ]
