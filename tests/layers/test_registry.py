"""The closed list of layer classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import convcore as keras
from convcore import Sequential, layers
from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.registry import deserialize, serialize


@pytest.mark.parametrize(
    "layer",
    [
        layers.Activation("tanh"),
        layers.ActivityRegularization(l1=0.5),
        layers.RMSNormalization(epsilon=0.5),
        layers.AlphaDropout(0.5, noise_shape=(None, 1), seed=3),
        layers.ELU(0.5),
        layers.LayerNormalization(axis=[1, 2], scale=False),
        layers.LeakyReLU(),
        layers.PReLU(shared_axes=[1]),
        layers.BatchNormalization(axis=1, scale=False),
        layers.Conv2D(2, 3),
        layers.Dense(2),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.GaussianDropout(0.5, seed=3),
        layers.GaussianNoise(0.5),
        layers.GroupNormalization(2, axis=1, center=False),
        layers.InputLayer((2,)),
        layers.MaxPooling2D(),
        layers.ReLU(),
        layers.Rescaling(2.0),
        layers.SeparableConv2D(2, 3),
        layers.Softmax(),
        layers.SpatialDropout1D(0.5, name="lines"),
        layers.SpatialDropout2D(0.5, "channels_first"),
        layers.UnitNormalization(axis=[1, 2]),
        Sequential([layers.Input((4,)), layers.Dense(2)]),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_there_and_back(layer: layers.Layer) -> None:
    twin = deserialize(serialize(layer))
    assert type(twin) is type(layer)
    assert serialize(twin) == serialize(layer)


@pytest.mark.parametrize(
    "config",
    [
        None,
        "Dense",
        {},
        {"class_name": "Dense"},
        {"class_name": "Dense", "config": []},
        {"class_name": "os.system", "config": {}},
        {"class_name": "Layer", "config": {}},
        {"class_name": ["Dense"], "config": {}},
        {"class_name": "Dense", "config": {}},
        {"class_name": "Dense", "config": {"units": 3, "nonsense": 1}},
        {"class_name": "Dense", "config": {"units": -3}},
    ],
)
def test_what_is_no_layer_is_refused(config: Any) -> None:
    with pytest.raises(ParameterError):
        deserialize(config)


def test_layers_of_keras_are_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.layers\.LSTM"):
        deserialize({"class_name": "LSTM", "config": {}})


class Own(layers.Layer):
    def forward(self, x: Any, training: bool = False) -> Any:
        return x


def test_classes_of_ones_own_come_from_the_caller_only() -> None:
    config = serialize(Own(name="own"))
    with pytest.raises(ParameterError, match="Unknown layer class 'Own'"):
        deserialize(config)
    assert type(deserialize(config, {"Own": Own})) is Own
    nested = serialize(Sequential([layers.Input((2,)), Own()]))
    assert type(deserialize(nested, {"Own": Own})) is Sequential


def test_a_configuration_without_a_name(tmp_path: Path) -> None:
    class Nameless(layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = units

        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal")

        def call(self, x: Any) -> Any:
            return x @ self.w

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units}

    custom = {"Nameless": Nameless}
    inputs = layers.Input((4,))
    functional = keras.Model(inputs, Nameless(3)(inputs))
    again = keras.Model.from_config(functional.get_config(), custom)
    assert again.layers[1].name == functional.layers[1].name
    for model in (functional, keras.Sequential([layers.Input((4,)), Nameless(3), Nameless(2)])):
        model.save(tmp_path / "m.keras")
        loaded = keras.models.load_model(tmp_path / "m.keras", custom)
        assert (loaded([[1.0, 2, 3, 4]]) == model([[1.0, 2, 3, 4]])).all()


def test_the_name_of_a_built_in_class_is_taken() -> None:
    own = type("Dense", (Own,), {})
    with pytest.raises(NotSupportedError, match="Dense"):
        serialize(own())


def test_a_factory_must_return_a_layer() -> None:
    class Odd(Own):
        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            return 3

    with pytest.raises(ParameterError, match="not a layer"):
        deserialize({"class_name": "Odd", "config": {}}, {"Odd": Odd})
