"""What every loss has: a name, a specification for the engine, validation of targets, a value in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from convcore.checks import rebuild, refuse, shown, text
from convcore.errors import DTypeError, NotSupportedError, ParameterError, ShapeError
from convcore.losses.tape import Recorded, gradient
from convcore.naming import to_snake_case

if TYPE_CHECKING:
    from convcore.program import LossSpec

__all__ = [
    "REDUCTIONS",
    "FunctionLoss",
    "Loss",
    "Operands",
    "array",
    "of_one_rank",
    "operands",
    "real_array",
    "reduced",
    "same_length",
]

Array = npt.NDArray[Any]
Operands = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

REDUCTIONS = ("sum_over_batch_size", "sum", None, "none", "mean", "mean_with_sample_weight")


class Loss:
    """The base of the losses: a name, a validation of targets and the specification for the engine.

    `reduction` makes one number of the values: their mean ("sum_over_batch_size", "mean"), the sum of the weighted
    values over that of the weights ("mean_with_sample_weight"), or the "sum"; "none" and None leave them, which
    training refuses.

    A loss of one's own is a subclass with ``call(y_true, y_pred)``, the value of each sample or one number for a batch,
    in operators and functions of NumPy, whose gradients are known; or it also has ``gradient(y_true, y_pred)``, the
    gradient of the sum of these values by `y_pred`. Training calls both once a batch.

    >>> class Cubic(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return (abs(y_pred - y_true) ** 3).mean(axis=-1)
    ...     def gradient(self, y_true, y_pred):
    ...         return 3 * (y_pred - y_true) * abs(y_pred - y_true) / y_pred.shape[-1]
    >>> float(Cubic()([[1.0]], [[3.0]]))
    8.0
    """

    #: The engine's kernel of this loss; "python" runs `call` and `gradient`.
    kind: ClassVar[str] = "python"

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: object = None
    ) -> None:
        refuse(type(self).__name__, {"dtype": dtype}, {"dtype": "float32"})
        if not (reduction is None or isinstance(reduction, str)) or reduction not in REDUCTIONS:
            raise ParameterError(
                f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. "
                f"Received: reduction={shown(reduction)}"
            )
        self.name = to_snake_case(type(self).__name__) if name is None else text("name", name)
        self.reduction = reduction

    def spec(self) -> LossSpec:
        """The loss as the engine takes it; NotSupportedError for one that cannot be trained with."""
        from convcore.program import LossSpec

        if self.reduction is None or self.reduction == "none":
            raise NotSupportedError(
                f"convcore does not train with reduction={self.reduction!r} of {type(self).__name__} (supported: "
                f"{', '.join(repr(name) for name in REDUCTIONS if name not in (None, 'none'))}): a loss is one number."
            )
        options = self._options()
        if self.kind == "python":
            if type(self).call is Loss.call:
                raise NotSupportedError(
                    f"convcore does not train with the loss {type(self).__name__}, which has no method "
                    "`call(self, y_true, y_pred)`."
                )
            options["function"] = self._value_and_gradient
        return LossSpec(self.kind, reduction=self.reduction, **options)

    def _options(self) -> dict[str, Any]:
        """What the engine has to know besides the kind and the reduction."""
        return {}

    def _value_and_gradient(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        if type(self).gradient is Loss.gradient:
            y_true, y_pred = np.asarray(y_true, np.float32), np.asarray(y_pred, np.float32)
        values = self._numbers(self.call(*of_one_rank(y_true, y_pred)))
        # One number for the batch is the mean of as many.
        values = np.broadcast_to(values, (len(y_pred),)) if values.ndim == 0 else values
        return values, np.asarray(self.gradient(y_true, y_pred))

    def _numbers(self, values: Any) -> Array:
        """What `call` gave, which must be real numbers."""
        numbers = np.asarray(values)
        if numbers.dtype.kind not in "biuf":
            raise DTypeError(
                f"loss {self.name!r}: expected a number per sample, or one for the batch, got {shown(values)}. "
                "Does its function return what it computed?"
            )
        return numbers

    def targets(self, y: npt.ArrayLike, output_shape: tuple[int, ...]) -> Array:
        """`y` validated against the model's output shape (without the batch axis), as the metrics are to see it."""
        return real_array(y)

    def kernel_targets(self, targets: Array) -> Array:
        """What `targets` gave, as the engine is to see it."""
        return targets

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample, (n,) or (n, ...), in NumPy."""
        raise NotImplementedError(f"{type(self).__name__} has no method `call(self, y_true, y_pred)`.")

    def gradient(self, y_true: Any, y_pred: Any) -> Any:
        """The gradient of the sum of `call(y_true, y_pred)` by `y_pred`, of its shape, from what `call` does."""
        truth, guess = of_one_rank(np.asarray(y_true), np.asarray(y_pred))
        recorded = Recorded(guess)
        values = self.call(truth, recorded)
        found = gradient(values, recorded) * (len(guess) if np.ndim(values) == 0 else 1)
        return found.reshape(np.shape(y_pred))

    def __call__(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Any:
        """The loss of a batch, a float32; with ``reduction="none"`` the weighted values."""
        truth, guess = np.asarray(y_true), array(y_pred)
        if self.kind == "python":
            truth, guess = of_one_rank(truth, guess)
        values = self.call(truth, guess)
        if isinstance(values, Recorded):
            return self._reduced(values, sample_weight)
        values = self._numbers(values)
        return reduced(values, sample_weight, self.reduction, self._counted(y_true))

    def _reduced(self, values: Recorded, sample_weight: Any) -> Any:
        """The loss of a batch within a loss of one's own."""
        if sample_weight is not None:
            raise NotSupportedError(
                f"convcore does not implement `sample_weight` of {type(self).__name__} in a loss of one's own "
                "(supported: None)"
            )
        if self.reduction in (None, "none"):
            return values
        return values.sum() if self.reduction == "sum" else values.mean()

    def _counted(self, y_true: npt.ArrayLike) -> Array | None:
        """Which of the values count at all; None for all."""
        return None

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)


class FunctionLoss(Loss):
    """A loss that the engine has a kernel for and this room a function; targets have the shape of the output."""

    function: ClassVar[Callable[..., Array]]

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the function, which are those of the configuration."""
        return {}

    def call(self, y_true: Any, y_pred: Any) -> Array:
        return type(self).function(y_true, y_pred, **self.arguments())

    def targets(self, y: npt.ArrayLike, output_shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        targets = real_array(y)
        if (*targets.shape[1:], 1) == output_shape:
            targets = targets[..., np.newaxis]
        elif targets.shape[1:] == (*output_shape, 1):
            targets = targets[..., 0]
        if targets.shape[1:] != output_shape:
            raise ShapeError(
                f"{self.name} takes targets of the output's shape (n, {', '.join(map(str, output_shape))}). "
                f"Received y of shape {targets.shape}."
            )
        return targets.astype(np.float32, copy=False)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.arguments()


def reduced(
    values: Array, sample_weight: npt.ArrayLike | None, reduction: str | None, counted: Array | None = None
) -> Any:
    """`values`, weighted, as one number; values that are not `counted` weigh nothing, and no mean counts them."""
    weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if counted is not None:
        mask = counted.astype(np.float64)
        if reduction in ("mean", "sum_over_batch_size"):
            mask = mask * (mask.size / mask.sum() if mask.any() else 0.0)
        weights = mask if weights is None else weights.reshape(weights.shape + (1,) * (mask.ndim - weights.ndim)) * mask
    if weights is not None:
        if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
            weights = weights[..., 0]
        elif 0 < weights.ndim < values.ndim:
            weights = weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))
        try:
            values = values * weights
        except ValueError:
            raise ShapeError(
                f"sample_weight of shape {weights.shape} does not fit losses of shape {values.shape}."
            ) from None
    if reduction in (None, "none") or values.shape in ((), (0,)):
        return values.astype(np.float32)[()]
    total = values.sum()
    if reduction != "sum":
        by_weights = reduction == "mean_with_sample_weight" and weights is not None
        divisor = float(np.sum(weights)) if by_weights and weights is not None else values.size
        total = total / divisor if divisor else 0.0
    return np.float32(total)


def of_one_rank(truth: Array, guess: Array) -> tuple[Array, Array]:
    """Targets and predictions of one rank: a last axis of 1 that only one of them has is added or dropped."""
    if guess.ndim == truth.ndim + 1 and guess.shape[-1] == 1:
        return (truth[:, np.newaxis], guess) if truth.ndim == 1 else (truth, guess[..., 0])
    if truth.ndim == guess.ndim + 1 and truth.shape[-1] == 1:
        return (truth, guess[:, np.newaxis]) if guess.ndim == 1 else (truth[..., 0], guess)
    return truth, guess


def array(value: Any, dtype: Any = None) -> Array:
    """`value` as an array; one that remembers how it was made stays as it is."""
    kept: Any = value if isinstance(value, Recorded) else np.asarray(value, dtype)
    found: Array = kept
    return found


def operands(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Operands:
    """Targets and predictions in float64 and of one rank: a last axis of 1 is added or dropped, as Keras does."""
    truth, guess = of_one_rank(np.asarray(y_true, dtype=np.float64), array(y_pred, np.float64))
    if truth.shape != guess.shape:
        if truth.ndim and guess.ndim:
            same_length(truth, guess)
        raise ShapeError(
            f"y_true of shape {truth.shape} does not fit y_pred of shape {guess.shape}: they must have the same shape."
        )
    return truth, guess


def real_array(y: npt.ArrayLike) -> Array:
    """`y` as an array of numbers with at least one axis."""
    try:
        array = np.asarray(y)
    except ValueError as error:
        raise ShapeError(f"y is ragged: its rows have different lengths ({error}).") from None
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"y must hold real numbers. Received dtype {array.dtype}.")
    if array.ndim == 0:
        raise ShapeError("y must have one entry per sample. Received a single number.")
    return array


def same_length(targets: Array, predictions: Array) -> None:
    if len(targets) != len(predictions):
        raise ShapeError(f"y_true has {len(targets)} samples and y_pred {len(predictions)}.")
