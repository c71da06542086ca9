"""The libraries that bench/peers.py compares: a file each, set up as its own documentation advises.

A library is made from the number of threads, the seed net's weights (Keras's order and layouts) and data; `predict`
proves that it computes the same net, `train` and `infer` do a number of batches. One more is a file here, a line in
LIBRARIES and a line in bench/peers.txt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Library(Protocol):
    """What peers.py asks of a library; one that cannot train has no `train`."""

    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None: ...
    def version(self) -> str: ...
    def predict(self, count: int) -> Array: ...
    def infer(self, batch: int, batches: int) -> int: ...


class Entry(NamedTuple):
    """Where a library's class is, what it is called in tables, how far its probabilities may be from ours."""

    place: str
    title: str
    tolerance: float = 1e-4


# The first is the one that the others are compared with.
LIBRARIES = {
    "convcore": Entry("convcore_library:Convcore", "convcore"),
    "keras": Entry("keras_library:Keras", "Keras on TensorFlow"),
    "torch": Entry("torch_library:Torch", "PyTorch"),
    "torch-channels-last": Entry("torch_library:TorchChannelsLast", "PyTorch, channels_last"),
    "torch-compiled": Entry("torch_library:TorchCompiled", "PyTorch, compiled"),
    "jax": Entry("jax_library:Jax", "JAX, jit"),
    "onnxruntime": Entry("onnx_library:OnnxRuntime", "ONNX Runtime"),
    "openvino": Entry("openvino_library:OpenVino", "OpenVINO"),
    "openvino-bf16": Entry("openvino_library:OpenVinoBf16", "OpenVINO in bf16", 5e-2),
    "numpy": Entry("numpy_library:NumpyIm2col", "NumPy, im2col"),
}


def batches_of(x: Array, batch: int, batches: int) -> list[slice]:
    """The places of `batches` batches, or of as many as there are."""
    count = min(batches, len(x) // batch)
    return [slice(start, start + batch) for start in range(0, count * batch, batch)]


def shuffled(x: Array, batch: int, batches: int) -> list[npt.NDArray[np.int64]]:
    """The rows of as many random batches."""
    order = np.random.default_rng().permutation(len(x))
    return [order[rows] for rows in batches_of(x, batch, batches)]
