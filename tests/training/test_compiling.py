"""compile, and the program that it leads to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import layers
from convcore.errors import NotSupportedError, ParameterError
from tests.training.small import CLASSES, data, model

X, Y = data()


def test_a_model_without_a_shape_is_built_by_its_data() -> None:
    for call in ("fit", "predict", "evaluate", "train_on_batch", "predict_on_batch"):
        net = keras.Sequential([layers.Dense(4, "relu"), layers.Dense(CLASSES, "softmax")])
        net.compile("adam", "sparse_categorical_crossentropy")
        getattr(net, call)(X, *([] if "predict" in call else [Y]), **({} if "on_batch" in call else {"verbose": 0}))
        assert net.input_shape == (None, 5)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64", ">f4", "bool"])
def test_inputs_of_other_dtypes_are_cast(dtype: str) -> None:
    x = np.abs(X * 3).astype(dtype)
    net = model()
    np.testing.assert_allclose(
        net.predict(x, verbose=0), net.predict(x.astype(np.float32), verbose=0), rtol=1e-6, atol=1e-7
    )
    net.fit(x, Y, verbose=0)
    net.fit(x[::-1], Y.tolist(), verbose=0)


def test_compile_refuses_at_once() -> None:
    net = model()
    for arguments, error in (
        ({"optimizer": "adm"}, ParameterError),
        ({"loss": "nothing"}, ParameterError),
        ({"loss": "dice"}, NotSupportedError),
        ({"loss": keras.losses.Hinge(reduction="none")}, NotSupportedError),
        ({"metrics": "accuracy"}, ParameterError),
        ({"metrics": ["acuracy"]}, ParameterError),
        ({"metrics": {"dense": "acuracy"}}, ParameterError),
        ({"loss": {"other": "mse"}}, ParameterError),
        ({"loss": ["mse", "mse"]}, ParameterError),
        ({"loss_weights": "1"}, ParameterError),
        ({"loss_weights": [1.0, 2.0]}, ParameterError),
        ({"loss_weights": float("nan")}, ParameterError),
        ({"metrics": [keras.metrics.Mean(name="loss")]}, ParameterError),
        ({"weighted_metrics": ["MeanIoU"]}, ParameterError),  # it needs the number of classes
        ({"weighted_metrics": ["R2Score"]}, NotSupportedError),
        ({"math": "precise"}, ParameterError),
    ):
        with pytest.raises(error):
            net.compile(**{"loss": "mse"} | arguments)
        assert net.metrics_names == ["loss", "accuracy"]  # what was compiled before stays
    net.compile(loss="mse", run_eagerly=True, steps_per_execution=4, jit_compile=True)
    assert net.optimizer.name.startswith("rm_sprop")


def test_compile_arguments_are_plain_data() -> None:
    net = model(optimizer=keras.optimizers.Adam(0.25), metrics=["acc", keras.metrics.MeanSquaredError(name="own")])
    twin = keras.Sequential([layers.Input((5,)), layers.Dense(CLASSES, "softmax")])
    assert twin.get_compile_config() is None
    twin.compile_from_config(net.get_compile_config())
    assert twin.get_compile_config() == net.get_compile_config()
    assert twin.optimizer.learning_rate == 0.25


def test_maths_of_one_model_whatever_is_chosen_for_all(tmp_path: Path) -> None:
    """One chooses for itself, one follows; the choice is in explain, in the kernels, in the bits and in the file."""
    x = np.random.default_rng(0).normal(size=(3, 10, 10, 16)).astype(np.float32)
    net = keras.Sequential([layers.Input(x.shape[1:]), layers.Conv2D(16, 3), layers.MaxPooling2D()])
    net.compile(math="exact")
    net.save(tmp_path / "net.convcore")
    follower = keras.models.clone_model(net)
    follower.set_weights(net.get_weights())
    follower.compile()
    results = {}
    for all_others in ("exact", "fast"):
        keras.set_math(all_others)
        for one in (net, keras.models.load_model(tmp_path / "net.convcore")):
            report = one.explain(3, as_dict=True)
            assert report["math"] == "exact"
            assert [step["kernel"] for step in report["steps"]] == ["conv2d_forward_pool"]
            np.testing.assert_array_equal(one.predict(x, verbose=0), net.predict_on_batch(x))
        results[all_others] = follower.predict_on_batch(x)
        assert follower.explain(3, as_dict=True)["math"] == all_others
    np.testing.assert_array_equal(results["exact"], net.predict_on_batch(x))
    assert (results["fast"] != results["exact"]).any()


@pytest.mark.parametrize("images", [1, 9])
@pytest.mark.parametrize("alive", [0.1, 0.4, 1.0])
def test_zeros_that_exact_maths_skips_change_no_bit(images: int, alive: float) -> None:
    """Before a pool what is zero is skipped, unless a weight is not finite; a convolution alone sums all."""
    random = np.random.default_rng(0)
    x = (random.normal(size=(images, 13, 13, 64)) * (random.random((images, 13, 13, 64)) < alive)).astype(np.float32)
    nets = [keras.Sequential([layers.Input(x.shape[1:]), layers.Conv2D(64, 3)]) for _ in range(2)]
    nets[1].add(layers.MaxPooling2D())
    kernel = random.normal(size=(3, 3, 64, 64)).astype(np.float32)
    for weight in (0.5, np.inf):
        kernel[1, 2, 3, 4] = weight
        for net in nets:
            net.compile(math="exact")
            net.set_weights([kernel, random.normal(size=64)])
        nets[1].set_weights(nets[0].get_weights())
        alone, pooled = (net.predict_on_batch(x) for net in nets)
        windows = alone[:, :10, :10].reshape(images, 5, 2, 5, 2, 64)
        np.testing.assert_array_equal(pooled, windows.max(axis=(2, 4)))


def test_layers_added_after_fit_are_trained_too() -> None:
    net = model()
    net.fit(X, Y, verbose=0)
    net.add(layers.Dense(2, "softmax"))
    net.fit(X, Y % 2, verbose=0)
    assert net.predict(X, verbose=0).shape == (100, 2)


def test_frozen_layers_stay() -> None:
    net = model(optimizer="adam")
    net.layers[0].trainable = False
    first, second = net.layers[0].get_weights(), net.layers[1].get_weights()
    net.fit(X, Y, verbose=0)
    assert np.array_equal(net.layers[0].get_weights()[0], first[0])
    assert not np.array_equal(net.layers[1].get_weights()[0], second[0])


@pytest.mark.parametrize(
    "config",
    [
        None,
        {},
        {"optimizer": {"class_name": "os.system", "config": {}}},
        {"optimizer": {"class_name": "Adam", "config": {"momentum": 1}}},
        {"optimizer": {"class_name": "Adam", "config": [1]}},
        {"optimizer": {"class_name": "Adam", "config": {"learning_rate": {"class_name": "OneCycle", "config": {}}}}},
        {"optimizer": {"class_name": "Adam", "config": {"learning_rate": -1}}},
        {"optimizer": {"class_name": "Adam", "config": {"name": ["a"]}}},
        {"optimizer": "adam", "loss": {"class_name": "MeanSquaredError", "config": {"axis": 1}}},
        {"optimizer": "adam", "loss": {"config": {}}},
        {"optimizer": "adam", "loss": "mse", "metrics": [{"class_name": "Mean", "config": {"name": {}}}]},
        {"optimizer": "adam", "loss": "mse", "metrics": 3},
    ],
    ids=str,
)
def test_compile_arguments_from_a_file_are_checked_like_all_others(config: Any) -> None:
    with pytest.raises(ParameterError):
        model().compile_from_config(config)
