"""PyTorch: eager, with the loop of its own tutorials, and what its documentation recommends on top of that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.libraries import Array, batches_of, shuffled


class Torch:
    """Eager, NCHW."""

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
            for parameter, value in zip(net.parameters(), converted(weights), strict=True):
                parameter.copy_(torch.from_numpy(value))
        self.net = self.prepared(net.to(memory_format=form))
        self.x = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2))).contiguous(memory_format=form)
        self.y = torch.from_numpy(y)
        self.optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        self.loss = torch.nn.CrossEntropyLoss()

    def prepared(self, net: Any) -> Any:
        return net

    def version(self) -> str:
        return f"PyTorch {self.torch.__version__}"

    def predict(self, count: int) -> Array:
        with self.torch.inference_mode():
            predictions: Array = self.torch.softmax(self.net(self.x[:count]), 1).numpy()
        return predictions

    def train(self, batch: int, batches: int) -> int:
        drawn = shuffled(self.x, batch, batches)
        for rows in map(self.torch.from_numpy, drawn):
            self.optimizer.zero_grad()
            self.loss(self.net(self.x[rows]), self.y[rows]).backward()
            self.optimizer.step()
        return len(drawn)

    def infer(self, batch: int, batches: int) -> int:
        places = batches_of(self.x, batch, batches)
        with self.torch.inference_mode():
            for rows in places:
                self.torch.softmax(self.net(self.x[rows]), 1)
        return len(places)


class TorchChannelsLast(Torch):
    """In the memory format that its documentation recommends for convolutions."""

    layout = "channels_last"


class TorchCompiled(Torch):
    """With `torch.compile`; needs a C++ compiler at run time."""

    def prepared(self, net: Any) -> Any:
        return self.torch.compile(net)


def converted(weights: Sequence[Array]) -> list[Array]:
    """Keras's HWIO kernels and (in, out) matrices as PyTorch keeps them; Flatten goes over (c, h, w) there."""
    k1, b1, k2, b2, d1, c1, d2, c2 = (np.asarray(weight) for weight in weights)
    k1, k2 = k1.transpose(3, 2, 0, 1), k2.transpose(3, 2, 0, 1)
    d1 = d1.reshape(5, 5, 64, 128).transpose(3, 2, 0, 1).reshape(128, 1600)
    return [np.ascontiguousarray(a) for a in (k1, b1, k2, b2, d1, c1, d2.T, c2)]
