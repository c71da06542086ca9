"""What a learning rate schedule is: a function of the number of batches seen, with a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from convcore.checks import rebuild

__all__ = ["Configured", "LearningRateSchedule"]


class LearningRateSchedule:
    """The base of the schedules: a subclass implements ``__call__(step) -> float`` and `get_config`."""

    def __call__(self, step: int) -> float:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)


class Configured(LearningRateSchedule):
    """A schedule whose configuration is the arguments of its constructor, kept under their names."""

    _arguments: ClassVar[tuple[str, ...]]

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._arguments}
