"""The classifier of the MNIST tutorials: two convolutions, two poolings, two dense layers.

A script for Keras in which one line was changed, the import. MNIST comes from the folder that CONVCORE_DATA names, from
the cache or from the network; where there is none, it says so and draws digits, as with `--data digits`.
"""

import argparse

import convcore as keras

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", choices=("mnist", "digits"), default="mnist")
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--images", type=int, help="train on so many images only")
args = parser.parse_args()

# Images of shape (28, 28, 1) with pixels from 0 to 1, and labels from 0 to 9.
try:
    (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, args.data).load_data()
except OSError as nowhere:
    print(nowhere, "Digits take its place.")
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
x_train, y_train = x_train[: args.images], y_train[: args.images]
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype("float32") / 255

keras.utils.set_random_seed(0)
model = keras.models.Sequential(
    [
        keras.layers.Input((28, 28, 1)),
        keras.layers.Conv2D(64, (3, 3), activation="relu"),
        keras.layers.MaxPooling2D(2, 2),
        keras.layers.Conv2D(64, (3, 3), activation="relu"),
        keras.layers.MaxPooling2D(2, 2),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=args.epochs, validation_split=0.1)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"Test loss {loss:.4f}, test accuracy {accuracy:.4f}")

classes = model.predict(x_test[:10], verbose=0).argmax(axis=1)
print("The first ten images show", *y_test[:10], "and the model sees", *classes)
