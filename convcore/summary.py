"""The table that ``model.summary()`` prints, drawn by hand: Keras 3's, and Keras 2's for old tutorials."""

from __future__ import annotations

import math
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcore.errors import ParameterError

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.layers.symbolic import Call
    from convcore.models import Model
    from convcore.variables import Variable

__all__ = ["print_summary"]

_BYTES = 4


# Left, fill, divider and right of one kind of line.
_Characters = tuple[str, str, str, str]


class _Lines(NamedTuple):
    """The characters of a table's lines."""

    top: _Characters
    header: _Characters
    under_header: _Characters
    row: _Characters
    between: _Characters
    bottom: _Characters


_HEAVY_HEAD = _Lines(
    top=("┏", "━", "┳", "┓"),
    header=("┃", " ", "┃", "┃"),
    under_header=("┡", "━", "╇", "┩"),
    row=("│", " ", "│", "│"),
    between=("├", "─", "┼", "┤"),
    bottom=("└", "─", "┴", "┘"),
)
_ASCII = _Lines(
    top=("+", "-", "-", "+"),
    header=("|", " ", "|", "|"),
    under_header=("|", "-", "+", "|"),
    row=("|", " ", "|", "|"),
    between=("|", "-", "+", "|"),
    bottom=("+", "-", "-", "+"),
)


def print_summary(
    model: Model,
    line_length: int | None,
    positions: Sequence[float] | None,
    print_fn: Callable[[str], object] | None,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: Sequence[str] | None,
    style: str,
) -> None:
    """Print the summary of `model`; the arguments are those of `Model.summary`."""
    layers = _in_range(model.layers, layer_range)
    if style == "keras2":
        _print_keras2(model, layers, line_length or 65, positions, print_fn or print, expand_nested)
        return
    if style != "keras3":
        raise ParameterError(f"`style` must be 'keras3' or 'keras2'. Received: style={style!r}")
    header = ["Layer (type)", "Output Shape", "Param #"]
    justify = ["left", "left", "right"]
    stops = list(positions or (0.45, 0.80, 1.0))
    width = 88
    calls = _branching_calls(model)
    if calls is not None:
        header.append("Connected to")
        justify.append("left")
        stops = list(positions or (0.3, 0.56, 0.74, 1.0))
        width = 108
    if show_trainable:
        header.append("Trainable")
        justify.append("center")
        stops = [stop * 0.90 for stop in stops] + [1.0]
        width += 12
    width = line_length or min(width, shutil.get_terminal_size().columns - 4)
    rows = _rows(layers, expand_nested, show_trainable, 0, calls)
    text = f'Model: "{model.name}"\n'
    text += _table(header, rows, justify, _column_widths(stops, len(header), width), _lines(print_fn))
    text += "".join(f" {line}\n" for line in _totals(model))
    if print_fn is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        print_fn(text)


def _in_range(layers: list[Layer], layer_range: Sequence[str] | None) -> list[Layer]:
    """The layers from the first whose name matches ``layer_range[0]`` to the last that matches the other."""
    if layer_range is None:
        return layers
    if len(layer_range) != 2:
        raise ParameterError(
            f"layer_range must be a list or tuple of length 2. Received: layer_range = {layer_range} "
            f"of length {len(layer_range)}"
        )
    if not all(isinstance(name, str) for name in layer_range):
        raise ParameterError(f"layer_range should contain string type only. Received: {layer_range}")
    first = [index for index, layer in enumerate(layers) if re.match(layer_range[0], layer.name)]
    last = [index for index, layer in enumerate(layers) if re.match(layer_range[1], layer.name)]
    if not first or not last:
        raise ParameterError(f"Passed layer_names do not match the layer names in the model. Received: {layer_range}")
    if min(first) > max(last):
        return layers[min(last) : max(first) + 1]
    return layers[min(first) : max(last) + 1]


def _branching_calls(model: Model) -> list[Call] | None:
    """The calls of a model, of which "Connected to" tells; None for one that is layers in a row."""
    calls: list[Call] | None = getattr(model, "calls", None)
    if calls is None:
        return None
    takes_one = all(len(each.inputs) <= 1 for each in calls)
    is_read_once = len({tensor for each in calls for tensor in each.inputs}) == len(calls) - 1
    in_a_row = takes_one and is_read_once and len(model.inputs) == 1 and len(calls) == len(model.layers)
    return None if in_a_row else calls


def _connections(layer: Layer, calls: Sequence[Call]) -> str:
    """What a layer was called on: layers with the numbers of their call and of the output."""
    places = [
        f"{tensor.layer.name}[{tensor.layer._calls.index(tensor.call)}][{tensor.index}]"
        for each in calls
        if each.layer is layer
        for tensor in each.inputs
    ]
    return ", ".join(places) or "-"


def _rows(
    layers: Sequence[Layer], expand_nested: bool, show_trainable: bool, level: int, calls: Sequence[Call] | None = None
) -> list[list[str]]:
    rows = []
    for layer in layers:
        prefix = "   " * level + "└ " if level else ""
        row = [f"{prefix}{layer.name} ({type(layer).__name__})", _output_shape(layer), _params(layer)]
        if calls is not None:
            row.append(_connections(layer, calls))
        if show_trainable:
            row.append("-" if not layer.weights else "Y" if layer.trainable else "N")
        rows.append(row)
        nested = getattr(layer, "layers", None)
        if expand_nested and nested:
            rows += _rows(nested, expand_nested, show_trainable, level + 1, calls)
    return rows


def _output_shape(layer: Layer) -> str:
    last = layer._calls[-1] if layer._calls else layer._inner_call
    if last is None:
        return "?"
    shapes = [f"({', '.join(map(str, tensor.shape))})" for tensor in last.outputs]
    return str(layer._packed(shapes)).replace("'", "")


def _params(layer: Layer) -> str:
    return f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"


def _column_widths(stops: Sequence[float], columns: int, width: int) -> list[int]:
    """The widths of the columns, their padding of one space on each side included."""
    if len(stops) != columns:
        raise ParameterError(f"`positions` must have one entry per column, {columns}. Received: {list(stops)}")
    widths = []
    current = 0
    for stop in stops:
        own = int(stop * width) - current
        if own < 4:
            raise ParameterError("Insufficient console width to print summary.")
        widths.append(own + 2)
        current += own
    # The columns with padding and borders are wider than the line: each gives up an equal share, as rich shares it.
    excess = sum(widths) + columns + 1 - width
    if excess >= 0:
        for index in range(columns):
            share = min(widths[index], round(excess / (columns - index)))
            widths[index] -= share
            excess -= share
    else:
        spare = -excess
        remaining = sum(widths)
        for index, own in enumerate(list(widths)):
            share = math.ceil(own * spare / remaining) if remaining else 0
            widths[index] += share
            spare -= share
            remaining -= own
    return widths


def _lines(print_fn: Callable[[str], object] | None) -> _Lines:
    """ASCII characters where the output's encoding has no others."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if print_fn is None and not encoding.lower().startswith("utf"):
        return _ASCII
    return _HEAVY_HEAD


def _table(
    header: Sequence[str], rows: Sequence[Sequence[str]], justify: Sequence[str], widths: Sequence[int], lines: _Lines
) -> str:
    def rule(characters: _Characters) -> str:
        left, fill, divider, right = characters
        return left + divider.join(fill * width for width in widths) + right + "\n"

    def row(cells: Sequence[str], characters: _Characters) -> str:
        left, _, divider, right = characters
        columns = [
            _cell(text, width - 2, how, lines is _ASCII)
            for text, width, how in zip(cells, widths, justify, strict=True)
        ]
        height = max(len(column) for column in columns)
        text = ""
        for index in range(height):
            parts = [
                f" {column[index] if index < len(column) else ' ' * (width - 2)} "
                for column, width in zip(columns, widths, strict=True)
            ]
            text += left + divider.join(parts) + right + "\n"
        return text

    body = rule(lines.between).join(row(cells, lines.row) for cells in rows)
    return rule(lines.top) + row(header, lines.header) + rule(lines.under_header) + body + rule(lines.bottom)


def _cell(text: str, width: int, justify: str, ascii_only: bool) -> list[str]:
    """`text` in lines of exactly `width`: broken between words, a word that is too long cut with an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in re.findall(r"\s*\S+\s*", text):
        if line and len(line) + len(word.rstrip()) > width:
            lines.append(line)
            line = ""
        line += word
    lines.append(line)
    ellipsis = "..." if ascii_only else "…"
    fitted = []
    for line in lines:
        line = line.rstrip()
        if len(line) > width:
            line = line[: max(0, width - len(ellipsis))] + ellipsis[:width]
        spare = width - len(line)
        left = {"left": 0, "center": spare // 2, "right": spare}[justify]
        fitted.append(" " * left + line + " " * (spare - left))
    return fitted


def _totals(model: Model) -> list[str]:
    trainable = _count(model.trainable_weights)
    other = _count(model.non_trainable_weights)
    optimizer = _optimizer_params(model, trainable)
    total = trainable + other + (optimizer or 0)
    lines = [
        f"Total params: {total:,} ({_memory(total)})",
        f"Trainable params: {trainable:,} ({_memory(trainable)})",
        f"Non-trainable params: {other:,} ({_memory(other)})",
    ]
    if optimizer is not None:
        lines.append(f"Optimizer params: {optimizer:,} ({_memory(optimizer)})")
    return lines


def _optimizer_params(model: Model, trainable: int) -> int | None:
    """The scalars of the optimizer's state as Keras counts them, or None before its first step."""
    optimizer = model.optimizer
    if optimizer is None or not (optimizer.slots or optimizer.iterations):
        return None
    own: int = optimizer.count_params() - sum(slot.size for slot in optimizer.slots)
    slots: int = optimizer.slot_count()
    return slots * trainable + own


def _count(variables: Sequence[Variable]) -> int:
    return sum(variable.size for variable in variables)


def _memory(count: int) -> str:
    size = float(count * _BYTES)
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _print_keras2(
    model: Model,
    layers: Sequence[Layer],
    width: int,
    positions: Sequence[float] | None,
    print_fn: Callable[[str], object],
    expand_nested: bool,
) -> None:
    """The table of Keras 2.0 to 2.6, where a cell that is too long is cut."""
    stops = list(positions or (0.45, 0.85, 1.0))
    if stops[-1] <= 1:
        stops = [int(width * stop) for stop in stops]

    def row(cells: Sequence[str]) -> str:
        line = ""
        for cell, stop in zip(cells, stops, strict=True):
            line = f"{line[:-1]} {cell}" if line else cell
            line = line[: int(stop)].ljust(int(stop))
        return line

    print_fn(f'Model: "{model.name}"')
    print_fn("_" * width)
    print_fn(row(["Layer (type)", "Output Shape", "Param #"]))
    print_fn("=" * width)
    rows = _rows(layers, expand_nested, False, 0)
    for index, (name, shape, params) in enumerate(rows):
        print_fn(row([name, shape, params.replace(",", "")]))
        print_fn(("=" if index == len(rows) - 1 else "_") * width)
    trainable, other = _count(model.trainable_weights), _count(model.non_trainable_weights)
    print_fn(f"Total params: {trainable + other:,}")
    print_fn(f"Trainable params: {trainable:,}")
    print_fn(f"Non-trainable params: {other:,}")
    print_fn("_" * width)
