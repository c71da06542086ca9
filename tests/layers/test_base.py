"""The base class: layers of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore.errors import NotSupportedError, ShapeError


class Scale(layers.Layer):
    """y = x * factor, per feature."""

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def forward(self, x: Any, training: bool = False) -> Any:
        self.x = x
        return x * self.factor.value

    def backward(self, dy: Any) -> Any:
        self.factor.grad[...] = (dy * self.x).sum(axis=0)
        return dy * self.factor.value


class Sum(layers.Layer):
    """The sum of each sample, keeping one axis."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], 1)

    def forward(self, x: Any, training: bool = False) -> Any:
        self.count = x.shape[1]
        return x.sum(axis=1, keepdims=True)

    def backward(self, dy: Any) -> Any:
        return np.repeat(dy, self.count, axis=1)


def test_a_layer_of_ones_own_alone() -> None:
    layer = Scale()
    assert layer.name.startswith("scale")
    assert layer([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    layer.set_weights([[2, 3]])
    assert layer([[1, 2]]).dtype == np.float32
    assert layer([[1, 2]]).tolist() == [[2, 6]]
    assert layer.built
    assert layer.count_params() == 2


def test_layers_of_ones_own_in_a_model() -> None:
    model = Sequential([layers.Input((2,)), Scale(), layers.Dense(3, kernel_initializer="ones"), Sum()])
    assert model.output_shape == (None, 1)
    x = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    y = model.forward(x)
    assert y.tolist() == [[9.0], [21.0]]
    dx = model.backward(np.ones((2, 1), np.float32))
    assert dx.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert model.layers[0].weights[0].grad.tolist() == [12.0, 18.0]


def test_the_output_has_the_shape_that_was_said() -> None:
    class Wrong(layers.Layer):
        def forward(self, x: Any, training: bool = False) -> Any:
            return x[:, :1]

    with pytest.raises(ShapeError, match=r"\(1, 1\) where compute_output_shape\(\) says \(1, 2\)"):
        Wrong()([[1, 2]])


def test_layers_without_anything_are_refused() -> None:
    with pytest.raises(NotSupportedError, match="computes nothing"):
        layers.Layer()([[1.0]])


def test_forward_without_backward() -> None:
    class Half(layers.Layer):
        def forward(self, x: Any, training: bool = False) -> Any:
            return x / 2

    layer = Half()
    assert layer([[1.0]]).tolist() == [[0.5]]
    with pytest.raises(NotSupportedError, match="backward"):
        layer.backward([[1.0]])


def test_build_runs_once_and_writes_the_shape_down() -> None:
    class Counting(Scale):
        builds = 0

        def build(self, input_shape: Any) -> None:
            self.builds += 1
            super().build(input_shape)

    layer = Counting()
    layer.build([None, 4])
    layer.build((None, 4))
    layer(np.zeros((1, 4)))
    assert (layer.builds, layer._build_shape, len(layer.weights)) == (1, (None, 4), 1)


class Square(layers.Layer):
    """y = x * x, the same in training and inference."""

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        self.x = x
        return x * x

    def backward(self, dy: Any) -> Any:
        return 2 * self.x * dy


class SquareAgain(Square):
    """Inherits the forward that takes no `training`."""


class Cube(Square):
    """Extends it, with `training`."""

    def forward(self, x: Any, training: bool = True) -> Any:
        return super().forward(x, training=training) * x


class Squares:
    """No layer by itself."""

    def forward(self, x: Any) -> Any:
        return x * x


class MixedIn(Squares, layers.Layer):  # type: ignore[misc]
    """Has its forward from elsewhere."""


@pytest.mark.parametrize("kind", [Square, SquareAgain, MixedIn])
def test_forward_can_leave_out_training(kind: Any) -> None:
    x = np.array([[1.0, -2.0]], np.float32)
    assert kind()(x).tolist() == [[1, 4]]
    assert kind()(x, training=True).tolist() == [[1, 4]]
    assert kind().forward(x).tolist() == kind().forward(x, training=True).tolist() == [[1, 4]]
    model = Sequential([layers.Input((2,)), kind()])
    assert model(x).tolist() == model.forward(x, training=True).tolist() == model.predict(x, verbose=0).tolist()
    assert Cube()(x, training=True).tolist() == [[1, -8]]


def test_a_layer_without_training_trains() -> None:
    model = Sequential([layers.Input((2,)), layers.Dense(2, kernel_initializer="ones"), Square(), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()[0]
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    assert not np.array_equal(model.get_weights()[0], before)
    assert model.backward(np.ones_like(model.forward(np.ones((4, 2))))).shape == (4, 2)


def test_inputs_are_an_argument_by_name() -> None:
    x = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(layers.ReLU()(inputs=x), x)
    np.testing.assert_array_equal(layers.Softmax()(inputs=x), layers.Softmax()(x))
