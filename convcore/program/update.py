"""What follows the gradients of a batch: clipping, the optimizer's step, averages, constraints."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from convcore.plans import constraints
from convcore.plans.steps import Buffer, Origin, Steps
from convcore.variables import FlatParameters, Variable

__all__ = ["Optimizer", "Update"]

FloatArray = npt.NDArray[np.float32]

# Elements of one task of the kernels that go over flat parameters: the sums of squares are one for each.
BLOCK = 4096

# The engine's kernels by the name that an optimizer gives, and the slots that each takes, in their order.
OPTIMIZERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sgd": ("sgd_step", ("momentum",)),
    "adam": ("adam_step", ("momentum", "velocity")),
    "amsgrad": ("amsgrad_step", ("momentum", "velocity", "velocity_hat")),
    "rmsprop": ("rmsprop_step", ("velocity", "average_gradient", "momentum")),
    "nadam": ("nadam_step", ("momentum", "velocity")),
    "adagrad": ("adagrad_step", ("accumulator",)),
    "adadelta": ("adadelta_step", ("accumulated_grad", "accumulated_delta_var")),
    "adamax": ("adamax_step", ("momentum", "norm")),
    "ftrl": ("ftrl_step", ("accumulator", "linear")),
    "lion": ("lion_step", ("momentum",)),
}

# The numbers of a step: those of its kernel, then these.
MOST_HYPER = 8
DECAY, UNSCALE, BATCHES, LIMIT, AVERAGE, OVERWRITE, NUMBERS = range(MOST_HYPER, MOST_HYPER + 7)


class Optimizer(Protocol):
    """What training asks of an optimizer: its kernel, its state in flat arrays, and the numbers of each step."""

    slots: list[FloatArray]
    batches: int
    places: dict[int, slice]
    decay_version: int
    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None

    @property
    def kernel(self) -> str: ...

    @property
    def built(self) -> bool: ...

    @property
    def iterations(self) -> int: ...

    @property
    def steps_now(self) -> bool: ...

    @property
    def learning_rate(self) -> float: ...

    @property
    def decays_apart(self) -> bool: ...

    @property
    def slot_names(self) -> tuple[str, ...]: ...

    def build(self, flat_size: int) -> None: ...

    def hyper(self) -> tuple[float, ...]: ...

    def decays(self, variable: Any) -> bool: ...


class Update:
    """The steps by which `optimizer` changes `parameters`, batch by batch.

    A batch whose loss, `total`, is not finite changes nothing. The gradients are those of the loss times the
    optimizer's `loss_scale_factor`, unless they are not `scaled`: in float32 the two cancel. `identities` are the
    variables that the optimizer knows, if the parameters are copies of them.
    """

    def __init__(
        self,
        parameters: FlatParameters,
        optimizer: Optimizer,
        total: npt.NDArray[np.float64] | None = None,
        identities: Sequence[Any] | None = None,
        scaled: bool = True,
    ) -> None:
        self.parameters = parameters
        self.optimizer = optimizer
        self.identities = parameters.variables if identities is None else identities
        self._total = total
        self._scaled = scaled
        self._numbers = np.zeros(NUMBERS, dtype=np.float64)
        # The variables with a constraint that is a function of the user's.
        self._constrained: list[Variable] = []
        self._programs: dict[Hashable, Any] = {}
        offsets = zip(parameters.offsets, parameters.offsets[1:], strict=False)
        optimizer.places = {id(v): slice(*ends) for v, ends in zip(self.identities, offsets, strict=True)}

    def key(self) -> Hashable:
        """What the plan of the next batch depends on, beside the parameters."""
        o = self.optimizer
        clips = (o.clipnorm is None, o.clipvalue is None, o.global_clipnorm is None)
        return (o.steps_now, clips, o.decay_version, o.loss_scale_factor is None, o.use_ema)

    def refresh(self) -> None:
        """Take in what somebody may have set since the last batches; slots are made if there are none."""
        o, numbers = self.optimizer, self._numbers
        if not o.built:
            o.build(self.parameters.values.size)
        if o.loss_scale_factor is not None:
            numbers[UNSCALE] = 1.0 / o.loss_scale_factor
        numbers[BATCHES] = o.gradient_accumulation_steps or 1
        numbers[LIMIT] = o.clipnorm or o.global_clipnorm or o.clipvalue or 0.0
        constrained = (v for v in self.parameters.variables if v.constraint is not None and v.trainable)
        self._constrained = [v for v in constrained if constraints.plan_of(v.constraint) is None]

    def advance(self) -> None:
        """Get the numbers of the next batch ready, after `refresh`."""
        o, numbers = self.optimizer, self._numbers
        if o.steps_now:
            for place, number in enumerate(o.hyper()):
                numbers[place] = number
            if o.decays_apart:
                numbers[DECAY] = o.learning_rate * (o.weight_decay or 0.0)
        if o.use_ema:
            done, often = o.iterations, o.ema_overwrite_frequency
            numbers[AVERAGE] = o.ema_momentum if done else 0.0
            numbers[OVERWRITE] = often is not None and (done + 1) % often == 0

    def finish(self) -> None:
        """Count the batch, after the constraints that are functions of the user's."""
        self.optimizer.batches += 1
        for variable in self._constrained:
            variable.assign(variable.constraint(variable.value))

    def finalize(self) -> None:
        """The end of a training: with averages of weights, those become the weights."""
        o = self.optimizer
        if o.use_ema and o.built:
            average = o.slots[o.slot_names.index("average")]
            for first, last in self.parameters.trainable_ranges():
                self.parameters.values[first:last] = average[first:last]

    # -------------------------------------------------------------------------------------------------- planning

    def plan(self, steps: Steps) -> None:
        """Append the steps of the next batch, for which `refresh` was called."""
        o, ranges = self.optimizer, self.parameters.trainable_ranges()
        values, gradients = self.parameters.values, self.parameters.gradients
        slots = dict(zip(o.slot_names, o.slots, strict=True))
        steps.origin = Origin("optimizer")
        if o.loss_scale_factor is not None and self._scaled:
            self._over(steps, "scale_gradients", ranges, UNSCALE, None, gradients)
        if o.gradient_accumulation_steps:
            sums = slots["gradient_accumulator"]
            kind = {"kind": int(o.steps_now)}
            self._over(steps, "accumulate_gradients", ranges, BATCHES, self._loss(steps), sums, gradients, **kind)
        if o.steps_now:
            self.plan_clipping(steps)
            if o.decays_apart:
                decaying = [o.decays(variable) for variable in self.identities]
                self._over(steps, "decay_weights", self._places(decaying), DECAY, self._loss(steps), values)
            kernel, names = OPTIMIZERS[o.kernel]
            flats = [values, gradients, *(slots.get(name) for name in names)]
            self._over(steps, kernel, ranges, 0, self._loss(steps), *flats, work=8)
        if o.use_ema:
            self._over(steps, "average_weights", ranges, AVERAGE, self._loss(steps), slots["average"], values)
        for variable, start in zip(self.parameters.variables, self.parameters.offsets, strict=False):
            planned = None if variable.constraint is None else constraints.plan_of(variable.constraint)
            if planned is not None and variable.trainable and variable.size:
                place = steps.bind(values).at(4 * start)
                constraints.constrain(steps, planned, variable.shape, self._total_or_none(steps), place)

    def plan_clipping(self, steps: Steps) -> None:
        """Append the steps that clip the gradients."""
        o, gradients = self.optimizer, self.parameters.gradients
        if o.clipnorm:
            for place in self._places([True] * len(self.identities)):
                self._clip_norm(steps, [place], 0)
        elif o.global_clipnorm:
            self._clip_norm(steps, self.parameters.trainable_ranges(), 1)
        elif o.clipvalue:
            self._over(steps, "clip_gradients", self.parameters.trainable_ranges(), LIMIT, None, gradients)

    def _clip_norm(self, steps: Steps, ranges: list[tuple[int, int]], kind: int) -> None:
        """One norm over `ranges`: sums of squares of blocks, their sum in a fixed order, and the factor from it."""
        if not ranges:
            return
        blocks = [-(-(last - first) // BLOCK) for first, last in ranges]
        sums, factor = steps.bytes(8 * sum(blocks)), steps.bytes(8)
        gradients, done = steps.bind(self.parameters.gradients), 0
        for (first, last), count in zip(ranges, blocks, strict=True):
            fields = {"count": last - first}
            steps.add("sum_squares", fields, gradients.at(4 * first), sums.at(8 * done), work=last - first)
            done += count
        fields = {"count": done, "kind": kind}
        steps.add("clip_factor", fields, self._number(steps, LIMIT), sums, factor, work=done)
        for first, last in ranges:
            steps.add("scale_gradients", {"count": last - first}, factor, gradients.at(4 * first), work=last - first)
        steps.release(sums)
        steps.release(factor)

    def _over(
        self,
        steps: Steps,
        kernel: str,
        ranges: list[tuple[int, int]],
        number: int,
        loss: Callable[[], Buffer | None] | None,
        *flats: FloatArray | None,
        work: int = 1,
        **fields: int,
    ) -> None:
        """`kernel` over ranges of flat arrays; `loss`, if the kernel takes one, is where it is."""
        for first, last in ranges:
            places = [None if flat is None else steps.bind(flat).at(4 * first) for flat in flats]
            guard = [] if loss is None else [loss()]
            count = last - first
            steps.add(
                kernel, {"count": count, **fields}, self._number(steps, number), *guard, *places, work=count * work
            )

    def _number(self, steps: Steps, number: int) -> Buffer:
        return steps.bind(self._numbers).at(8 * number)

    def _loss(self, steps: Steps) -> Callable[[], Buffer | None]:
        return lambda: self._total_or_none(steps)

    def _total_or_none(self, steps: Steps) -> Buffer | None:
        return None if self._total is None else steps.bind(self._total)

    def _places(self, wanted: Sequence[bool]) -> list[tuple[int, int]]:
        """The ranges of the trainable variables that are `wanted`, one each."""
        offsets = zip(self.parameters.offsets, self.parameters.offsets[1:], strict=False)
        found = zip(self.parameters.variables, offsets, wanted, strict=True)
        return [ends for variable, ends, want in found if want and variable.trainable and ends[0] < ends[1]]

    # ------------------------------------------------------------------------------------------- without a model

    def run_alone(self) -> None:
        """One batch on the gradients as they are."""
        self.refresh()
        self.advance()
        trainable = tuple(variable.trainable for variable in self.parameters.variables)
        key = (self.key(), trainable, *map(id, self.optimizer.slots))
        program = self._programs.get(key)
        if program is None:
            steps = Steps()
            self.plan(steps)
            program = self._programs[key] = steps.build()
        program.run(())
        self.finish()

    def clip_alone(self) -> None:
        """Clip the gradients as they are."""
        self.refresh()
        steps = Steps()
        self.plan_clipping(steps)
        steps.build().run(())
