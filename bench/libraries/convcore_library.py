"""convcore as a user calls it: `fit` for training, `predict_on_batch` for batches."""

from __future__ import annotations

from collections.abc import Sequence

import convcore
from bench import seed_net
from bench.libraries import Array, batches_of
from convcore import runtime


class Convcore:
    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        runtime.set_num_threads(threads)
        self.model = seed_net.build()
        self.model.set_weights(list(weights))
        self.x, self.y = x, y

    def version(self) -> str:
        return f"convcore {convcore.__version__} ({runtime.active_isa()})"

    def predict(self, count: int) -> Array:
        predictions: Array = self.model.predict_on_batch(self.x[:count])
        return predictions

    def train(self, batch: int, batches: int) -> int:
        places = batches_of(self.x, batch, batches)
        self.model.fit(self.x[: places[-1].stop], self.y[: places[-1].stop], batch_size=batch, epochs=1, verbose=0)
        return len(places)

    def infer(self, batch: int, batches: int) -> int:
        places = batches_of(self.x, batch, batches)
        for rows in places:
            self.model.predict_on_batch(self.x[rows])
        return len(places)
