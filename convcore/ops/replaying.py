"""Calls of ops that were met before, done again at once.

What an op checks and plans follows from the shapes and dtypes of its arrays and from its other arguments. So the first
call of each kind is watched: which results it makes, which programs it runs on which arrays, and which values it looks
at. The next calls of that kind do this and nothing else. What is not known to be the same goes the whole way: lists,
other dtypes, views that a kernel cannot read, empty arrays, results that are large, whatever ends in an error.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from convcore.engine import native
from convcore.memory import SMALL_REQUEST
from convcore.runtime import MOST_THREADS

__all__ = ["noted_check", "noted_result", "noted_run", "replayed"]

Array = npt.NDArray[Any]
P = ParamSpec("P")
Result = TypeVar("Result")

# So many kinds of calls are kept for each op; then it starts anew.
KINDS = 256

# In the key of a call each of these says what the next entries are; they equal no argument.
_MARKS: dict[Any, type] = {np.dtype(kind): kind for kind in (np.float32, np.float64, np.int64)}
_FLAGS = {False: object(), True: object()}
_WORDS = object()


class _Replay(NamedTuple):
    """What a call does. Arrays are numbered: first those that it was given, then its results as they are made."""

    checks: tuple[tuple[Callable[..., None], int, tuple[Any, ...]], ...]
    results: tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]
    runs: tuple[tuple[Callable[[tuple[Array, ...]], None], Callable[[list[Array]], tuple[Array, ...]]], ...]
    returned: Callable[[list[Array]], Any]


def _place(array: Array) -> tuple[int, int]:
    """Where an array's elements lie: a view of all of them lies there too."""
    return array.__array_interface__["data"][0], array.nbytes if array.flags.c_contiguous else -1


class _Watch:
    """One call while it is watched."""

    def __init__(self, given: list[Array]) -> None:
        self.given, self.arrays = len(given), list(given)
        self.places = {_place(array)[0]: number for number, array in enumerate(given)}
        # Whether all was understood so far: arrays that overlap or are empty have no places of their own.
        self.clear = len(self.places) == len(given) and all(array.size for array in given)
        self.checks: list[tuple[Callable[..., None], int, tuple[Any, ...]]] = []
        self.made: list[int] = []
        self.runs: list[tuple[Any, list[int]]] = []
        self.bytes = 0

    def number(self, array: Array) -> int:
        start, size = _place(array)
        number = self.places.get(start)
        if number is None or self.arrays[number].nbytes != size or self.arrays[number].dtype != array.dtype:
            self.clear = False
            return -1
        return number

    def result(self, array: Array) -> None:
        start, size = _place(array)
        self.clear = self.clear and size > 0 and start not in self.places
        self.places[start] = len(self.arrays)
        self.made.append(len(self.arrays))
        self.arrays.append(array)
        self.bytes += size

    def run(self, program: native.Program, externals: tuple[Array, ...]) -> None:
        self.bytes += program.arena_bytes + MOST_THREADS * program.scratch_bytes
        self.runs.append((program.run, [self.number(array) for array in externals]))

    def replay(self, returned: Any) -> _Replay | None:
        """What was seen, or None if there was more to it."""
        outputs = list(returned) if type(returned) is tuple else [returned]
        if not self.runs or not all(type(output) is np.ndarray for output in outputs):
            return None
        numbers = [self.number(output) for output in outputs]
        if not self.clear or len(set(numbers)) != len(numbers) or not set(numbers) <= set(self.made):
            return None
        # An array that no program reads may have been read here, in the place of a number.
        read = {number for _, externals in self.runs for number in externals}
        if self.bytes >= SMALL_REQUEST or not read.issuperset(range(self.given)):
            return None
        shapes = {number: output.shape for number, output in zip(numbers, outputs, strict=True)}
        return _Replay(
            tuple(self.checks),
            tuple((shapes.get(number, self.arrays[number].shape), self.arrays[number].dtype) for number in self.made),
            tuple((run, itemgetter(*numbers)) for run, numbers in self.runs),
            itemgetter(*numbers),
        )


class _State(threading.local):
    """The call that is watched in this thread, if one is."""

    watch: _Watch | None = None


_state = _State()


def noted_result(array: Array) -> Array:
    """`array`, which an op made for a result."""
    if _state.watch is not None:
        _state.watch.result(array)
    return array


def noted_run(program: native.Program, externals: tuple[Array, ...]) -> None:
    """Run an op's program."""
    if _state.watch is not None:
        _state.watch.run(program, externals)
    program.run(externals)


def noted_check(check: Callable[..., None], array: Array, *words: Any) -> None:
    """``check(array, *words)``, which looks at values and so has to be done at every call."""
    if _state.watch is not None:
        _state.watch.checks.append((check, _state.watch.number(array), words))
    check(array, *words)


def _is_plain(value: Any) -> bool:
    """Whether `value` is an int, a string, or a tuple of such: then what equals it is the same argument."""
    kind = type(value)
    return kind is int or kind is str or (kind is tuple and all(map(_is_plain, value)))


def _kind(values: Any, key: list[Any], arrays: list[Array]) -> bool:
    """Append what calls that are alike have in common to `key`, and arrays to `arrays`; False if that is unclear."""
    for value in values:
        kind = type(value)
        if kind is np.ndarray:
            mark, flags = _MARKS.get(value.dtype), value.flags
            if mark is None or not (flags.c_contiguous and flags.aligned):
                return False
            key.append(mark)
            key.append(value.shape)
            arrays.append(value)
        elif kind is int or kind is str or value is None:
            key.append(value)
        elif kind is bool:
            key.append(_FLAGS[value])
        elif kind is float:
            key.append(float)
            key.append(value.hex())
        elif kind is tuple and _is_plain(value):
            key.append(value)
        else:
            return False
    return True


def replayed(op: Callable[P, Result]) -> Callable[P, Result]:
    """`op`, in which all that depends on more than the kind of a call goes through the functions of this module."""
    known: dict[tuple[Any, ...], _Replay] = {}

    @functools.wraps(op)
    def call(*args: P.args, **words: P.kwargs) -> Result:
        key: list[Any] = []
        arrays: list[Array] = []
        if _state.watch is not None or not _kind(args, key, arrays):
            return op(*args, **words)
        if words:
            key.append(_WORDS)
            key.extend(words)
            if not _kind(words.values(), key, arrays):
                return op(*args, **words)
        if native.memory_is_limited():
            return op(*args, **words)
        found = known.get(tuple(key))
        if found is None:
            return watched(tuple(key), arrays, args, words)
        for check, number, rest in found.checks:
            check(arrays[number], *rest)
        for shape, dtype in found.results:
            arrays.append(np.empty(shape, dtype))
        for run, pick in found.runs:
            run(pick(arrays))
        result: Result = found.returned(arrays)
        return result

    def watched(key: tuple[Any, ...], arrays: list[Array], args: Any, words: Any) -> Result:
        _state.watch = watch = _Watch(arrays)
        try:
            result = op(*args, **words)
        finally:
            _state.watch = None
        replay = watch.replay(result)
        if replay is not None:
            if len(known) >= KINDS:
                known.clear()
            known[key] = replay
        return result

    return call
