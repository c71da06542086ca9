"""Fashion-MNIST with callbacks: stop early, keep the best model, lower the learning rate, log to a CSV file.

A script for Keras in which one line was changed, the import. The images come from the folder that CONVCORE_DATA names,
from the cache or from the network; where there are none, it says so and draws digits.
"""

import argparse
from pathlib import Path

import convcore as keras
from convcore import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--images", type=int, help="train on so many images only")
parser.add_argument("--out", type=Path, default=Path(), help="the folder for the model and the log")
args = parser.parse_args()

CLASSES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")

try:
    (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
except OSError as nowhere:
    print(nowhere, "Digits take its place.")
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    CLASSES = tuple("0123456789")
x_train, y_train = x_train[: args.images, ..., None], keras.utils.to_categorical(y_train[: args.images], 10)
x_test, labels = x_test[..., None], y_test

keras.utils.set_random_seed(1)
model = keras.Sequential(name="fashion")
model.add(keras.Input(shape=(28, 28, 1)))
model.add(layers.Rescaling(1 / 255))
model.add(layers.Conv2D(32, 3, padding="same", activation="relu"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(64, 3, padding="same", activation="relu"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dropout(0.4))
model.add(layers.Dense(128, activation="relu"))
model.add(layers.Dense(10))


class Best(keras.callbacks.Callback):
    """Says so whenever the validation is better than ever."""

    def on_train_begin(self, logs=None):
        self.best = 0.0

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] > self.best:
            self.best = logs["val_accuracy"]
            print(f"Best so far: {self.best:.4f}, after epoch {epoch + 1}")


file = args.out / "fashion.safetensors"
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.05),
    metrics=["accuracy"],
)
history = model.fit(
    x_train,
    y_train,
    epochs=args.epochs,
    validation_split=0.1,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=4, restore_best_weights=True, verbose=1),
        keras.callbacks.ModelCheckpoint(str(file), monitor="val_accuracy", save_best_only=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=2, verbose=1),
        keras.callbacks.CSVLogger(str(args.out / "fashion.csv")),
        Best(),
    ],
)

best = keras.models.load_model(str(file))
loss, accuracy = best.evaluate(x_test, keras.utils.to_categorical(labels, 10), verbose=0)
print(f"{len(history.epoch)} epochs; the best model has a test accuracy of {accuracy:.4f}")
seen = best.predict(x_test[:5], verbose=0).argmax(axis=1)
names = [f"{CLASSES[label]} (seen: {CLASSES[guess]})" for label, guess in zip(labels[:5], seen, strict=True)]
print("The first five images:", ", ".join(names))
