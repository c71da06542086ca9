"""Arrays that answer .numpy()."""

from __future__ import annotations

import numpy as np

from convcore import activations
from convcore.stand_ins.tensors import Tensor, answering
from tests.stand_ins.test_finder import python


def test_arrays_and_numbers_come_back_as_tensors_and_the_rest_as_it_is() -> None:
    assert isinstance(answering(np.ones)(2), Tensor)
    assert answering(np.float32)(2).numpy() == 2
    assert type(answering(np.ones)(2).numpy()) is np.ndarray
    assert answering(len)([1, 2]) == 2
    assert f"{answering(np.float32)(0.25):.2f}" == "0.25"


def test_an_activation_keeps_its_own_function() -> None:
    assert answering(activations.relu).__wrapped__ is activations.relu


def test_layers_models_and_losses_answer_with_tensors_after_install() -> None:
    script = """
import numpy as np, keras, tensorflow as tf
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation=tf.nn.relu)])
y = model(np.ones((1, 3)))
print(y.numpy().shape, model.layers[0](np.ones((1, 3))).numpy().shape, model.layers[0].get_config()["activation"])
print(keras.losses.MeanSquaredError()(np.ones((1, 2)), np.zeros((1, 2))).numpy(), type(model.predict([[1, 2, 3]])))
print(tf.nn.softmax(np.zeros((1, 2))).numpy())
"""
    said = python(script.replace("model.predict([[1, 2, 3]])", "model.predict(np.ones((1, 3)), verbose=0)"))
    assert said.splitlines() == ["(1, 2) (1, 2) relu", "1.0 <class 'numpy.ndarray'>", "[[0.5 0.5]]"]
