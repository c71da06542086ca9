"""The libraries that peers.py compares: one small class each, set up as its own documentation advises.

A library takes the seed net's weights (Keras's order and layouts) and data, and has `predict(count)` for the proof
that it computes the same net, and `train(batch)` or `infer(batch)`, which go through data and return the images done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Library(Protocol):
    """What peers.py asks of a library; one that cannot train has no `train`."""

    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None: ...
    def version(self) -> str: ...
    def predict(self, count: int) -> Array: ...
    def infer(self, batch: int) -> int: ...


class Convcore:
    """convcore as a user calls it: `fit` for a pass over the data, `predict_on_batch` for batches."""

    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        from bench import seed_net
        from convcore import runtime

        runtime.set_num_threads(threads)
        self.model = seed_net.build()
        self.model.set_weights(list(weights))
        self.x, self.y = x, y

    def version(self) -> str:
        import convcore

        return f"convcore {convcore.__version__}"

    def predict(self, count: int) -> Array:
        predictions: Array = self.model.predict_on_batch(self.x[:count])
        return predictions

    def train(self, batch: int) -> int:
        self.model.fit(self.x, self.y, batch_size=batch, epochs=1, verbose=0)
        return len(self.x)

    def infer(self, batch: int) -> int:
        images = min(len(self.x), 64 * batch)
        for start in range(0, images, batch):
            self.model.predict_on_batch(self.x[start : start + batch])
        return images


class Torch:
    """PyTorch, eager, NCHW, with the loop of its own tutorials."""

    layout = "contiguous_format"

    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        import torch

        torch.set_num_threads(threads)
        self.torch = torch
        form = getattr(torch, self.layout)
        net = torch.nn.Sequential(
            *(torch.nn.Conv2d(1, 64, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2)),
            *(torch.nn.Conv2d(64, 64, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2)),
            *(torch.nn.Flatten(), torch.nn.Linear(1600, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)),
        )
        with torch.no_grad():
            for parameter, value in zip(net.parameters(), self.converted(weights), strict=True):
                parameter.copy_(torch.from_numpy(value))
        self.net = self.prepared(net.to(memory_format=form))
        self.x = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2))).contiguous(memory_format=form)
        self.y = torch.from_numpy(y)
        self.optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        self.loss = torch.nn.CrossEntropyLoss()

    @staticmethod
    def converted(weights: Sequence[Array]) -> list[Array]:
        """Keras's HWIO kernels and (in, out) matrices as PyTorch keeps them; Flatten goes over (c, h, w) there."""
        k1, b1, k2, b2, d1, c1, d2, c2 = (np.asarray(weight) for weight in weights)
        d1 = d1.reshape(5, 5, 64, 128).transpose(3, 2, 0, 1).reshape(128, 1600)
        return [np.ascontiguousarray(a) for a in (_oihw(k1), b1, _oihw(k2), b2, d1, c1, d2.T, c2)]

    def prepared(self, net: Any) -> Any:
        return net

    def version(self) -> str:
        return f"torch {self.torch.__version__}"

    def predict(self, count: int) -> Array:
        with self.torch.inference_mode():
            predictions: Array = self.torch.softmax(self.net(self.x[:count]), 1).numpy()
        return predictions

    def train(self, batch: int) -> int:
        order = self.torch.randperm(len(self.x))
        for start in range(0, len(self.x), batch):
            rows = order[start : start + batch]
            self.optimizer.zero_grad()
            self.loss(self.net(self.x[rows]), self.y[rows]).backward()
            self.optimizer.step()
        return len(self.x)

    def infer(self, batch: int) -> int:
        images = min(len(self.x), 64 * batch)
        with self.torch.inference_mode():
            for start in range(0, images, batch):
                self.torch.softmax(self.net(self.x[start : start + batch]), 1)
        return images


class TorchChannelsLast(Torch):
    """PyTorch in the memory format that its documentation recommends for convolutions."""

    layout = "channels_last"


class TorchCompiled(Torch):
    """PyTorch with `torch.compile`; needs a C++ compiler at run time."""

    def prepared(self, net: Any) -> Any:
        return self.torch.compile(net)


class OnnxRuntime:
    """ONNX Runtime: inference only."""

    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = _onnx_model(Torch.converted(weights))
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))

    def version(self) -> str:
        import onnxruntime

        return f"onnxruntime {onnxruntime.__version__}"

    def predict(self, count: int) -> Array:
        predictions: Array = self.session.run(None, {"x": self.x[:count]})[0]
        return predictions

    def infer(self, batch: int) -> int:
        images = min(len(self.x), 64 * batch)
        for start in range(0, images, batch):
            self.session.run(None, {"x": self.x[start : start + batch]})
        return images


def _oihw(kernel: Array) -> Array:
    return kernel.transpose(3, 2, 0, 1)


def _onnx_model(weights: list[Array]) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    names = ["k1", "b1", "k2", "b2", "d1", "c1", "d2", "c2"]
    chain: list[tuple[str, list[str], dict[str, Any]]] = [
        ("Conv", names[0:2], {}),
        ("Relu", [], {}),
        ("MaxPool", [], {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Conv", names[2:4], {}),
        ("Relu", [], {}),
        ("MaxPool", [], {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Flatten", [], {}),
        ("Gemm", names[4:6], {"transB": 1}),
        ("Relu", [], {}),
        ("Gemm", names[6:8], {"transB": 1}),
        ("Softmax", [], {"axis": 1}),
    ]
    values = ["x", *(f"v{number}" for number in range(len(chain) - 1)), "y"]
    nodes = [
        helper.make_node(op, [source, *inputs], [target], **attributes)
        for (op, inputs, attributes), source, target in zip(chain, values, values[1:], strict=False)
    ]
    graph = helper.make_graph(
        nodes,
        "seed",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(weight, name) for name, weight in zip(names, weights, strict=True)],
    )
    model: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    ).SerializeToString()
    return model


# The first is the one that the others are compared with.
LIBRARIES: dict[str, type[Library]] = {
    "convcore": Convcore,
    "torch": Torch,
    "torch-channels-last": TorchChannelsLast,
    "torch-compiled": TorchCompiled,
    "onnxruntime": OnnxRuntime,
}
