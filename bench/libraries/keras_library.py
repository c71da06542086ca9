"""Keras on TensorFlow: `fit` for training; for batches a `tf.function` of the model, which its guide advises."""

from __future__ import annotations

import os
from collections.abc import Sequence

from bench.libraries import Array, batches_of


class Keras:
    def __init__(self, threads: int, weights: Sequence[Array], x: Array, y: Array) -> None:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        import keras

        layers = keras.layers
        model = keras.Sequential(
            [
                layers.Input((28, 28, 1)),
                *(layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2)),
                *(layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2)),
                *(layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")),
            ]
        )
        # Many steps an execution is what the guide advises for small models.
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", steps_per_execution=16)
        model.set_weights(list(weights))
        self.tensorflow, self.keras, self.model, self.x, self.y = tensorflow, keras, model, x, y
        self.call = tensorflow.function(lambda images: model(images, training=False))

    def version(self) -> str:
        return f"Keras {self.keras.__version__} on TensorFlow {self.tensorflow.__version__}"

    def predict(self, count: int) -> Array:
        predictions: Array = self.call(self.tensorflow.constant(self.x[:count])).numpy()
        return predictions

    def train(self, batch: int, batches: int) -> int:
        places = batches_of(self.x, batch, batches)
        self.model.fit(self.x[: places[-1].stop], self.y[: places[-1].stop], batch_size=batch, epochs=1, verbose=0)
        return len(places)

    def infer(self, batch: int, batches: int) -> int:
        places = batches_of(self.x, batch, batches)
        for rows in places:
            self.call(self.tensorflow.constant(self.x[rows])).numpy()
        return len(places)
