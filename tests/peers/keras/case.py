"""Keras's TestCase over convcore's objects: its assertions as they are, its checks of a whole layer rewritten.

Of `run_layer_test` is left out what belongs to parts of Keras that convcore does not have: mixed precision, masks,
sparse and ragged tensors. Every layer takes a training step, which Keras's NumPy backend cannot.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from keras.src import testing

import convcore

__all__ = ["TestCase"]


class TestCase(testing.TestCase):
    def setUp(self) -> None:
        super().setUp()
        convcore.utils.clear_session()

    def run_class_serialization_test(self, instance: Any, custom_objects: Any = None) -> Any:
        config = instance.get_config()
        revived = type(instance).from_config(json.loads(json.dumps(config)))
        assert json.dumps(revived.get_config()) == json.dumps(config)
        assert set(dir(instance)) == set(dir(revived))
        return revived

    def run_layer_test(
        self,
        layer_cls: Any,
        init_kwargs: dict[str, Any],
        input_shape: Any = None,
        input_data: Any = None,
        expected_output_shape: Any = None,
        expected_output: Any = None,
        expected_num_trainable_weights: int | None = None,
        expected_num_non_trainable_weights: int | None = None,
        expected_num_losses: int | None = None,
        run_training_check: bool = True,
        assert_built_after_instantiation: bool = False,
        **others: Any,
    ) -> None:
        self.run_class_serialization_test(layer_cls(**init_kwargs))
        if assert_built_after_instantiation:
            assert layer_cls(**init_kwargs).built
        several = input_data is None and isinstance(input_shape[0], tuple)
        draw = np.random.default_rng(0)
        if several:
            x: Any = [draw.normal(size=shape) for shape in input_shape]
        else:
            x = draw.normal(size=input_shape) if input_data is None else np.asarray(input_data)
        shapes = [each.shape for each in x] if several else x.shape

        def check(layer: Any, shape: Any) -> None:
            assert layer.built
            if expected_num_trainable_weights is not None:
                self.assertLen(layer.trainable_weights, expected_num_trainable_weights)
            if expected_num_non_trainable_weights is not None:
                self.assertLen(layer.non_trainable_weights, expected_num_non_trainable_weights)
            if expected_output_shape is not None:
                assert tuple(shape) == tuple(expected_output_shape)

        layer = layer_cls(**init_kwargs)
        layer.build(shapes)
        check(layer, layer.compute_output_shape(shapes))
        layer = layer_cls(**init_kwargs)
        symbols = [convcore.Input(batch_shape=shape) for shape in (shapes if several else [shapes])]
        check(layer, layer(symbols if several else symbols[0]).shape)
        layer = layer_cls(**init_kwargs)
        y = layer(x)
        check(layer, y.shape)
        assert y.dtype == np.float32
        if expected_output is not None:
            self.assertAllClose(y, expected_output)
        if expected_num_losses is not None:
            self.assertLen(layer.losses, expected_num_losses)
        if run_training_check and not several:
            layer = layer_cls(**init_kwargs)
            model = convcore.Sequential([convcore.Input(batch_shape=(None, *x.shape[1:])), layer])
            model.compile(optimizer="sgd", loss="mse")
            before = [variable.numpy() for variable in layer.trainable_weights]
            assert np.isfinite(model.train_on_batch(x, np.ones_like(y)))
            for variable, value in zip(layer.trainable_weights, before, strict=True):
                assert (variable.numpy() != value).any(), variable.name
