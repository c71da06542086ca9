"""Arguments and shapes that layers refuse, with Keras's texts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from convcore import layers
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.layers import validation
from convcore.layers.validation import InputSpec

TEXTS: list[tuple[Any, str]] = [
    (
        lambda: layers.Conv2D(3, 0),
        "The `kernel_size` argument must be a tuple of 2 integers. Received kernel_size=0, including values {0} that "
        "do not satisfy `value > 0`",
    ),
    (
        lambda: layers.Conv2D(3, (3, -1)),
        "The `kernel_size` argument must be a tuple of 2 integers. Received kernel_size=(3, -1), including values {-1} "
        "that do not satisfy `value > 0`",
    ),
    (
        lambda: layers.Conv2D(3, (3,)),
        "The `kernel_size` argument must be a tuple of 2 integers. Received kernel_size=(3,)",
    ),
    (lambda: layers.Conv2D(3, "a"), "The `kernel_size` argument must be a tuple of 2 integers. Received kernel_size=a"),
    (
        lambda: layers.Conv2D(3, 2.5),
        "The `kernel_size` argument must be a tuple of 2 integers. Received kernel_size=2.5",
    ),
    (
        lambda: layers.Conv2D(3, True),
        "The `kernel_size` argument must be a tuple of 2 integers. Received kernel_size=True",
    ),
    (
        lambda: layers.Conv2D(0, 3),
        "Invalid value for argument `filters`. Expected a strictly positive value. Received filters=0.",
    ),
    (
        lambda: layers.Conv2D(3, 3, groups=2),
        "The number of filters must be evenly divisible by the number of groups. Received: groups=2, filters=3.",
    ),
    (lambda: layers.Conv2D(3, 3, groups=0), "The number of groups must be a positive integer. Received: groups=0."),
    (
        lambda: layers.Conv2D(3, 3, strides=2, dilation_rate=2),
        "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: strides=(2, 2) and "
        "dilation_rate=(2, 2)",
    ),
    (
        lambda: layers.Conv2D(3, 3, data_format="foo"),
        "The `data_format` argument must be one of {'channels_first', 'channels_last'}. Received: data_format=foo",
    ),
    (
        lambda: layers.MaxPooling2D(0),
        "The `pool_size` argument must be a tuple of 2 integers. Received pool_size=0, including values {0} that do "
        "not satisfy `value > 0`",
    ),
    (
        lambda: layers.Conv2D(3, 3, foo=1, bar=2),
        "Unrecognized keyword arguments passed to Conv2D: {'foo': 1, 'bar': 2}",
    ),
    (
        lambda: layers.Dense(0),
        "Received an invalid value for `units`, expected a positive integer. Received: units=0",
    ),
    (
        lambda: layers.Dense(1.5),  # type: ignore[arg-type]
        "Received an invalid value for `units`, expected a positive integer. Received: units=1.5",
    ),
    (
        lambda: layers.Dropout(2),
        "Invalid value received for argument `rate`. Expected a float value between 0 and 1. Received: rate=2",
    ),
    (
        lambda: layers.ReLU(max_value=-1),
        "max_value of a ReLU layer cannot be a negative value. Received: max_value=-1",
    ),
    (
        lambda: layers.ReLU(negative_slope=None),  # type: ignore[arg-type]
        "negative_slope of a ReLU layer cannot be None or a negative value. Received: negative_slope=None",
    ),
    (
        lambda: layers.Dense(3, name="a/b"),
        "Argument `name` must be a string and cannot contain character `/`. Received: name=a/b (of type <class 'str'>)",
    ),
    (
        lambda: layers.Dense(3, trainable=3),  # type: ignore[arg-type]
        "Expected `trainable` to be a boolean. Received: trainable=3 (of type <class 'int'>)",
    ),
]


@pytest.mark.parametrize(("make", "text"), TEXTS, ids=[text[:50] for _, text in TEXTS])
def test_texts_of_keras(make: Any, text: str) -> None:
    with pytest.raises(ParameterError, match=f"^{re.escape(text)}$"):
        make()


@pytest.mark.parametrize("value", [2**31, 2**64, np.uint64(2**64 - 1), -(2**63), (3, 2**62)])
def test_huge_numbers_are_refused_as_they_come(value: Any) -> None:
    for make in (
        lambda: layers.Conv2D(1, value),
        lambda: layers.Conv2D(1, 3, strides=value),
        lambda: layers.MaxPooling2D(value),
        lambda: layers.Dense(value),
    ):
        with pytest.raises(ParameterError):
            make()


@pytest.mark.parametrize("value", [3, (3, 3), [3, 3], np.int64(3), np.array([3, 3])])
def test_every_form_of_a_pair(value: Any) -> None:
    assert layers.Conv2D(1, value).kernel_size == (3, 3)


@pytest.mark.parametrize("padding", ["SAMEE", b"same", 3, None, (1, 1), ""])
def test_paddings_that_are_none(padding: Any) -> None:
    for make in (lambda: layers.Conv2D(1, 3, padding=padding), lambda: layers.MaxPooling2D(2, padding=padding)):
        with pytest.raises(ParameterError, match="'valid', 'same'"):
            make()


def test_words_in_any_case() -> None:
    layer = layers.Conv2D(1, 3, padding="SAME", data_format="Channels_Last", activation="ReLU")
    assert (layer.padding, layer.data_format) == ("same", "channels_last")


UNSUPPORTED: list[tuple[str, Any]] = [
    ("lora_rank", lambda v: layers.Dense(1, lora_rank=v)),
    ("lora_alpha", lambda v: layers.Conv2D(1, 3, lora_alpha=v)),
    ("quantization_config", lambda v: layers.Dense(1, quantization_config=v)),
    ("dtype", lambda v: layers.Dense(1, dtype="float16")),
    ("autocast", lambda v: layers.Dense(1, autocast=False)),
    ("sparse", lambda v: layers.Input((3,), sparse=True)),
    ("tensor", lambda v: layers.Input((3,), tensor=v)),
]


@pytest.mark.parametrize(("name", "make"), UNSUPPORTED, ids=[name for name, _ in UNSUPPORTED])
def test_arguments_not_implemented_are_refused_by_name(name: str, make: Any) -> None:
    with pytest.raises(NotSupportedError, match=f"`{name}`"):
        make(3)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation", "expected"),
    [
        (28, 3, 1, "valid", 1, 26),
        (28, 3, 2, "valid", 1, 13),
        (28, 3, 1, "valid", 2, 24),
        (5, 2, 2, "valid", 1, 2),
        (5, 2, 2, "same", 1, 3),
        (28, 9, 1, "same", 1, 28),
        (2, 3, 1, "valid", 1, 0),
        (None, 3, 1, "valid", 1, None),
    ],
)
def test_output_sizes(
    size: int | None, kernel: int, stride: int, padding: str, dilation: int, expected: int | None
) -> None:
    assert validation.output_size(size, kernel, stride, padding, dilation) == expected


def test_input_that_does_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"of layer 'c' is incompatible with the layer: expected ndim=4, found ndim=3"):
        validation.check_input(InputSpec(ndim=4), (28, 28, 1), "c")
    with pytest.raises(ShapeError, match=r"Hint: .*numpy\.newaxis"):
        validation.check_input(InputSpec(ndim=4), (28, 28, 1), "c")
    with pytest.raises(ShapeError, match=r"expected min_ndim=2, found ndim=1\. Full shape received: \(3,\)\. Hint"):
        validation.check_input(InputSpec(min_ndim=2), (3,), "d")
    with pytest.raises(
        ShapeError,
        match=r"expected axis -1 of input shape to have value 1, but received input with shape \(None, 28, 28, 3\)$",
    ):
        validation.check_input(InputSpec(ndim=4, axes={-1: 1}), (None, 28, 28, 3), "c")
    validation.check_input(InputSpec(min_ndim=2), (None, 1, 2, 3, 4), "d")
    validation.check_input(InputSpec(ndim=4, axes={-1: 1}), (None, 28, 28, None), "c")


@pytest.mark.parametrize("shape", [28, "ab", (-1, 2), ("a",), (1.5,), (True,), (2**31,), None])
def test_shapes_that_are_none(shape: Any) -> None:
    with pytest.raises(ParameterError, match="Cannot convert"):
        validation.standardize_shape(shape)


def test_both_data_formats_in_any_case() -> None:
    assert [validation.either_data_format(word) for word in (None, "Channels_Last", "channels_FIRST")] == [
        "channels_last", "channels_last", "channels_first",
    ]  # fmt: skip
    for value in ("NHWC", 1, np.zeros(2), ["channels_last"]):
        with pytest.raises(ParameterError, match="data_format"):
            validation.either_data_format(value)


def test_factor_range() -> None:
    assert validation.factor_range(-0.25, "factor", "") == (-0.25, 0.25)
    assert validation.factor_range([0.5, -1], "factor", "") == (-1.0, 0.5)
    assert validation.factor_range(np.float32(1), "factor", "", open_below=True) == (-1.0, 1.0)
    for value in (1.5, -1.5, (0, 2), (0,), "0.1", None, True, np.nan, {}):
        with pytest.raises(ParameterError, match="Limits. Received: factor="):
            validation.factor_range(value, "factor", "Limits. ")
    for value in (-1, (-1, 0)):
        with pytest.raises(ParameterError, match="factor"):
            validation.factor_range(value, "factor", "", open_below=True)
