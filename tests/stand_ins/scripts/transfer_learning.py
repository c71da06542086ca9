"""The transfer learning guide: a base that is trained, frozen under a new head, and tuned; weights of classes."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = x[..., None].astype("float32") / 255, x_test[..., None].astype("float32") / 255
base_model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPool2D(),
        layers.Conv2D(8, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
    ],
    name="base",
)
first = keras.Sequential([base_model, layers.Dense(10)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
first.compile("adam", loss, metrics=["accuracy"])
first.fit(x, y, epochs=1, verbose=0)

base_model.trainable = False
inputs = keras.Input(shape=(28, 28, 1))
x_ = keras.Sequential([layers.RandomRotation(0.1), layers.RandomTranslation(0.1, 0.1)])(inputs)
x_ = base_model(x_, training=False)
x_ = layers.Dropout(0.2)(x_)
model = keras.Model(inputs, layers.Dense(5)(x_))
print("trainable", len(model.trainable_weights), "frozen", len(model.non_trainable_weights))
before = base_model.get_weights()
few, few_test = y < 5, y_test < 5
model.compile(keras.optimizers.Adam(), loss=loss, metrics=[keras.metrics.SparseCategoricalAccuracy()])
model.fit(
    x[few],
    y[few],
    epochs=1,
    class_weight={0: 1.0, 1: 2.0, 2: 1.0, 3: 1.0, 4: 1.0},
    validation_data=(x_test[few_test], y_test[few_test]),
    verbose=0,
)
print("kept:", all(np.array_equal(a, b) for a, b in zip(before, base_model.get_weights())))

base_model.trainable = True
model.compile(keras.optimizers.Adam(1e-5), loss=loss, metrics=["accuracy"])
model.fit(x[few], y[few], epochs=2, initial_epoch=1, verbose=0)
print("tuned:", not np.array_equal(before[0], base_model.get_weights()[0]))
