"""Stateless operations on NumPy arrays: convolution, pooling, dense layers, activations, losses, optimizer steps.

Activations are NHWC, weights HWIO, as in Keras. Arrays of float32 are computed in float32 and arrays of float64 in
float64; float16, bfloat16 and integers of up to 16 bits become float32, which holds them exactly; anything that would
be degraded silently is refused with a `DTypeError`. Results of float16 or bfloat16 arrays are rounded to that dtype,
those of integers are float32, unless an op picks elements (maximum pools, `max_unpool2d`, `permute`, `relu`, `crop2d`),
which keeps the dtype. Results have the same bits for any number of threads and however a batch is split.
"""

from __future__ import annotations

from convcore.ops.activations import (
    activation,
    activation_backward,
    log_softmax,
    log_softmax_backward,
    relu,
    relu_backward,
    sigmoid,
    softmax,
    softmax_backward,
    tanh,
)
from convcore.ops.affine import affine_transform, affine_transform_backward
from convcore.ops.average_pooling import avg_pool2d, avg_pool2d_backward
from convcore.ops.convolution import conv2d, conv2d_backward_data, conv2d_backward_weights
from convcore.ops.dense import dense, dense_backward_data, dense_backward_weights
from convcore.ops.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_backward_data,
    depthwise_conv2d_backward_weights,
    separable_conv2d,
)
from convcore.ops.depthwise_lines import (
    depthwise_conv1d,
    depthwise_conv1d_backward_data,
    depthwise_conv1d_backward_weights,
    separable_conv1d,
)
from convcore.ops.global_pooling import (
    global_avg_pool1d,
    global_avg_pool1d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    global_max_pool1d,
    global_max_pool1d_backward,
    global_max_pool2d,
    global_max_pool2d_backward,
)
from convcore.ops.line_pooling import avg_pool1d, avg_pool1d_backward, max_pool1d, max_pool1d_backward
from convcore.ops.lines import (
    conv1d,
    conv1d_backward_data,
    conv1d_backward_weights,
    conv1d_transpose,
    conv1d_transpose_backward_data,
    conv1d_transpose_backward_weights,
)
from convcore.ops.losses import softmax_cross_entropy
from convcore.ops.optimizers import adam_step, rmsprop_step, sgd_step
from convcore.ops.permute import permute
from convcore.ops.pooling import max_pool2d, max_pool2d_backward
from convcore.ops.resizing import crop2d, upsample2d, upsample2d_backward, zero_pad2d
from convcore.ops.transposed import (
    conv2d_transpose,
    conv2d_transpose_backward_data,
    conv2d_transpose_backward_weights,
)
from convcore.ops.unfold import fold, unfold
from convcore.ops.unpooling import max_unpool2d, max_unpool2d_backward

__all__ = [
    "activation",
    "activation_backward",
    "adam_step",
    "affine_transform",
    "affine_transform_backward",
    "avg_pool1d",
    "avg_pool1d_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv1d",
    "conv1d_backward_data",
    "conv1d_backward_weights",
    "conv1d_transpose",
    "conv1d_transpose_backward_data",
    "conv1d_transpose_backward_weights",
    "conv2d",
    "conv2d_backward_data",
    "conv2d_backward_weights",
    "conv2d_transpose",
    "conv2d_transpose_backward_data",
    "conv2d_transpose_backward_weights",
    "crop2d",
    "dense",
    "dense_backward_data",
    "dense_backward_weights",
    "depthwise_conv1d",
    "depthwise_conv1d_backward_data",
    "depthwise_conv1d_backward_weights",
    "depthwise_conv2d",
    "depthwise_conv2d_backward_data",
    "depthwise_conv2d_backward_weights",
    "fold",
    "global_avg_pool1d",
    "global_avg_pool1d_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "global_max_pool1d",
    "global_max_pool1d_backward",
    "global_max_pool2d",
    "global_max_pool2d_backward",
    "max_pool1d",
    "max_pool1d_backward",
    "log_softmax",
    "log_softmax_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_unpool2d",
    "max_unpool2d_backward",
    "permute",
    "relu",
    "relu_backward",
    "rmsprop_step",
    "separable_conv1d",
    "separable_conv2d",
    "sgd_step",
    "sigmoid",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "tanh",
    "unfold",
    "upsample2d",
    "upsample2d_backward",
    "zero_pad2d",
]
