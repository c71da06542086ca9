"""OpenVINO, inference only: tuned for latency, a static shape for each batch size, no copy on the way in or out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.libraries import Array, batches_of
from bench.libraries.onnx_library import onnx_model


class OpenVino:
    precision = "f32"

    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        import openvino

        self.openvino, self.core = openvino, openvino.Core()
        self.model = onnx_model(weights)
        self.settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": self.precision,
        }
        self.x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        self.requests: dict[int, Any] = {}

    def request(self, batch: int) -> Any:
        if batch not in self.requests:
            model = self.core.read_model(model=self.model)
            model.reshape([batch, 1, 28, 28])
            self.requests[batch] = self.core.compile_model(model, "CPU", self.settings).create_infer_request()
        return self.requests[batch]

    def version(self) -> str:
        return f"OpenVINO {self.openvino.__version__.split('-')[0]}"

    def predict(self, count: int) -> Array:
        return np.array(self.request(count).infer([self.x[:count]])[0])

    def infer(self, batch: int, batches: int) -> int:
        request, places = self.request(batch), batches_of(self.x, batch, batches)
        for rows in places:
            request.infer([self.x[rows]], share_inputs=True, share_outputs=True)
        return len(places)


class OpenVinoBf16(OpenVino):
    """At lower precision: not the same work, so tables name it apart."""

    precision = "bf16"
