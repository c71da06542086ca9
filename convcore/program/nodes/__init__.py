"""The kinds of nodes, one module for each subject: what each computes forward and backward, as steps."""

from convcore.plans.activations import ELEMENTWISE, SOFTMAXES
from convcore.program.nodes.activation import Activation, Prelu, Relu, Softmax
from convcore.program.nodes.augmentation import RandomAffine
from convcore.program.nodes.color import RandomColor
from convcore.program.nodes.convolution import Conv2D, Conv2DPool
from convcore.program.nodes.dense import Dense
from convcore.program.nodes.kind import Kind
from convcore.program.nodes.merging import Concatenate, Extremum, Multiply, Repeat, Subtract, Sum
from convcore.program.nodes.noise import AlphaDropout, Dropout, GaussianDropout, GaussianNoise
from convcore.program.nodes.normalization import BatchNorm, LayerNorm, ScaleChannels, Standardize
from convcore.program.nodes.parameter import Parameter
from convcore.program.nodes.penalty import Penalty
from convcore.program.nodes.pointwise import ScaleShift
from convcore.program.nodes.pooling import (
    AvgPool2D,
    AvgPoolPlanes,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool2D,
    MaxPoolPlanes,
)
from convcore.program.nodes.python import Python
from convcore.program.nodes.resampling import Resample
from convcore.program.nodes.reshape import Permute, Reshape
from convcore.program.nodes.resizing import Frame, Upsample
from convcore.program.nodes.transposed import Conv2DTranspose

__all__ = ["NODES", "Kind"]

NODES: dict[str, Kind] = {
    **{name: Activation(name) for name in ELEMENTWISE},
    **{name: Softmax(name) for name in SOFTMAXES},
    "add": Sum(),
    "alpha_dropout": AlphaDropout(),
    "average": Sum(),
    "batch_norm": BatchNorm(),
    "concatenate": Concatenate(),
    "avg_pool2d": AvgPool2D(),
    "avg_pool_planes": AvgPoolPlanes(),
    "conv2d": Conv2D(),
    "conv2d_pool": Conv2DPool(),
    "conv2d_transpose": Conv2DTranspose(),
    "dense": Dense(),
    "dropout": Dropout(),
    "gaussian_dropout": GaussianDropout(),
    "gaussian_noise": GaussianNoise(),
    "frame": Frame(),
    "global_avg_pool": GlobalAvgPool(),
    "global_max_pool": GlobalMaxPool(),
    "layer_norm": LayerNorm(),
    "max_pool2d": MaxPool2D(),
    "maximum": Extremum(),
    "minimum": Extremum(),
    "multiply": Multiply(),
    "max_pool_planes": MaxPoolPlanes(),
    "parameter": Parameter(),
    "penalty": Penalty(),
    "permute": Permute(),
    "prelu": Prelu(),
    "python": Python(),
    "random_affine": RandomAffine(),
    "random_color": RandomColor(),
    "relu": Relu("relu"),
    "repeat": Repeat(),
    "resample": Resample(),
    "reshape": Reshape(),
    "scale_channels": ScaleChannels(),
    "scale_shift": ScaleShift(),
    "standardize": Standardize(),
    "subtract": Subtract(),
    "upsample": Upsample(),
}
