"""The summary to the letter: the tables here were printed by Keras 3.15 for the same layers."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from convcore import Sequential, backend, layers
from convcore.errors import ParameterError


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


SEED_NET = """\
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ conv2d (Conv2D)                 │ (None, 26, 26, 64)     │           640 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ max_pooling2d (MaxPooling2D)    │ (None, 13, 13, 64)     │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ conv2d_1 (Conv2D)               │ (None, 11, 11, 64)     │        36,928 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ max_pooling2d_1 (MaxPooling2D)  │ (None, 5, 5, 64)       │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flatten (Flatten)               │ (None, 1600)           │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense (Dense)                   │ (None, 128)            │       204,928 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_1 (Dense)                 │ (None, 10)             │         1,290 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 243,786 (952.29 KB)
 Trainable params: 243,786 (952.29 KB)
 Non-trainable params: 0 (0.00 B)
"""
UNBUILT = """\
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ conv2d (Conv2D)                 │ ?                      │   0 (unbuilt) │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ max_pooling2d (MaxPooling2D)    │ ?                      │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flatten (Flatten)               │ ?                      │   0 (unbuilt) │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dropout (Dropout)               │ ?                      │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ rescaling (Rescaling)           │ ?                      │   0 (unbuilt) │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ re_lu (ReLU)                    │ ?                      │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ softmax (Softmax)               │ ?                      │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ activation (Activation)         │ ?                      │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense (Dense)                   │ ?                      │   0 (unbuilt) │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 0 (0.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 0 (0.00 B)
"""
FROZEN = """\
Model: "sequential_2"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━┓
┃ Layer (type)                ┃ Output Shape          ┃    Param # ┃ Trai… ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━┩
│ conv2d_2 (Conv2D)           │ (None, 26, 26, 64)    │        640 │   N   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ max_pooling2d_2             │ (None, 13, 13, 64)    │          0 │   -   │
│ (MaxPooling2D)              │                       │            │       │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ flatten_2 (Flatten)         │ (None, 10816)         │          0 │   -   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ dropout_2 (Dropout)         │ (None, 10816)         │          0 │   -   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ rescaling_2 (Rescaling)     │ (None, 10816)         │          0 │   -   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ re_lu_2 (ReLU)              │ (None, 10816)         │          0 │   -   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ softmax_2 (Softmax)         │ (None, 10816)         │          0 │   -   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ activation_2 (Activation)   │ (None, 10816)         │          0 │   -   │
├─────────────────────────────┼───────────────────────┼────────────┼───────┤
│ dense_2 (Dense)             │ (None, 10)            │    108,170 │   Y   │
└─────────────────────────────┴───────────────────────┴────────────┴───────┘
 Total params: 108,810 (425.04 KB)
 Trainable params: 108,170 (422.54 KB)
 Non-trainable params: 640 (2.50 KB)
"""
NARROW = """\
Model: "sequential_2"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
┃ Layer (type)             ┃ Output Shape      ┃   Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
│ conv2d_2 (Conv2D)        │ (None, 26, 26,    │       640 │
│                          │ 64)               │           │
├──────────────────────────┼───────────────────┼───────────┤
│ max_pooling2d_2          │ (None, 13, 13,    │         0 │
│ (MaxPooling2D)           │ 64)               │           │
├──────────────────────────┼───────────────────┼───────────┤
│ flatten_2 (Flatten)      │ (None, 10816)     │         0 │
├──────────────────────────┼───────────────────┼───────────┤
│ dropout_2 (Dropout)      │ (None, 10816)     │         0 │
├──────────────────────────┼───────────────────┼───────────┤
│ rescaling_2 (Rescaling)  │ (None, 10816)     │         0 │
├──────────────────────────┼───────────────────┼───────────┤
│ re_lu_2 (ReLU)           │ (None, 10816)     │         0 │
├──────────────────────────┼───────────────────┼───────────┤
│ softmax_2 (Softmax)      │ (None, 10816)     │         0 │
├──────────────────────────┼───────────────────┼───────────┤
│ activation_2             │ (None, 10816)     │         0 │
│ (Activation)             │                   │           │
├──────────────────────────┼───────────────────┼───────────┤
│ dense_2 (Dense)          │ (None, 10)        │   108,170 │
└──────────────────────────┴───────────────────┴───────────┘
 Total params: 108,810 (425.04 KB)
 Trainable params: 108,170 (422.54 KB)
 Non-trainable params: 640 (2.50 KB)
"""
LONG_NAMES = """\
Model: "my[model]"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ a_very_long_layer_name_that_do… │ (None, 3)              │            15 │
│ (Dense)                         │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ a layer with many words in its  │ (None, 1000000)        │     4,000,000 │
│ name which wraps around (Dense) │                        │               │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 4,000,015 (15.26 MB)
 Trainable params: 4,000,015 (15.26 MB)
 Non-trainable params: 0 (0.00 B)
"""
WITH_OPTIMIZER = """\
Model: "my[model]"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ a_very_long_layer_name_that_do… │ (None, 3)              │            15 │
│ (Dense)                         │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ a layer with many words in its  │ (None, 1000000)        │     4,000,000 │
│ name which wraps around (Dense) │                        │               │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 12,000,047 (45.78 MB)
 Trainable params: 4,000,015 (15.26 MB)
 Non-trainable params: 0 (0.00 B)
 Optimizer params: 8,000,032 (30.52 MB)
"""
EMPTY = """\
Model: "sequential_3"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 0 (0.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 0 (0.00 B)
"""
NESTED = """\
Model: "sequential_4"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ inner (Sequential)              │ (None, 26, 26, 2)      │            20 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│    └ conv2d_3 (Conv2D)          │ (None, 26, 26, 2)      │            20 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flatten_3 (Flatten)             │ (None, 1352)           │             0 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 20 (80.00 B)
 Trainable params: 20 (80.00 B)
 Non-trainable params: 0 (0.00 B)
"""
WIDE = """\
Model: "sequential_5"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
│ conv2d_4 (Conv2D)                    │ (None, 26, 26, 64)          │             640 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ max_pooling2d_3 (MaxPooling2D)       │ (None, 13, 13, 64)          │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ flatten_4 (Flatten)                  │ (None, 10816)               │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ dropout_3 (Dropout)                  │ (None, 10816)               │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ rescaling_3 (Rescaling)              │ (None, 10816)               │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ re_lu_3 (ReLU)                       │ (None, 10816)               │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ softmax_3 (Softmax)                  │ (None, 10816)               │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ activation_3 (Activation)            │ (None, 10816)               │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ dense_3 (Dense)                      │ (None, 10)                  │         108,170 │
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 108,810 (425.04 KB)
 Trainable params: 108,810 (425.04 KB)
 Non-trainable params: 0 (0.00 B)
"""
FIFTY_COLUMNS = """\
Model: "sequential_6"
┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ Layer (type)      ┃ Output Shape ┃ Param # ┃
┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ conv2d_5 (Conv2D) │ (None, 26,   │     640 │
│                   │ 26, 64)      │         │
├───────────────────┼──────────────┼─────────┤
│ max_pooling2d_4   │ (None, 13,   │       0 │
│ (MaxPooling2D)    │ 13, 64)      │         │
├───────────────────┼──────────────┼─────────┤
│ flatten_5         │ (None,       │       0 │
│ (Flatten)         │ 10816)       │         │
├───────────────────┼──────────────┼─────────┤
│ dropout_4         │ (None,       │       0 │
│ (Dropout)         │ 10816)       │         │
├───────────────────┼──────────────┼─────────┤
│ rescaling_4       │ (None,       │       0 │
│ (Rescaling)       │ 10816)       │         │
├───────────────────┼──────────────┼─────────┤
│ re_lu_4 (ReLU)    │ (None,       │       0 │
│                   │ 10816)       │         │
├───────────────────┼──────────────┼─────────┤
│ softmax_4         │ (None,       │       0 │
│ (Softmax)         │ 10816)       │         │
├───────────────────┼──────────────┼─────────┤
│ activation_4      │ (None,       │       0 │
│ (Activation)      │ 10816)       │         │
├───────────────────┼──────────────┼─────────┤
│ dense_4 (Dense)   │ (None, 10)   │ 108,170 │
└───────────────────┴──────────────┴─────────┘
 Total params: 108,810 (425.04 KB)
 Trainable params: 108,810 (425.04 KB)
 Non-trainable params: 0 (0.00 B)
"""

KERAS2 = """\
Model: "sequential"
_________________________________________________________________
Layer (type)                 Output Shape              Param #   
=================================================================
conv2d (Conv2D)              (None, 26, 26, 64)        640       
_________________________________________________________________
max_pooling2d (MaxPooling2D) (None, 13, 13, 64)        0         
_________________________________________________________________
conv2d_1 (Conv2D)            (None, 11, 11, 64)        36928     
_________________________________________________________________
max_pooling2d_1 (MaxPooling2 (None, 5, 5, 64)          0         
_________________________________________________________________
flatten (Flatten)            (None, 1600)              0         
_________________________________________________________________
dense (Dense)                (None, 128)               204928    
_________________________________________________________________
dense_1 (Dense)              (None, 10)                1290      
=================================================================
Total params: 243,786
Trainable params: 243,786
Non-trainable params: 0
_________________________________________________________________
"""  # noqa: W291


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
