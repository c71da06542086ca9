"""Attributes of Keras's layers and models that convcore's do not have: refused by name where they are used."""

from __future__ import annotations

from typing import Any, NoReturn

from convcore.errors import MissingAttributeError

__all__ = ["OF_LAYERS", "OF_MODELS", "Refused", "refuse_attributes"]

_OWN_STEP = "fit with losses and metrics of one's own"
_STREAMS = "generators as the x of fit, evaluate and predict"

#: Each name with what there is instead, of layers and, beside those, of models.
OF_LAYERS: dict[str, str] = {
    "add_loss": "activity_regularizer, kernel_regularizer and the like",
    "add_metric": "metrics of compile",
    "add_variable": "add_weight",
    "build_from_config": "build(input_shape)",
    "compute_mask": "none, as there are no masks between layers",
    "compute_output_spec": "compute_output_shape",
    "dtype_policy": "dtype, 'float32'",
    "enable_lora": "float32 kernels that are trained whole",
    "get_build_config": "get_config",
    "load_own_variables": "set_weights",
    "quantize": "float32",
    "save_own_variables": "get_weights",
    "stateless_call": "the call of a layer",
}
OF_MODELS: dict[str, str] = {
    "compute_loss": _OWN_STEP,
    "compute_metrics": _OWN_STEP,
    "evaluate_generator": _STREAMS,
    "export": "save",
    "fit_generator": _STREAMS,
    "get_metrics_result": "evaluate with return_dict=True",
    "make_predict_function": "predict",
    "make_test_function": "evaluate",
    "make_train_function": "fit",
    "predict_classes": "predict(x).argmax(axis=-1)",
    "predict_generator": _STREAMS,
    "predict_proba": "predict",
    "predict_step": "predict",
    "stateless_compute_loss": _OWN_STEP,
    "test_step": _OWN_STEP,
    "to_yaml": "to_json",
    "train_step": _OWN_STEP,
}


class Refused:
    """An attribute that raises when it is read, of a class too: ``hasattr`` says that there is none."""

    def __init__(self, name: str, instead: str) -> None:
        self.name = name
        self.instead = instead

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise MissingAttributeError(
            f"convcore does not implement {self.name} of {owner.__name__} (supported: {self.instead})"
        )


def refuse_attributes(cls: Any, names: dict[str, str]) -> None:
    """Let objects of `cls` refuse `names`; a subclass that defines one has it."""
    for name, instead in names.items():
        setattr(cls, name, Refused(name, instead))
