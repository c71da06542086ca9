"""Checks of arguments that are not arrays and not geometry: real numbers, flags, names."""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import numbers
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from convcore.errors import NotSupportedError, ParameterError
from convcore.keras_names import missing

__all__ = [
    "counted",
    "find",
    "flag",
    "real",
    "rebuild",
    "refuse",
    "remembered",
    "shown",
    "text",
    "unit_interval",
    "whole",
]

P = ParamSpec("P")
T = TypeVar("T")

# Of a function that remembers: the arguments met last.
MOST_REMEMBERED = 256


def _is_shape(value: object) -> bool:
    """Whether `value` is a tuple of ints, or of such tuples."""
    return type(value) is tuple and all(type(item) is int or _is_shape(item) for item in value)


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, a pure one with a result that nobody changes, with its last results kept; errors are not.

    Kept is what came of ints, strings, flags, None and tuples of ints: of other arguments two that are equal may yet
    differ, as 2.0 differs from 2.

    >>> tuples = []
    >>> add = remembered(lambda pair: tuples.append(pair) or sum(pair))
    >>> add((1, 2)), add((1, 2)), add((1, 2.0)), tuples
    (3, 3, 3.0, [(1, 2), (1, 2.0)])
    """
    kept = functools.lru_cache(MOST_REMEMBERED, typed=True)(function)
    plain = frozenset({int, str, bool, type(None)})

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        for value in (*args, *kwargs.values()):
            if type(value) not in plain and not _is_shape(value):
                return function(*args, **kwargs)
        return kept(*args, **kwargs)  # type: ignore[arg-type]

    return call


def shown(value: object, limit: int = 60) -> str:
    """`value` as it stands in an error message: its repr, cut when it is long; of an array only shape and dtype."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and shape and dtype is not None:
        return f"an array of shape {shape} and dtype {dtype}"
    try:
        text = repr(value)
    except Exception as error:  # such as an int of more digits than Python prints
        return f"a value of type {type(value).__name__} that cannot be shown ({type(error).__name__})"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def counted(count: float, what: str) -> str:
    """A number of things in words.

    >>> counted(1, "thread"), counted(2, "thread"), counted(1.5, "epoch")
    ('1 thread', '2 threads', '1.5 epochs')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def real(
    name: str,
    value: object,
    minimum: float = 0.0,
    maximum: float = math.inf,
    *,
    open_minimum: bool = False,
    open_maximum: bool = False,
    allowed: str | None = None,
) -> float:
    """`value` as a finite float between `minimum` and `maximum`; a bool, a string or a NaN is refused.

    `allowed` says in the message what is allowed, where Keras has words of its own for it.

    >>> real("learning_rate", 1)
    1.0
    """
    low = ">" if open_minimum else ">="
    high = "<" if open_maximum else "<="
    if allowed is None:
        allowed = f"a finite number {low} {minimum:g}" if math.isfinite(minimum) else "a finite number"
        allowed += f" and {high} {maximum:g}" if math.isfinite(maximum) else ""
    message = f"`{name}` must be {allowed}. Received: {name}={shown(value)} (of type {type(value).__name__})"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ParameterError(message)
    try:
        number = float(value)
    except OverflowError:
        raise ParameterError(message) from None
    above = number > minimum if open_minimum else number >= minimum
    below = number < maximum if open_maximum else number <= maximum
    if not (math.isfinite(number) and above and below):
        raise ParameterError(message)
    return number


def unit_interval(name: str, value: object, *, open_maximum: bool = False) -> float:
    """`value` as a float in [0, 1], or in [0, 1) if `open_maximum`."""
    return real(name, value, 0.0, 1.0, open_maximum=open_maximum)


def flag(name: str, value: object) -> bool:
    """`value` as a bool: True, False, 0 or 1."""
    if isinstance(value, numbers.Integral) and int(value) in (0, 1):
        return bool(value)
    raise ParameterError(f"`{name}` must be True or False. Received: {name}={shown(value)}")


def text(name: str, value: object) -> str:
    """`value` as a string that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise ParameterError(f"`{name}` must be a string. Received: {name}={shown(value)}")


def rebuild(kind: type[T], config: object) -> T:
    """`kind` called with the keyword arguments `config`, which may come from a file; ParameterError if it cannot be."""
    if not isinstance(config, Mapping) or not all(isinstance(key, str) for key in config):
        raise ParameterError(f"The configuration of {kind.__name__} must be a dict. Received: {shown(config)}")
    try:
        inspect.signature(kind).bind(**config)
    except TypeError as error:
        raise ParameterError(f"Not a configuration of {kind.__name__}: {error}") from None
    return kind(**config)


def refuse(owner: str, arguments: Mapping[str, object], neutral: Mapping[str, object]) -> None:
    """Refuse the arguments of Keras's signature that are set to something else than their neutral value."""
    for name, value in arguments.items():
        if name not in neutral:
            raise ParameterError(f"Argument not recognized by {owner}: {name}={shown(value)}")
        if value is not None and value is not False and value != neutral[name]:
            raise NotSupportedError(
                f"convcore does not implement `{name}` of {owner} (received {name}={shown(value)}; "
                f"only {name}={neutral[name]!r} is supported)."
            )


def find(module: str, kind: str, name: object, table: Mapping[str, T], aliases: Mapping[str, str] | None = None) -> T:
    """The entry of `table` called `name`, in snake_case or CamelCase; an unknown name lists what there is.

    `module` is where Keras has such names ("losses"), `aliases` its short forms of names that are not in `table`.
    Raises NotSupportedError for a name that Keras knows and convcore does not, ParameterError for any other.
    """
    supported = ", ".join(table)
    if not isinstance(name, str):
        article = "An" if kind[0] in "aeiou" else "A"
        raise ParameterError(
            f"{article} {kind} is given by its name or as an object. Received: {shown(name)} (of type "
            f"{type(name).__name__}); supported: {supported}."
        )
    key = name.replace("_", "").lower()
    for candidate, entry in table.items():
        if candidate.replace("_", "").lower() == key:
            return entry
    for known in (name, (aliases or {}).get(name, name), name.title().replace("_", ""), name.lower()):
        error = missing(module, known, supported)
        if error is not None:
            raise error
    close = difflib.get_close_matches(name, table, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ParameterError(f"Unknown {kind}: {shown(name)}.{hint} Supported: {supported}.")


def whole(dtype: object) -> str | None:
    """The name of `dtype` if its numbers are whole or booleans.

    >>> whole("int32"), whole(bool), whole("float16"), whole(None)
    ('int32', 'bool', None, None)
    """
    name = str(getattr(dtype, "name", None) or getattr(dtype, "__name__", dtype))
    return name if name.startswith(("int", "uint", "bool")) else None
