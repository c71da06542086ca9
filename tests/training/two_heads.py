"""A network with a skip connection, two inputs and two outputs, and what Keras's own training makes of it.

`figures.json` beside this file was written by Keras 3.15.1 on PyTorch, running these lines: for each optimizer the
losses of some steps, the figures of an epoch with validation, and those of evaluate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(48, 8, 8, 3)).astype(np.float32)
POINTS = RANDOM.normal(size=(48, 4)).astype(np.float32)
KINDS = RANDOM.integers(0, 3, 48)
SIZES = (IMAGES.mean(axis=(1, 2))[:, :2] + POINTS[:, :2]).astype(np.float32)
WEIGHTS = [RANDOM.uniform(0.5, 2, 48).astype(np.float32) for _ in range(2)]


def optimizers(keras: Any) -> dict[str, Callable[[], Any]]:
    """Every optimizer, and what all of them can do besides."""
    o = keras.optimizers
    # Epsilons that rounding in gradients near 0 does not reach.
    return {
        "sgd": lambda: o.SGD(0.001, momentum=0.9, nesterov=True),
        "rmsprop": lambda: o.RMSprop(0.005, momentum=0.5, centered=True, epsilon=1e-4),
        "adam": lambda: o.Adam(0.01, epsilon=1e-3),
        "amsgrad": lambda: o.Adam(0.01, epsilon=1e-3, amsgrad=True),
        "adamw": lambda: o.AdamW(0.01, epsilon=1e-3),
        "adamax": lambda: o.Adamax(0.01, epsilon=1e-3),
        "nadam": lambda: o.Nadam(0.01, epsilon=1e-3),
        "adagrad": lambda: o.Adagrad(0.05),
        "adadelta": lambda: o.Adadelta(0.1, epsilon=1e-4),
        "ftrl": lambda: o.Ftrl(0.05),
        "lion": lambda: o.Lion(0.001),
        "clipped": lambda: o.SGD(0.01, global_clipnorm=0.5, weight_decay=0.01),
        "clipped each": lambda: o.SGD(0.01, clipnorm=0.3),
        "averaged": lambda: o.SGD(0.001, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3),
        "accumulated": lambda: o.Adam(0.01, epsilon=1e-3, gradient_accumulation_steps=2),
        "scheduled": lambda: o.Adam(
            o.schedules.CosineDecay(0.01, 20, warmup_target=0.02, warmup_steps=4), epsilon=1e-3
        ),
    }


def model(keras: Any) -> Any:
    """The network, with weights that follow from a seed of NumPy's."""
    layers, regularizers = keras.layers, keras.regularizers
    images, points = layers.Input((8, 8, 3), name="images"), layers.Input((4,), name="points")
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, kernel_regularizer=regularizers.L2(0.01))(images)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.Conv2D(4, 3, padding="same", activation="relu", bias_regularizer=regularizers.L1(0.01))(x)
    x = layers.Flatten()(layers.MaxPooling2D()(layers.Dropout(0.0)(layers.Add()([x, y]))))
    h = layers.Dense(5, activation="tanh", activity_regularizer=regularizers.L2(0.001))(points)
    x = layers.Concatenate()([x, h])
    kinds = layers.Dense(3, activation="softmax", name="kind")(x)
    sizes = layers.Dense(2, name="size", kernel_regularizer=regularizers.L1L2(0.001, 0.002))(x)
    net = keras.Model([images, points], [kinds, sizes])
    random = np.random.default_rng(5)
    weights = [0.2 * random.normal(size=weight.shape).astype(np.float32) for weight in net.get_weights()]
    net.set_weights([np.abs(w) + 0.5 if w.shape == (4,) else w for w in weights])
    return net


def figures(keras: Any, name: str) -> dict[str, Any]:
    """What training with the optimizer called `name` gives."""
    net = model(keras)
    net.compile(
        optimizers(keras)[name](),
        loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.7},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
        weighted_metrics={"size": ["mse"]},
    )
    steps = []
    for step in range(6):
        part = slice(16 * (step % 3), 16 * (step % 3) + 16)
        data = [IMAGES[part], POINTS[part]], [KINDS[part], SIZES[part]]
        steps.append(net.train_on_batch(*data, sample_weight=[each[part] for each in WEIGHTS], return_dict=True))
    history = net.fit(
        {"images": IMAGES, "points": POINTS},
        [KINDS, SIZES],
        sample_weight=WEIGHTS,
        batch_size=20,
        epochs=2,
        shuffle=False,
        validation_split=0.25,
        verbose=0,
    ).history
    evaluated = net.evaluate([IMAGES, POINTS], {"kind": KINDS, "size": SIZES}, verbose=0)
    return {
        "steps": {key: [float(step[key]) for step in steps] for key in steps[0]},
        "history": {key: [float(figure) for figure in found] for key, found in history.items()},
        "evaluate": [float(figure) for figure in evaluated],
    }
