"""A script with a command line, a seed, callbacks and a confusion matrix."""

import argparse
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tensorflow.keras.backend as K
from tensorflow.keras.callbacks import EarlyStopping
from tensorflow.keras.datasets import mnist
from tensorflow.keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.optimizers import SGD
from tensorflow.keras.optimizers.schedules import ExponentialDecay

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--out", default="model.safetensors")
args = parser.parse_args()

tf.get_logger().setLevel("ERROR")
tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
tf.random.set_seed(1)
np.random.seed(1)
gpus = tf.config.list_physical_devices("GPU")
print("Num GPUs Available: ", len(gpus))
for gpu in gpus:
    tf.config.experimental.set_memory_growth(gpu, True)


def load():
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    x_train = tf.cast(x_train[..., tf.newaxis], tf.float32) / 255.0
    x_test = tf.expand_dims(x_test / 255.0, -1)
    return (x_train, tf.one_hot(y_train, 10)), (x_test, y_test)


def build():
    model = Sequential()
    model.add(Conv2D(4, 3, padding="same", activation="relu", input_shape=(28, 28, 1)))
    model.add(MaxPooling2D())
    model.add(Dropout(0.25))
    model.add(Flatten())
    model.add(Dense(10))
    return model


if __name__ == "__main__":
    K.clear_session()
    (x_train, y_train), (x_test, y_test) = load()
    with tf.device("/CPU:0"):
        model = build()
    rate = ExponentialDecay(1e-2, decay_steps=10, decay_rate=0.9)
    model.compile(
        optimizer=SGD(learning_rate=rate, momentum=0.9),
        loss=tf.keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    stop = EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True)
    history = model.fit(
        x_train,
        y_train,
        epochs=args.epochs,
        validation_data=(x_test, tf.one_hot(y_test, 10)),
        verbose=0,
        callbacks=[stop],
    )
    print(sorted(history.history))
    y_pred = tf.argmax(model.predict(x_test, verbose=0), axis=1)
    matrix = tf.math.confusion_matrix(y_test, y_pred, num_classes=10)
    print("confusion", matrix.shape, matrix.numpy().sum())
    print("mean", float(tf.reduce_mean(tf.cast(tf.equal(y_test, y_pred), tf.float32))) <= 1)
    model.save(args.out)
    print(type(load_model(args.out)).__name__, model.layers[0].kernel.numpy().shape)
