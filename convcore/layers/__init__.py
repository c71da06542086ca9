"""The layers, with Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import Any

from convcore.keras_names import missing
from convcore.layers.activation import ELU, Activation, LeakyReLU, ReLU, Softmax
from convcore.layers.augmentation import RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from convcore.layers.base import Layer
from convcore.layers.color import RandomBrightness, RandomContrast
from convcore.layers.conv import Conv1D, Conv2D, Convolution1D, Convolution2D
from convcore.layers.conv_transpose import (
    Conv1DTranspose,
    Conv2DTranspose,
    Convolution1DTranspose,
    Convolution2DTranspose,
)
from convcore.layers.dense import Dense
from convcore.layers.depthwise import DepthwiseConv1D, DepthwiseConv2D
from convcore.layers.dropout import AlphaDropout, Dropout, SpatialDropout1D, SpatialDropout2D
from convcore.layers.gaussian import GaussianDropout, GaussianNoise
from convcore.layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
)
from convcore.layers.input import Input, InputLayer
from convcore.layers.lambdas import Lambda
from convcore.layers.layer_normalization import LayerNormalization, RMSNormalization, UnitNormalization
from convcore.layers.merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from convcore.layers.normalization import BatchNormalization, GroupNormalization
from convcore.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AvgPool1D,
    AvgPool2D,
    MaxPool1D,
    MaxPool2D,
    MaxPooling1D,
    MaxPooling2D,
)
from convcore.layers.prelu import PReLU
from convcore.layers.registry import deserialize, serialize
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
from convcore.layers.separable import (
    SeparableConv1D,
    SeparableConv2D,
    SeparableConvolution1D,
    SeparableConvolution2D,
)
from convcore.layers.standardization import Normalization
from convcore.layers.validation import InputSpec

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AvgPool1D",
    "AvgPool2D",
    "BatchNormalization",
    "CenterCrop",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Dropout",
    "ELU",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "RMSNormalization",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "Subtract",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]


def __getattr__(name: str) -> Any:
    raise missing("layers", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
