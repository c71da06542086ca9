"""A small ResNet with augmentation on drawn digits: functional API, batch normalization, skip connections, callbacks.

A script for Keras in which one line was changed, the import, but that the digits are convcore's own: they are drawn and
need no network.
"""

import argparse

import convcore as keras
from convcore import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--images", type=int, default=6000, help="train on so many images")
args = parser.parse_args()

# Images of shape (28, 28) with pixels from 0 to 255, and labels from 0 to 9.
(x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
x_train, y_train = x_train[: args.images, ..., None], y_train[: args.images]
x_test = x_test[..., None]


def residual_block(x, filters, strides=1):
    """Two convolutions with batch normalization, added to what they were given."""
    shortcut = x
    if strides > 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(x)
        shortcut = layers.BatchNormalization(momentum=0.9)(shortcut)
    y = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization(momentum=0.9)(y)
    y = layers.Activation("relu")(y)
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization(momentum=0.9)(y)
    y = layers.Add()([shortcut, y])
    return layers.Activation("relu")(y)


keras.utils.set_random_seed(0)
augmentation = keras.Sequential(
    [
        layers.RandomTranslation(0.08, 0.08, fill_mode="constant"),
        layers.RandomRotation(0.03, fill_mode="constant"),
        layers.RandomZoom(0.1, fill_mode="constant"),
    ],
    name="augmentation",
)

inputs = keras.Input(shape=(28, 28, 1))
x = layers.Rescaling(1 / 255)(inputs)
x = augmentation(x)
x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x)
x = layers.BatchNormalization(momentum=0.9)(x)
x = layers.Activation("relu")(x)
x = residual_block(x, 16)
x = residual_block(x, 32, strides=2)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs, name="small_resnet")
model.summary()

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=3e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=args.epochs,
    validation_split=0.1,
    callbacks=[
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.3, patience=1, verbose=1),
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=4, restore_best_weights=True),
    ],
)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"Test loss {loss:.4f}, test accuracy {accuracy:.4f}")
wrong = (model.predict(x_test, verbose=0).argmax(axis=1) != y_test).nonzero()[0]
print(f"{len(wrong)} of {len(y_test)} test images are not recognised")
