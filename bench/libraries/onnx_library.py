"""ONNX Runtime, inference only; and the seed net as an ONNX model, which OpenVINO reads too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.libraries import Array, batches_of
from bench.libraries.torch_library import converted


class OnnxRuntime:
    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        model = onnx_model(weights)
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))

    def version(self) -> str:
        import onnxruntime

        return f"ONNX Runtime {onnxruntime.__version__}"

    def predict(self, count: int) -> Array:
        predictions: Array = self.session.run(None, {"x": self.x[:count]})[0]
        return predictions

    def infer(self, batch: int, batches: int) -> int:
        places = batches_of(self.x, batch, batches)
        for rows in places:
            self.session.run(None, {"x": self.x[rows]})
        return len(places)


def onnx_model(weights: Sequence[Array]) -> bytes:
    """The seed net, NCHW, any batch, as a serialized ONNX model."""
    from onnx import TensorProto, helper, numpy_helper

    names = ["k1", "b1", "k2", "b2", "d1", "c1", "d2", "c2"]
    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    chain: list[tuple[str, list[str], dict[str, Any]]] = [
        *(("Conv", names[0:2], {}), ("Relu", [], {}), ("MaxPool", [], pool)),
        *(("Conv", names[2:4], {}), ("Relu", [], {}), ("MaxPool", [], pool)),
        *(("Flatten", [], {}), ("Gemm", names[4:6], {"transB": 1}), ("Relu", [], {})),
        *(("Gemm", names[6:8], {"transB": 1}), ("Softmax", [], {"axis": 1})),
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
        [numpy_helper.from_array(weight, name) for name, weight in zip(names, converted(weights), strict=True)],
    )
    opset = [helper.make_opsetid("", 17)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    return model
