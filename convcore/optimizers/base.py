"""What every optimizer has: a learning rate, a step counter and flat slots that the engine updates.

The step itself is one kernel call over the model's flat parameters; an optimizer holds the numbers it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from convcore.checks import real, rebuild, refuse, shown, text
from convcore.errors import ModelFileError, StateError
from convcore.optimizers import schedules
from convcore.optimizers.learning_rate import LearningRate

__all__ = ["Optimizer"]

#: Arguments of Keras's optimizers that must keep their neutral value here.
_NEUTRAL: dict[str, object] = {
    "amsgrad": False,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


class Optimizer:
    """The base of the optimizers. `learning_rate` is a float >= 0 that may be set at any time, or a schedule.

    `iterations` counts the steps done; `slots` are flat float32 arrays, one element per parameter, that `build`
    allocates.
    """

    #: The kernel of the engine that does the step.
    kernel: ClassVar[str]

    def __init__(
        self,
        learning_rate: float | schedules.LearningRateSchedule,
        weight_decay: float | None,
        name: str,
        unsupported: Mapping[str, object],
    ) -> None:
        refuse(type(self).__name__, unsupported, _NEUTRAL)
        self.name = text("name", name)
        self.weight_decay = None if weight_decay is None else real("weight_decay", weight_decay)
        self.iterations = 0
        self.slots: list[npt.NDArray[np.float32]] = []
        self._schedule: schedules.LearningRateSchedule | None = None
        self._learning_rate = 0.0
        if isinstance(learning_rate, Mapping):
            learning_rate = schedules.deserialize(learning_rate)
        if isinstance(learning_rate, schedules.LearningRateSchedule):
            self._schedule = learning_rate
        else:
            self.learning_rate = learning_rate

    @property
    def learning_rate(self) -> LearningRate:
        """The learning rate of the next step, a float that has also ``numpy()`` and ``assign(value)``."""
        rate = self._learning_rate if self._schedule is None else self._schedule(self.iterations)
        return LearningRate(rate, self)

    @learning_rate.setter
    def learning_rate(self, value: float | schedules.LearningRateSchedule) -> None:
        if self._schedule is not None:
            raise StateError(
                "This optimizer was made with a learning rate schedule, so its learning rate cannot be set. "
                f"Received: learning_rate={shown(value)}. Hint: make the optimizer with a float."
            )
        if isinstance(value, schedules.LearningRateSchedule):
            self._schedule = value
            return
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        self._learning_rate = real("learning_rate", value)

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The names of the slots, in the order of `slots`."""
        return ()

    def slot_count(self) -> int:
        """How many flat arrays the step keeps."""
        return len(self.slot_names)

    @property
    def built(self) -> bool:
        """Whether `slots` is allocated."""
        return len(self.slots) == self.slot_count()

    def build(self, flat_size: int) -> None:
        """Allocate zeroed slots of `flat_size` elements; slots of that size are kept with what they hold."""
        if not self.built or any(slot.size != flat_size for slot in self.slots):
            self.slots = [np.zeros(flat_size, dtype=np.float32) for _ in self.slot_names]

    def hyper(self) -> tuple[float, ...]:
        """The numbers that the kernel takes for the step about to be run."""
        raise NotImplementedError

    def count_params(self) -> int:
        """The elements of the state: the slots, the step counter and the learning rate."""
        return sum(slot.size for slot in self.slots) + (1 if self._schedule is not None else 2)

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state: "iterations" (int64, no axis) and each slot by its name."""
        state: dict[str, npt.NDArray[Any]] = {"iterations": np.array(self.iterations, dtype=np.int64)}
        for name, slot in zip(self.slot_names, self.slots, strict=False):
            state[name] = slot.copy()
        return state

    def set_state(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Put back what `get_state` gave; raises ModelFileError, and changes nothing, if it does not fit."""
        names = [name for name in self.slot_names if name in state]
        if (
            "iterations" not in state
            or set(state) != {"iterations", *names}
            or len(names) not in (0, self.slot_count())
        ):
            raise ModelFileError(
                f"The state of {self.name} has the entries {sorted(state)}; expected: "
                f"{sorted(['iterations', *self.slot_names])}."
            )
        iterations = np.asarray(state["iterations"])
        if iterations.shape != () or iterations.dtype.kind not in "iu" or iterations < 0:
            raise ModelFileError(f"The state of {self.name} has iterations={shown(iterations)}; expected a count.")
        slots = [np.array(state[name], dtype=np.float32) for name in names]
        sizes = {slot.size for slot in slots} | {slot.size for slot in self.slots}
        if any(slot.ndim != 1 for slot in slots) or len(sizes) > 1:
            raise ModelFileError(
                f"The state of {self.name} has slots of shapes {[slot.shape for slot in slots]}; expected flat arrays "
                f"of one size{'' if not self.slots else f', {self.slots[0].size}'}."
            )
        self.iterations = int(iterations)
        if slots:
            self.slots = slots

    def get_config(self) -> dict[str, Any]:
        """What makes this optimizer again, without its state, as plain data."""
        rate = self._learning_rate if self._schedule is None else schedules.serialize(self._schedule)
        return {"name": self.name, "learning_rate": rate, "weight_decay": self.weight_decay}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.get_config()}>"
