"""The configuration of a layer, and copies of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from convcore import regularizers
from convcore.errors import NotSupportedError
from convcore.layers.eager import Eager

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.layers.symbolic import Call
    from convcore.variables import FlatParameters

__all__ = ["Configured"]


class Configured:
    """A thing of a `name` that its constructor's arguments make anew."""

    name: str
    built: bool
    activity_regularizer: Any
    _trainable: bool
    _home: FlatParameters | None
    _eager: Eager
    _calls: list[Call]
    _inner_call: Call | None

    # A copy has been called nowhere yet: its calls would drag the whole model along.
    _not_copied: ClassVar[frozenset[str]] = frozenset({"_home", "_eager", "_calls", "_inner_call"})

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON types. A layer of one's own adds its arguments to them."""
        config = {"name": self.name, "trainable": self._trainable, "dtype": "float32"}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer, without weights yet, from what `get_config` returned."""
        if isinstance(config.get("activation"), dict):
            from convcore.layers.registry import deserialize

            config = {**config, "activation": deserialize(config["activation"])}
        return cls(**config)

    @classmethod
    def _restore(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]]) -> Any:
        """A new layer from a configuration; a model passes `custom_objects` on to its layers."""
        return cls.from_config(config)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        # The flat buffers and compiled forms belong to the original: the copy makes its own when it needs them.
        for key, value in self.__dict__.items():
            if key not in self._not_copied:
                twin.__dict__[key] = copy.deepcopy(value, memo)
        twin._home = None
        twin._eager = Eager()
        twin._calls = []
        twin._inner_call = None
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise NotSupportedError(
            f"convcore does not implement pickling of {type(self).__name__} objects (supported: model.save(path) and "
            "keras.models.load_model(path), copy.deepcopy)"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
