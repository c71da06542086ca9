"""JAX: one jitted function for the training step, parameters donated, and one for inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.libraries import Array, batches_of, shuffled


class Jax:
    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        import jax
        from jax import numpy as jnp

        def conv(x: Any, kernel: Any, bias: Any) -> Any:
            y = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            y = jax.nn.relu(y + bias)
            return jax.lax.reduce_window(y, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

        def logits(weights: Any, x: Any) -> Any:
            k1, b1, k2, b2, d1, c1, d2, c2 = weights
            x = conv(conv(x, k1, b1), k2, b2).reshape(len(x), -1)
            return jax.nn.relu(x @ d1 + c1) @ d2 + c2

        def loss(weights: Any, x: Any, y: Any) -> Any:
            return -jnp.take_along_axis(jax.nn.log_softmax(logits(weights, x)), y[:, None], 1).mean()

        def adam(state: Any, x: Any, y: Any) -> Any:
            count, weights, m, v = state
            gradients = jax.grad(loss)(weights, x, y)
            count = count + 1
            m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, gradients)
            v = jax.tree.map(lambda a, g: 0.999 * a + 0.001 * g * g, v, gradients)
            rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            weights = jax.tree.map(lambda w, a, b: w - rate * a / (jnp.sqrt(b) + 1e-7), weights, m, v)
            return count, weights, m, v

        self.jax, self.x, self.y = jax, x, y
        self.weights = [jnp.array(weight) for weight in weights]
        zeros = [[jnp.zeros(weight.shape) for weight in weights] for _ in range(2)]
        self.state = (jnp.zeros(()), [jnp.array(weight) for weight in weights], *zeros)
        self.step = jax.jit(adam, donate_argnums=0)
        self.call = jax.jit(lambda weights, x: jax.nn.softmax(logits(weights, x)))

    def version(self) -> str:
        return f"JAX {self.jax.__version__}"

    def predict(self, count: int) -> Array:
        predictions: Array = self.jax.device_get(self.call(self.weights, self.x[:count]))
        return predictions

    def train(self, batch: int, batches: int) -> int:
        drawn = shuffled(self.x, batch, batches)
        for rows in drawn:
            self.state = self.step(self.state, self.x[rows], self.y[rows])
        self.jax.block_until_ready(self.state)
        return len(drawn)

    def infer(self, batch: int, batches: int) -> int:
        places = batches_of(self.x, batch, batches)
        for rows in places:
            self.call(self.weights, self.x[rows]).block_until_ready()
        return len(places)
