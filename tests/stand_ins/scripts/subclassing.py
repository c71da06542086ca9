"""Layers, a model and a loss of one's own, fed by tf.data."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
train_ds = tf.data.Dataset.from_tensor_slices((x_train[..., tf.newaxis], y_train))
train_ds = train_ds.map(lambda image, label: (tf.cast(image, tf.float32) / 255.0, tf.one_hot(label, 10)))
train_ds = train_ds.cache().shuffle(100).batch(20).prefetch(tf.data.AUTOTUNE)


class ResidualBlock(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = layers.Conv2D(filters, 3, padding="same", activation="relu")
        self.conv2 = layers.Conv2D(filters, 3, padding="same")
        self.norm = layers.BatchNormalization()

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(self.conv2.filters,), initializer="ones", name="scale")
        super().build(input_shape)

    def call(self, inputs, training=None):
        x = self.norm(self.conv2(self.conv1(inputs)), training=training)
        return tf.nn.relu(x * self.scale + inputs)


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.stem = layers.Conv2D(4, 3, strides=2, activation="relu")
        self.blocks = [ResidualBlock(4), ResidualBlock(4)]
        self.dropout = layers.Dropout(0.25)
        self.head = layers.Dense(10, activation="softmax")

    def call(self, x, training=False):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, training=training)
        x = tf.reduce_mean(x, axis=[1, 2])
        if training:
            x = self.dropout(x, training=training)
        return self.head(x)


def focal_loss(y_true, y_pred):
    y_pred = tf.clip_by_value(y_pred, 1e-7, 1.0)
    return -tf.reduce_sum(y_true * tf.pow(1.0 - y_pred, 2.0) * tf.math.log(y_pred), axis=-1)


model = Net()
model.compile(optimizer="adam", loss=focal_loss, metrics=["accuracy"])
history = model.fit(train_ds, epochs=2, verbose=0)
model.summary()
print("figures", sorted(history.history), len(model.trainable_variables), len(model.non_trainable_variables))
model.save_weights("net.weights.h5")
again = Net()
again.build((None, 28, 28, 1))
again.load_weights("net.weights.h5")
x = x_test[..., np.newaxis] / 255.0
print("kept:", np.array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0)))
