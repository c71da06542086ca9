"""Layers to configurations and back: the closed list of classes that a configuration can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcore.errors import NotSupportedError, ParameterError
from convcore.keras_names import missing
from convcore.layers.activation import ELU, Activation, LeakyReLU, ReLU, Softmax
from convcore.layers.arguments import is_name
from convcore.layers.augmentation import RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from convcore.layers.base import Layer
from convcore.layers.color import RandomBrightness, RandomContrast
from convcore.layers.conv import Conv1D, Conv2D
from convcore.layers.conv_transpose import Conv1DTranspose, Conv2DTranspose
from convcore.layers.dense import Dense
from convcore.layers.depthwise import DepthwiseConv1D, DepthwiseConv2D
from convcore.layers.dropout import AlphaDropout, Dropout, SpatialDropout1D, SpatialDropout2D
from convcore.layers.elementwise import Elementwise
from convcore.layers.gaussian import GaussianDropout, GaussianNoise
from convcore.layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
)
from convcore.layers.input import InputLayer
from convcore.layers.layer_normalization import LayerNormalization, RMSNormalization, UnitNormalization
from convcore.layers.merging import Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract
from convcore.layers.normalization import BatchNormalization, GroupNormalization
from convcore.layers.own import get_custom_objects, get_registered_name
from convcore.layers.pooling import AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D
from convcore.layers.prelu import PReLU
from convcore.layers.regularization import ActivityRegularization
from convcore.layers.rescaling import Rescaling
from convcore.layers.reshape import Flatten, Identity, Permute, RepeatVector, Reshape
from convcore.layers.resizing import (
    Cropping1D,
    Cropping2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from convcore.layers.scaling import CenterCrop, RandomCrop, Resizing
from convcore.layers.separable import SeparableConv1D, SeparableConv2D
from convcore.layers.slicing import Slice
from convcore.layers.standardization import Normalization

__all__ = ["deserialize", "register", "serialize"]

_CLASSES: dict[str, type[Layer]] = {
    cls.__name__: cls
    for cls in (
        Activation,
        ActivityRegularization,
        Add,
        AlphaDropout,
        Average,
        AveragePooling1D,
        AveragePooling2D,
        CenterCrop,
        Concatenate,
        BatchNormalization,
        Conv1D,
        Conv2D,
        Conv1DTranspose,
        Conv2DTranspose,
        Cropping1D,
        Cropping2D,
        Dense,
        DepthwiseConv1D,
        DepthwiseConv2D,
        Dropout,
        ELU,
        Elementwise,
        Flatten,
        GaussianDropout,
        GaussianNoise,
        GlobalAveragePooling1D,
        GlobalAveragePooling2D,
        GlobalMaxPooling1D,
        GlobalMaxPooling2D,
        GroupNormalization,
        Identity,
        InputLayer,
        LayerNormalization,
        LeakyReLU,
        MaxPooling1D,
        MaxPooling2D,
        Maximum,
        Minimum,
        Multiply,
        Normalization,
        PReLU,
        Permute,
        RandomBrightness,
        RandomContrast,
        RandomCrop,
        RandomFlip,
        RandomRotation,
        RandomTranslation,
        RandomZoom,
        ReLU,
        RepeatVector,
        Rescaling,
        Reshape,
        Resizing,
        RMSNormalization,
        SeparableConv1D,
        SeparableConv2D,
        Slice,
        Softmax,
        SpatialDropout1D,
        SpatialDropout2D,
        Subtract,
        UnitNormalization,
        UpSampling1D,
        UpSampling2D,
        ZeroPadding1D,
        ZeroPadding2D,
    )
}

# Names of convcore.layers that are not classes with a configuration of their own.
_NOT_IN_FILES = frozenset(
    {
        "AvgPool1D",
        "AvgPool2D",
        "Convolution1D",
        "Convolution1DTranspose",
        "Convolution2D",
        "Convolution2DTranspose",
        "GlobalAvgPool1D",
        "GlobalAvgPool2D",
        "GlobalMaxPool1D",
        "GlobalMaxPool2D",
        "Input",
        "InputSpec",
        "Lambda",
        "Layer",
        "MaxPool1D",
        "MaxPool2D",
        "SeparableConvolution1D",
        "SeparableConvolution2D",
        "add",
        "average",
        "concatenate",
        "maximum",
        "minimum",
        "multiply",
        "subtract",
    }
)


def register(cls: type[Layer]) -> None:
    """Add a class of a higher room, a kind of model, to those that a configuration can name."""
    _CLASSES[cls.__name__] = cls


def serialize(layer: Layer) -> dict[str, Any]:
    """The class name and configuration of a layer."""
    name = type(layer).__name__
    if type(layer) is not _find(name, {}) and _find(name, {}) is not None:
        raise NotSupportedError(
            f"A layer class of one's own cannot be written under the name {name} of a built-in one."
        )
    config = layer.get_config()
    described = {"class_name": name, "config": config}
    if isinstance(config, dict) and "name" not in config:
        described["name"] = layer.name
    registered = get_registered_name(type(layer))
    return described if registered == name else {**described, "registered_name": registered}


def deserialize(config: Any, custom_objects: Mapping[str, type[Layer]] | None = None) -> Layer:
    """The layer that `serialize` described, without weights.

    `custom_objects` maps the names of further classes to the classes; nothing is ever imported by name.
    """
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise ParameterError(
            f"A layer's configuration has the keys 'class_name' and 'config'. Received: {config!r:.200}"
        )
    name = config.get("class_name")
    cls = _find(config.get("registered_name"), custom_objects or {}) or _find(name, custom_objects or {})
    if cls is None:
        unsupported = missing("layers", name) if isinstance(name, str) and name not in _NOT_IN_FILES else None
        raise unsupported or ParameterError(
            f"Unknown layer class {name!r:.200}. Known: {', '.join(sorted(_CLASSES))}, and the keys of custom_objects."
        )
    try:
        layer = cls._restore(config["config"], custom_objects or {})
    except TypeError as error:
        raise ParameterError(f"Wrong arguments for the layer class {name}: {error}.") from None
    if not isinstance(layer, Layer):
        raise ParameterError(f"from_config of the layer class {name} returned {layer!r}, which is not a layer.")
    if "name" not in config["config"] and is_name(config.get("name")):
        layer.name = config["name"]  # of a class whose configuration has none
    return layer


def _find(name: Any, custom_objects: Mapping[str, type[Layer]]) -> type[Layer] | None:
    if not isinstance(name, str):
        return None
    if name in custom_objects:
        return custom_objects[name]
    own = get_custom_objects().get(name)
    return own if isinstance(own, type) and issubclass(own, Layer) else _CLASSES.get(name)
