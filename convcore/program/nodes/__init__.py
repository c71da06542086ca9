"""The kinds of nodes, one module for each subject: what each computes forward and backward, as steps."""

from convcore.program.nodes.convolution import Conv2D, Conv2DPool
from convcore.program.nodes.dense import Dense
from convcore.program.nodes.kind import Kind
from convcore.program.nodes.merging import Concatenate, Extremum, Multiply, Repeat, Subtract, Sum
from convcore.program.nodes.noise import Dropout
from convcore.program.nodes.penalty import Penalty
from convcore.program.nodes.pointwise import Relu, ScaleShift, Sigmoid, Softmax, Tanh
from convcore.program.nodes.pooling import MaxPool2D
from convcore.program.nodes.python import Python
from convcore.program.nodes.reshape import Permute, Reshape

__all__ = ["NODES", "Kind"]

NODES: dict[str, Kind] = {
    "add": Sum(),
    "average": Sum(),
    "concatenate": Concatenate(),
    "conv2d": Conv2D(),
    "conv2d_pool": Conv2DPool(),
    "dense": Dense(),
    "dropout": Dropout(),
    "max_pool2d": MaxPool2D(),
    "maximum": Extremum(),
    "minimum": Extremum(),
    "multiply": Multiply(),
    "penalty": Penalty(),
    "permute": Permute(),
    "python": Python(),
    "relu": Relu(),
    "repeat": Repeat(),
    "reshape": Reshape(),
    "scale_shift": ScaleShift(),
    "sigmoid": Sigmoid(),
    "softmax": Softmax(),
    "subtract": Subtract(),
    "tanh": Tanh(),
}
