"""The autoencoder tutorial: noise taken away by strided and transposed convolutions, and a look at the code."""

import tensorflow as tf
from tensorflow.keras import layers, losses
from tensorflow.keras.datasets import fashion_mnist
from tensorflow.keras.models import Model

(x_train, _), (x_test, _) = fashion_mnist.load_data()
x_train = x_train.astype("float32")[..., tf.newaxis] / 255.0
x_test = x_test.astype("float32")[..., tf.newaxis] / 255.0
noise_factor = 0.2
x_train_noisy = x_train + noise_factor * tf.random.normal(shape=x_train.shape)
x_test_noisy = x_test + noise_factor * tf.random.normal(shape=x_test.shape)
x_train_noisy = tf.clip_by_value(x_train_noisy, clip_value_min=0.0, clip_value_max=1.0)
x_test_noisy = tf.clip_by_value(x_test_noisy, clip_value_min=0.0, clip_value_max=1.0)

image = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, (3, 3), activation="relu", padding="same", strides=2)(image)
code = layers.Conv2D(8, (3, 3), activation="relu", padding="same", strides=2)(x)
x = layers.Conv2DTranspose(8, kernel_size=3, strides=2, activation="relu", padding="same")(code)
x = layers.Conv2DTranspose(16, kernel_size=3, strides=2, activation="relu", padding="same")(x)
x = layers.Conv2D(1, kernel_size=(3, 3), activation="sigmoid", padding="same")(x)
autoencoder = Model(image, x)
autoencoder.compile(optimizer="adam", loss=losses.MeanSquaredError())
history = autoencoder.fit(
    x_train_noisy, x_train, epochs=3, shuffle=True, validation_data=(x_test_noisy, x_test), verbose=0
)
print("decoded", autoencoder.predict(x_test_noisy, verbose=0).shape)
print("encoded", Model(image, code).predict(x_test, verbose=0).shape)
print("learns:", history.history["loss"][-1] < history.history["loss"][0])
