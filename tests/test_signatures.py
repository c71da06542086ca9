"""The arguments of everything public: names, order and defaults are those of Keras 3.15.

`signatures.txt` holds Keras's, one to a line, without ``self``, ``*args`` and ``**kwargs``. Keyword-only arguments here
are additions.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import convcore as keras

ROOMS = ("layers", "losses", "metrics", "optimizers", "optimizers.schedules", "callbacks", "initializers",
         "regularizers", "constraints", "activations", "models")  # fmt: skip
METHODS = {"Model": keras.Model, "Callback": keras.callbacks.Callback}
#: What has other arguments, and why.
OTHERS = {
    "layers.InputSpec": "checks less than Keras's does",
    "Model.compute_output_shape": "names the one argument that it takes",
}

Arguments = list[tuple[str, Any]]
REQUIRED = "required"


def keras_s() -> dict[str, Arguments]:
    lines = (Path(__file__).parent / "signatures.txt").read_text(encoding="utf-8").splitlines()
    return {line.partition("(")[0]: list(parsed("(" + line.partition("(")[2])) for line in lines}


def parsed(signature: str) -> Iterator[tuple[str, Any]]:
    function = ast.parse(f"def f{signature}: pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    names, defaults = function.args.args, function.args.defaults
    for place, argument in enumerate(names, len(defaults) - len(names)):
        yield argument.arg, REQUIRED if place < 0 else ast.literal_eval(defaults[place])


def ours(what: Callable[..., Any]) -> Arguments:
    function = what.__init__ if inspect.isclass(what) else what
    parameters = inspect.signature(function).parameters.values()
    return [
        (each.name, REQUIRED if each.default is each.empty else each.default)
        for each in parameters
        if each.kind is each.POSITIONAL_OR_KEYWORD and each.name != "self"
    ]


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    for room in ROOMS:
        module = importlib.import_module(f"convcore.{room}")
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing) and thing is not keras.Model:
                yield f"{room}.{name}", thing


TABLE = keras_s()
PUBLIC = dict(public()) | {
    name: getattr(METHODS[name.partition(".")[0]], name.partition(".")[2])
    for name in TABLE
    if name.partition(".")[0] in METHODS
}


@pytest.mark.parametrize("name", sorted(set(PUBLIC) & set(TABLE) - set(OTHERS)))
def test_arguments_are_keras_s(name: str) -> None:
    expected, found = TABLE[name], ours(PUBLIC[name])
    defaults = dict(expected)
    if isinstance(defaults.get("name"), str) and ("name", None) in found:
        # None stands for the name that Keras writes there.
        assert PUBLIC[name]().name == defaults["name"]
        expected = [(argument, None if argument == "name" else default) for argument, default in expected]
    assert found == expected


def test_nothing_is_left_out_of_the_comparison() -> None:
    assert len(set(PUBLIC) & set(TABLE)) > 250
    assert set(OTHERS) <= set(TABLE)
    classes = {name for name, thing in PUBLIC.items() if inspect.isclass(thing) and name not in TABLE}
    assert classes == {"models.Functional", "models.Sequential", "optimizers.schedules.OneCycle"}
