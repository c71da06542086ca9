"""The image classification tutorial: augmentation as a model of its own, dropout, a schedule, the best guess."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.models import Sequential

(x_train, y_train), (x_val, y_val) = keras.datasets.fashion_mnist.load_data()
x_train, x_val = x_train[..., tf.newaxis], x_val[..., tf.newaxis]

data_augmentation = keras.Sequential(
    [
        layers.RandomFlip("horizontal", input_shape=(28, 28, 1)),
        layers.RandomRotation(0.1),
        layers.RandomZoom(0.1),
    ]
)
first, second = (data_augmentation(x_train[:4]) for _ in range(2))
print("augmented", first.shape, "anew each time:", not np.array_equal(first, second))

num_classes = 10
model = Sequential(
    [
        data_augmentation,
        layers.Rescaling(1.0 / 255),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.2),
        layers.Flatten(),
        layers.Dense(num_classes, name="outputs"),
    ]
)
schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, decay_steps=100, decay_rate=0.9)
model.compile(
    optimizer=keras.optimizers.Adam(schedule),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.summary()
history = model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=2, verbose=0)
print(sorted(history.history))
predictions = model.predict(x_val[:1], verbose=0)
score = tf.nn.softmax(predictions[0])
print("This image most likely belongs to", np.argmax(score) in range(10), "sure:", 0 < 100 * np.max(score) <= 100)
