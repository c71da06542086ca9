"""save_model and load_model."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers, models, random, utils
from convcore.errors import ModelFileError, NotSupportedError, ParameterError, StateError
from convcore.saving.container import pack, unpack

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 8, 8, 1)).astype(np.float32)
Y = RNG.integers(0, 3, 30)


def build(**compile_arguments: Any) -> Sequential:
    utils.set_random_seed(1)
    model = Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Rescaling(0.5),
            layers.Conv2D(4, 3, strides=(1, 2), padding="same", activation="relu", kernel_initializer="he_normal"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            Sequential([layers.Dense(6), layers.ReLU(negative_slope=0.1), layers.Dropout(0.3)], name="inner"),
            layers.Dense(3),
            layers.Activation("softmax"),
        ]
    )
    if compile_arguments:
        model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"], **compile_arguments)
    return model


def same(one: Sequential, other: Sequential) -> None:
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.safetensors", "m.convcore", "m"])
def test_there_and_back_bit_for_bit_under_any_name(tmp_path: Path, name: str) -> None:
    model = build()
    model.save(tmp_path / name)
    loaded = models.load_model(tmp_path / name)
    assert loaded.get_config() == model.get_config()
    same(model, loaded)
    np.testing.assert_array_equal(model.predict(X, verbose=0), loaded.predict(X, verbose=0))
    assert not loaded.compiled


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_training_goes_on_bit_for_bit(tmp_path: Path, optimizer: str) -> None:
    model = build(optimizer=optimizer)
    model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = models.load_model(tmp_path / "m.keras")
    assert loaded.optimizer is not None
    assert loaded.optimizer.iterations == 4
    histories = [each.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0).history for each in (model, loaded)]
    assert histories[0] == histories[1]
    same(model, loaded)


def test_dropout_keeps_its_seed(tmp_path: Path) -> None:
    model = build()
    before = model(X, training=True)
    model.save(tmp_path / "m")
    random.set_seed(99)
    np.testing.assert_array_equal(models.load_model(tmp_path / "m")(X, training=True), before)


def test_loading_draws_no_random_numbers(tmp_path: Path) -> None:
    build(optimizer="adam").save(tmp_path / "m")
    random.set_seed(1)
    expected = random.next_seed()
    random.set_seed(1)
    models.load_model(tmp_path / "m")
    assert random.next_seed() == expected


def test_compile_false(tmp_path: Path) -> None:
    build(optimizer="adam").save(tmp_path / "m")
    assert models.load_model(tmp_path / "m").compiled
    assert not models.load_model(tmp_path / "m", compile=False).compiled


class Own(layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.late = self.add_weight((1,), trainable=False, name="late")
        self.w = self.add_weight((2,), name="w")

    def forward(self, x: Any, training: bool = False) -> Any:
        return x


def test_arguments_of_older_scripts(tmp_path: Path) -> None:
    model = build(optimizer="adam")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m", save_format="tf", include_optimizer=False)
    loaded = models.load_model(tmp_path / "m")
    assert not loaded.compiled
    same(loaded, model)
    models.save_model(model, tmp_path / "m.h5", save_format="h5")
    assert models.load_model(tmp_path / "m.h5").compiled
    with pytest.raises(ParameterError, match=r"argument\(s\) are not supported: \['signatures'\]"):
        model.save(tmp_path / "m", signatures=None)


def test_layers_of_ones_own_come_from_the_caller(tmp_path: Path) -> None:
    model = Sequential([layers.Input((2,)), Own()])
    model.set_weights([[1, 2], [3]])
    model.save(tmp_path / "m")
    with pytest.raises(ModelFileError, match="Unknown layer class 'Own'"):
        models.load_model(tmp_path / "m")
    same(model, models.load_model(tmp_path / "m", custom_objects={"Own": Own}))


def test_folders_are_refused_by_name(tmp_path: Path) -> None:
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    with pytest.raises(NotSupportedError, match="zipped=False"):
        model.save(tmp_path / "model", zipped=False)
    model.save(tmp_path / "model", zipped=True)


def test_unbuilt_models_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="not built"):
        Sequential([layers.Dense(2)]).save(tmp_path / "m")


def test_functions_of_ones_own_cannot_be_saved(tmp_path: Path) -> None:
    layer = layers.Dense(2, kernel_initializer=lambda shape, dtype=None: np.ones(shape))
    with pytest.raises(NotSupportedError, match="initializer"):
        Sequential([layers.Input((2,)), layer]).save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_missing_or_only_weights(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none"):
        models.load_model(tmp_path / "none.keras")
    build().save_weights(tmp_path / "w")
    with pytest.raises(ModelFileError, match="only weights"):
        models.load_model(tmp_path / "w")


def test_every_truncation_and_some_flipped_bits(tmp_path: Path) -> None:
    path = tmp_path / "m"
    Sequential([layers.Input((2,)), layers.Dense(1)]).save(path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileError):
            models.load_model(path)
    for position in range(0, len(data), 3):
        path.write_bytes(data[:position] + bytes([data[position] ^ 1 << position % 8]) + data[position + 1 :])
        with pytest.raises(ModelFileError):
            models.load_model(path)


def changed(path: Path, change: Any) -> None:
    """Rewrite the model file `path` with another configuration and a right checksum."""
    config, tensors = unpack(path.read_bytes(), str(path))
    change(config, tensors)
    path.write_bytes(pack(config, tensors))


def layer_of(config: Any, class_name: str) -> Any:
    return next(layer for layer in config["model"]["config"]["layers"] if layer["class_name"] == class_name)


def set_in(class_name: str, **values: Any) -> Any:
    return lambda config, tensors: layer_of(config, class_name)["config"].update(values)


def set_class(name: Any) -> Any:
    return lambda config, tensors: layer_of(config, "Flatten").update(class_name=name)


def deep(config: Any, tensors: Any) -> None:
    nested = config["model"]
    for _ in range(100):
        nested = {"class_name": "Sequential", "config": {"name": "n", "layers": [nested]}}
    config["model"] = nested


HOSTILE: list[tuple[str, Any]] = [
    ("stride 0", set_in("Conv2D", strides=[0, 1])),
    ("kernel 2**40", set_in("Conv2D", kernel_size=[2**40, 1])),
    ("kernel 20000", set_in("Conv2D", kernel_size=[20000, 20000])),
    ("filters 5", set_in("Conv2D", filters=5)),
    ("filters 2**30", set_in("Conv2D", filters=2**30)),
    ("filters none", set_in("Conv2D", filters=None)),
    ("filters list", set_in("Conv2D", filters=[])),
    ("padding -1", set_in("Conv2D", padding=-1)),
    ("padding {}", set_in("Conv2D", padding={})),
    ("name list", set_in("Conv2D", name=["a"])),
    ("name path", set_in("Conv2D", name="../../x")),
    ("name long", set_in("Conv2D", name="x" * 10**6)),
    ("surplus argument", set_in("Conv2D", nonsense=1)),
    ("activation", set_in("Conv2D", activation="os.system")),
    ("activation dict", set_in("Conv2D", activation={"class_name": "x"})),
    ("initializer", set_in("Conv2D", kernel_initializer={"class_name": "os.system", "config": {}})),
    ("initializer list", set_in("Conv2D", kernel_initializer=[])),
    ("pool 0", set_in("MaxPooling2D", pool_size=[0, 2])),
    ("pool 99", set_in("MaxPooling2D", pool_size=[99, 2], padding="valid")),
    ("units 2**40", set_in("Dense", units=2**40)),
    ("units 4", set_in("Dense", units=4)),
    ("units 2**31-1", set_in("Dense", units=2**31 - 1)),
    ("input", set_in("InputLayer", batch_shape=[None, 9, 8, 1])),
    ("input text", set_in("InputLayer", batch_shape="abc")),
    ("input empty", set_in("InputLayer", batch_shape=[])),
    ("scale", set_in("Rescaling", scale="1")),
    ("class", set_class("os.system")),
    ("class module", set_class("keras.utils.get_file")),
    ("class Lambda", set_class("Lambda")),
    ("class number", set_class(3)),
    ("not a model", lambda c, t: c.update(model=layer_of(c, "Dense"))),
    ("no model", lambda c, t: c.pop("model")),
    ("model text", lambda c, t: c.update(model="x")),
    ("layers text", lambda c, t: c["model"]["config"].update(layers="x")),
    ("layer gone", lambda c, t: c["model"]["config"]["layers"].remove(layer_of(c, "Dense"))),
    ("other input", lambda c, t: c["model"]["config"].update(build_input_shape=[None, 9, 8, 1])),
    ("layer twice", lambda c, t: c["model"]["config"]["layers"].append(layer_of(c, "Flatten"))),
    ("deep", deep),
    ("surplus entry", lambda c, t: c.update(nonsense=1)),
    ("surplus tensor", lambda c, t: t.update({"x": np.zeros(1, np.float32)})),
    ("tensor gone", lambda c, t: t.pop(next(iter(t)))),
    ("variables gone", lambda c, t: c.pop("variables")),
    ("variable gone", lambda c, t: c["variables"].pop()),
    ("surplus slot", lambda c, t: t.update({"optimizer/x": np.zeros(1, np.float32)})),
    ("slot size", lambda c, t: t.update({"optimizer/velocity": np.zeros(1, np.float32)})),
    ("slot gone", lambda c, t: t.pop("optimizer/velocity")),
    ("iterations -1", lambda c, t: c.update(iterations=-1)),
    ("iterations text", lambda c, t: c.update(iterations="1")),
    ("seeds gone", lambda c, t: c.pop("seeds")),
    ("seed path", lambda c, t: c["seeds"].update(nonsense=1)),
    ("compile list", lambda c, t: c.update(compile=[])),
    ("optimizer", lambda c, t: c["compile"].update(optimizer="os.system")),
    ("optimizer dict", lambda c, t: c["compile"].update(optimizer={"class_name": "x"})),
    ("learning rate", lambda c, t: c["compile"]["optimizer"]["config"].update(learning_rate=-1)),
    ("loss", lambda c, t: c["compile"].update(loss="os.system")),
    ("loss number", lambda c, t: c["compile"].update(loss=3)),
    ("metrics", lambda c, t: c["compile"].update(metrics=[["os.system"]])),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("model") / "m"
    model = build(optimizer="adam")
    model.fit(X, Y, verbose=0)
    model.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("change", [change for _, change in HOSTILE], ids=[name for name, _ in HOSTILE])
def test_hostile_configurations_are_refused(tmp_path: Path, trained: bytes, change: Any) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(trained)
    models.load_model(path)
    changed(path, change)
    with pytest.raises(ModelFileError, match="hostile"):
        models.load_model(path)


def test_loading_opens_one_file_and_imports_nothing(tmp_path: Path, trained: bytes) -> None:
    path = tmp_path / "m"
    path.write_bytes(trained)
    models.load_model(path)
    watched: list[tuple[str, Any]] = []
    active = True

    def hook(event: str, arguments: Any) -> None:
        if active and event.split(".")[0] in {
            "open",
            "import",
            "exec",
            "compile",
            "pickle",
            "os",
            "subprocess",
            "socket",
        }:
            watched.append((event, arguments))

    sys.addaudithook(hook)
    models.load_model(path)
    active = False
    # The path, and the descriptor that it became.
    assert [event for event, _ in watched] == ["open", "open"]
    assert watched[0][1][0] == str(path)
    assert isinstance(watched[1][1][0], int)


def test_not_a_number_loads(tmp_path: Path) -> None:
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.set_weights([np.full((2, 1), np.nan), [np.inf]])
    model.save(tmp_path / "m")
    same(model, models.load_model(tmp_path / "m"))


def test_the_configuration_is_readable(tmp_path: Path) -> None:
    from safetensors import safe_open

    build(optimizer="adam").save(tmp_path / "m.safetensors")
    with safe_open(tmp_path / "m.safetensors", "numpy") as file:
        metadata = file.metadata()
    assert (metadata["format"], metadata["version"]) == ("convcore", "1")
    assert json.loads(metadata["config"])["model"]["class_name"] == "Sequential"


SAVER = """
import sys, numpy as np
from convcore import Sequential, layers
model = Sequential([layers.Input((200,)), layers.Dense(100)])
for value in range(1, 10**9):
    model.set_weights([np.full((200, 100), value), np.full(100, value)])
    model.save(sys.argv[1])
    if value == 1:
        print(flush=True)
"""


@pytest.mark.slow
def test_a_killed_save_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "m"
    delays = np.random.default_rng(0).random(12) * 0.05
    for delay in delays:
        command = [sys.executable, "-c", SAVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
        kernel, bias = models.load_model(path).get_weights()
        assert (kernel == bias[0]).all()
    build().save(path)
    # What was killed before its first byte may be anybody's, and stays.
    assert [file for file in tmp_path.iterdir() if file.stat().st_size] == [path]
