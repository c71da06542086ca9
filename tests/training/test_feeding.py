"""Arrays, lists and dicts of them, generators: what fit, evaluate and predict take for models of any shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import Model, layers
from convcore.errors import ParameterError, ShapeError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 6)).astype(np.float32)
Z = RNG.normal(size=(20, 3)).astype(np.float32)
IDS = (X[:, 0] > 0).astype(np.int64)
VALUES = X[:, :2] * 2
WEIGHTS = RNG.uniform(0.5, 2, 20).astype(np.float32)


def two_outputs(as_dict: bool = False, **arguments: Any) -> Any:
    """Two inputs, a trunk, two heads; compiled."""
    keras.utils.set_random_seed(3)
    a, b = layers.Input((6,), name="first"), layers.Input((3,), name="second")
    h = layers.Concatenate()([layers.Dense(4, "tanh", name="left")(a), layers.Dense(4, "tanh", name="right")(b)])
    outputs = [layers.Dense(2, "softmax", name="kind")(h), layers.Dense(2, name="size")(h)]
    net = Model([a, b], {"size": outputs[1], "kind": outputs[0]} if as_dict else outputs)
    net.compile(
        **{"optimizer": "sgd", "loss": {"kind": "ce", "size": "mse"}, "metrics": {"kind": "accuracy"}} | arguments
    )
    return net


def test_every_form_of_the_same_data_trains_alike() -> None:
    def batches() -> Iterator[Any]:
        for start in range(0, 20, 5):
            part = slice(start, start + 5)
            yield (
                {"second": Z[part], "first": X[part]},
                {"size": VALUES[part], "kind": IDS[part]},
                {"size": WEIGHTS[part], "kind": WEIGHTS[part]},
            )

    histories = []
    for x, y, w in (
        ([X, Z], [IDS, VALUES], WEIGHTS),
        ((X, Z), (IDS, VALUES), [WEIGHTS, WEIGHTS]),
        ({"first": X, "second": Z}, {"size": VALUES, "kind": IDS}, {"kind": WEIGHTS, "size": WEIGHTS}),
        ([X.astype(np.float64), Z.tolist() and Z], [IDS.tolist(), VALUES], WEIGHTS.tolist() and WEIGHTS[:, None]),
    ):
        history = two_outputs().fit(x, y, sample_weight=w, batch_size=5, epochs=1, shuffle=False, verbose=0)
        histories.append(history.history)
    histories.append(two_outputs().fit(batches(), steps_per_epoch=4, verbose=0).history)
    assert list(histories[0]) == ["kind_accuracy", "kind_loss", "loss", "size_loss"]
    for other in histories[1:]:
        assert other == histories[0]


def test_validation_in_every_form() -> None:
    names = {"val_loss", "val_kind_loss", "val_size_loss", "val_kind_accuracy"}
    found = []
    for arguments in (
        {"validation_split": 0.25},
        {"validation_data": ([X[15:], Z[15:]], [IDS[15:], VALUES[15:]])},
        {"validation_data": [{"first": X[15:], "second": Z[15:]}, {"kind": IDS[15:], "size": VALUES[15:]}]},
        {"validation_data": iter([([X[15:], Z[15:]], [IDS[15:], VALUES[15:]])])},
    ):
        count = 20 if "validation_split" in arguments else 15
        net = two_outputs()
        data = [X[:count], Z[:count]], [IDS[:count], VALUES[:count]]
        history = net.fit(*data, sample_weight=np.ones(count), shuffle=False, verbose=0, **arguments).history
        assert names <= set(history)
        found.append([history[name][0] for name in sorted(names)])
    for other in found[1:]:
        assert other == pytest.approx(found[0])


def test_outputs_in_a_dict() -> None:
    net = two_outputs(True, loss={"kind": "ce", "size": "mse"}, loss_weights={"size": 0.5, "kind": 1})
    history = net.fit([X, Z], {"kind": IDS, "size": VALUES}, verbose=0).history
    assert list(history) == ["kind_accuracy", "kind_loss", "loss", "size_loss"]
    assert history["loss"][0] == pytest.approx(history["kind_loss"][0] + 0.5 * history["size_loss"][0])
    figures = net.evaluate([X, Z], {"kind": IDS, "size": VALUES}, verbose=0)
    assert net.metrics_names == ["loss", "kind_loss", "size_loss", "kind_accuracy"]
    by_name = net.evaluate([X, Z], {"kind": IDS, "size": VALUES}, verbose=0, return_dict=True)
    assert dict(zip(net.metrics_names, figures, strict=True)) == by_name
    assert list(net.predict([X, Z], verbose=0)) == ["size", "kind"]
    only = two_outputs(True, loss={"size": "mse"}, metrics=None)
    assert list(only.fit([X, Z], {"size": VALUES}, verbose=0).history) == ["loss"]


def test_batches_by_hand() -> None:
    net = two_outputs()
    before = net.test_on_batch([X, Z], [IDS, VALUES], return_dict=True)
    assert before["loss"] == pytest.approx(before["kind_loss"] + before["size_loss"])
    loss, kind, size, accuracy = net.train_on_batch({"first": X, "second": Z}, {"kind": IDS, "size": VALUES})
    assert (loss, kind, size, accuracy) == (*(before[name] for name in ("loss", "kind_loss", "size_loss")), accuracy)
    assert net.test_on_batch([X, Z], [IDS, VALUES])[0] < loss
    np.testing.assert_array_equal(net.predict_on_batch([X, Z])[1], net.predict([X, Z], verbose=0)[1])


def test_an_output_without_a_loss_needs_no_targets() -> None:
    net = two_outputs(loss={"kind": None, "size": "mse"}, metrics=None)
    before = net.get_layer("kind").get_weights()[0]
    assert list(net.fit([X, Z], [VALUES], verbose=0).history) == ["loss"]
    net.fit([X, Z], {"size": VALUES}, verbose=0)
    np.testing.assert_array_equal(net.get_layer("kind").get_weights()[0], before)
    net.compile("sgd", [None, "mse"], metrics=[["accuracy"], []])
    assert list(net.fit([X, Z], [IDS, VALUES], verbose=0).history) == ["kind_accuracy", "loss"]
    with pytest.raises(ParameterError, match="no targets for the metrics"):
        net.fit([X, Z], {"size": VALUES}, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"y": IDS}, ShapeError, "different structures"),
        ({"y": [IDS[:10], VALUES]}, ShapeError, "20 samples in x .* 10 in y"),
        ({"y": [None, VALUES]}, ParameterError, "`y` is missing"),
        ({"y": [IDS, VALUES], "sample_weight": [WEIGHTS]}, ShapeError, "one `sample_weight` array per output"),
        ({"y": [IDS, VALUES], "class_weight": {0: 2.0}}, ParameterError, "Models with a single output"),
    ],
)
def test_what_does_not_fit_is_named(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        two_outputs().fit([X, Z], verbose=0, **arguments)


def test_a_class_weight_of_two_classes_counts_as_weights_of_samples() -> None:
    losses = []
    for arguments in ({"class_weight": {1: 3.0}}, {"sample_weight": np.where(IDS == 1, 3.0, 1.0)}):
        keras.utils.set_random_seed(0)
        net = keras.Sequential([layers.Input((6,), name="points"), layers.Dense(1, "sigmoid")])
        net.compile("sgd", "binary_crossentropy")
        targets = IDS.astype(np.float32)[:, None]
        losses.append(net.fit({"points": X}, targets, epochs=2, verbose=0, **arguments).history["loss"])
    assert losses[0] == losses[1]
    with pytest.raises(ParameterError, match="'points' was not given"):
        net.predict({"x": X}, verbose=0)


@pytest.mark.parametrize("loss", ["mse", "sparse_categorical_crossentropy", "kl_divergence"])
@pytest.mark.parametrize("shape", [(20, 4, 5), (20, 4), (20,)], ids=str)
def test_weights_of_positions(loss: str, shape: tuple[int, ...]) -> None:
    """A weighted loss is the mean of the weighted losses of all positions; training agrees with testing by hand."""
    keras.utils.set_random_seed(0)
    net = keras.Sequential([layers.Input((4, 5, 2)), layers.Dense(3, "softmax")])
    net.compile(keras.optimizers.SGD(0.1), loss, weighted_metrics=[loss])
    x = RNG.normal(size=(20, 4, 5, 2))
    y: Any = RNG.integers(0, 3, (20, 4, 5))
    y = y if loss.startswith("sparse") else RNG.dirichlet(np.ones(3), (20, 4, 5))
    weights = RNG.uniform(0, 2, shape)
    values = keras.losses.get(loss).call(y, net(x))
    wide = np.broadcast_to(weights.reshape(shape + (1,) * (3 - len(shape))), (20, 4, 5))
    expected = float((values * wide).mean())
    found = net.evaluate(x, y, sample_weight=weights, batch_size=20, verbose=0)
    assert found == pytest.approx([expected, expected / wide.mean()], rel=1e-5)
    before = [w.copy() for w in net.get_weights()]
    net.train_on_batch(x, y, sample_weight=weights)
    steps = [(a - b) / 0.1 for a, b in zip(before, net.get_weights(), strict=True)]
    for place in ((0, 1), (1, 2)):
        sides = []
        for change in (1e-2, -1e-2):
            moved = [w.copy() for w in before]
            moved[0][place] += change
            net.set_weights(moved)
            sides.append(float((keras.losses.get(loss).call(y, net(x)) * wide).mean()))
        assert steps[0][place] == pytest.approx((sides[0] - sides[1]) / 2e-2, rel=2e-2, abs=1e-4)
