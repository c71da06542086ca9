"""What every optimizer has: a learning rate, a step counter and flat slots that the engine updates.

The steps are kernels over the model's flat parameters; an optimizer holds the numbers and the state that they need.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from convcore.checks import flag, real, rebuild, shown, text, unit_interval
from convcore.errors import ModelFileError, NotSupportedError, ParameterError
from convcore.naming import auto_name
from convcore.optimizers import schedules
from convcore.optimizers.applying import Applying
from convcore.optimizers.learning_rate import LearningRate, ScheduledError
from convcore.shapes import integer

__all__ = ["Optimizer"]

Rate = float | schedules.LearningRateSchedule | Callable[[], float]


class Optimizer(Applying):
    """The base of the optimizers.

    Args:
        learning_rate: A float >= 0 that may be set at any time, a schedule, or a function without arguments.
        weight_decay: Before each step, ``w -= w * weight_decay * learning_rate``.
        clipnorm, global_clipnorm, clipvalue: The largest norm of each variable's gradient, of all gradients together,
            or the largest magnitude of an element; one of them at most.
        use_ema: Keep averages of the weights, ``average = ema_momentum * average + (1 - ema_momentum) * w``; the
            weights become the averages after every `ema_overwrite_frequency` steps, and at the end of fit.
        loss_scale_factor: What the loss is multiplied by, and the gradients are divided by.
        gradient_accumulation_steps: Batches whose mean gradient makes one step.
        name: The optimizer's name.

    `batches` counts the batches seen, `iterations` the steps done; `slots` are flat float32 arrays, one element for
    each parameter, that `build` allocates.
    """

    def __init__(
        self,
        learning_rate: Rate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("decay", None) is not None:
            warnings.warn("Argument `decay` is no longer supported and will be ignored.", UserWarning, stacklevel=3)
        if kwargs:
            raise ParameterError(f"Argument(s) not recognized: {shown(kwargs)}")
        super().__init__()
        self.name = auto_name(type(self).__name__) if name is None else text("name", name)
        self.weight_decay = _optional("weight_decay", weight_decay)
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        if sum(value is not None for value in clips.values()) > 1:
            raise ParameterError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
                + ", ".join(f"{argument}={shown(value)}" for argument, value in clips.items())
            )
        self.clipnorm = _optional("clipnorm", clipnorm)
        self.clipvalue = _optional("clipvalue", clipvalue)
        self.global_clipnorm = _optional("global_clipnorm", global_clipnorm)
        self.use_ema = flag("use_ema", use_ema)
        self.ema_momentum = unit_interval("ema_momentum", ema_momentum)
        self.ema_overwrite_frequency = _count("ema_overwrite_frequency", ema_overwrite_frequency, 1)
        self.loss_scale_factor = _optional("loss_scale_factor", loss_scale_factor, open_minimum=True)
        self.gradient_accumulation_steps = _count("gradient_accumulation_steps", gradient_accumulation_steps, 2)
        self.batches = 0
        self.slots: list[npt.NDArray[np.float32]] = []
        self._schedule: schedules.LearningRateSchedule | Callable[[], float] | None = None
        self._learning_rate = 0.0
        if isinstance(learning_rate, Mapping):
            learning_rate = schedules.deserialize(learning_rate)
        self.learning_rate = learning_rate

    @property
    def kernel(self) -> str:
        """The name of the engine's step."""
        raise NotSupportedError(
            f"convcore does not implement optimizers of one's own (received {type(self).__name__}; supported: those of "
            "convcore.optimizers)."
        )

    @property
    def iterations(self) -> int:
        """The steps done: the batches seen, or whole rounds of `gradient_accumulation_steps` of them."""
        return self.batches // (self.gradient_accumulation_steps or 1)

    @iterations.setter
    def iterations(self, value: int) -> None:
        self.batches = value * (self.gradient_accumulation_steps or 1)

    @property
    def steps_now(self) -> bool:
        """Whether the next batch makes a step, and is not only accumulated."""
        return (self.batches + 1) % (self.gradient_accumulation_steps or 1) == 0

    @property
    def learning_rate(self) -> LearningRate:
        """The learning rate of the next step, a float that has also ``numpy()`` and ``assign(value)``."""
        return LearningRate(self._rate(), self)

    @learning_rate.setter
    def learning_rate(self, value: Rate) -> None:
        if callable(value):
            self._schedule = value
            return
        if self._schedule is not None:
            raise ScheduledError(
                "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor "
                "argument, hence its learning rate is not settable. If you need the learning rate to be settable, you "
                "should instantiate the optimizer with a float `learning_rate` argument. "
                f"Received: learning_rate={shown(value)}"
            )
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        self._learning_rate = real("learning_rate", value)

    def _rate(self) -> float:
        """The learning rate of the next step as a plain number."""
        if self._schedule is None:
            return self._learning_rate
        if isinstance(self._schedule, schedules.LearningRateSchedule):
            return float(self._schedule(self.batches))
        return real("learning_rate", self._schedule())

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate follows a schedule or a function, and cannot be set."""
        return self._schedule is not None

    @property
    def step_slots(self) -> tuple[str, ...]:
        """The names of the slots of the step itself; those of averages and accumulated gradients follow them."""
        return ()

    @property
    def slot_names(self) -> tuple[str, ...]:
        """The names of the slots, in the order of `slots`."""
        averages = ("average",) if self.use_ema else ()
        sums = ("gradient_accumulator",) if self.gradient_accumulation_steps else ()
        return (*self.step_slots, *averages, *sums)

    def slot_count(self) -> int:
        """How many flat arrays the optimizer keeps."""
        return len(self.slot_names)

    def first_value(self, slot: str) -> float:
        """What every element of a new slot is."""
        return 0.0

    @property
    def built(self) -> bool:
        """Whether `slots` is allocated."""
        return len(self.slots) == self.slot_count()

    def build(self, variables: int | Sequence[Any]) -> None:
        """Allocate slots for `variables`, or for so many elements; slots of that size are kept with what they hold."""
        size = variables if isinstance(variables, int) else sum(math.prod(variable.shape) for variable in variables)
        if not self.built or any(slot.size != size for slot in self.slots):
            self.slots = [np.full(size, self.first_value(name), dtype=np.float32) for name in self.slot_names]
        if not isinstance(variables, int):
            self.bind(variables)

    def hyper(self) -> tuple[float, ...]:
        """The numbers that the kernel takes for the step about to be run."""
        raise NotImplementedError

    @property
    def joint_decay(self) -> float:
        """The weight decay that the step's own kernel does: all of it, unless some variables have none."""
        return 0.0 if self.weight_decay is None or self.decays_apart else self.weight_decay

    def count_params(self) -> int:
        """The elements of the state: the slots, the step counter and the learning rate."""
        return sum(slot.size for slot in self.slots) + (1 if self._schedule is not None else 2)

    def get_state(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state: "iterations" (int64, no axis; the batches seen) and each slot by its name."""
        state: dict[str, npt.NDArray[Any]] = {"iterations": np.array(self.batches, dtype=np.int64)}
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
        batches = np.asarray(state["iterations"])
        if batches.shape != () or batches.dtype.kind not in "iu" or batches < 0:
            raise ModelFileError(f"The state of {self.name} has iterations={shown(batches)}; expected a count.")
        slots = [np.array(state[name], dtype=np.float32) for name in names]
        sizes = {slot.size for slot in slots} | {slot.size for slot in self.slots}
        if any(slot.ndim != 1 for slot in slots) or len(sizes) > 1:
            raise ModelFileError(
                f"The state of {self.name} has slots of shapes {[slot.shape for slot in slots]}; expected flat arrays "
                f"of one size{'' if not self.slots else f', {self.slots[0].size}'}."
            )
        self.batches = int(batches)
        if slots:
            self.slots = slots

    def get_config(self) -> dict[str, Any]:
        """What makes this optimizer again, without its state, as plain data."""
        rate: Any = self._learning_rate
        if isinstance(self._schedule, schedules.LearningRateSchedule):
            rate = schedules.serialize(self._schedule)
        elif self._schedule is not None:
            raise NotSupportedError(
                f"convcore does not write a function as learning rate (received {shown(self._schedule)}; supported: a "
                "number, a LearningRateSchedule)."
            )
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.get_config()}>"


def _optional(name: str, value: float | None, *, open_minimum: bool = False) -> float | None:
    return None if value is None else real(name, value, open_minimum=open_minimum)


def _count(name: str, value: int | None, minimum: int) -> int | None:
    return integer(name, value, minimum) if value else None
