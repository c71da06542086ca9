"""Steps that make one array of several: element by element, side by side, with axes of length 1 repeated."""

from __future__ import annotations

from convcore.plans.steps import Buffer, Steps

__all__ = ["MERGES", "add", "copy_columns", "extremum_backward", "merge", "repeat", "repeat_backward"]

MERGES = {"add": 0, "subtract": 1, "multiply": 2, "maximum": 3, "minimum": 4, "average": 5}


def merge(steps: Steps, name: str, count: int, x: Buffer, y: Buffer, z: Buffer, divisor: float = 1.0) -> None:
    """z = x op y over `count` elements; "average" is ``(x + y) / divisor``. z may be x."""
    steps.add("merge", {"kind": MERGES[name], "count": count, "a": divisor}, x, y, z, work=count)


def add(steps: Steps, count: int, x: Buffer, y: Buffer, z: Buffer) -> None:
    """z = x + y over `count` elements. z may be x."""
    merge(steps, "add", count, x, y, z)


def extremum_backward(steps: Steps, name: str, count: int, dz: Buffer, x: Buffer, y: Buffer, dx: Buffer) -> None:
    """dx = dz where x is the "maximum" (or "minimum") of x and y, half of it where they are equal, else 0."""
    steps.add("extremum_backward", {"kind": MERGES[name], "count": count}, dz, x, y, dx, work=count)


def repeat(steps: Steps, n: int, times: int, columns: int, x: Buffer, y: Buffer) -> None:
    """y (n, times, columns) = x (n, 1, columns)."""
    steps.add("repeat", {"n": n, "ow": times, "oc": columns}, x, y, work=n * times * columns)


def repeat_backward(steps: Steps, n: int, times: int, columns: int, dy: Buffer, dx: Buffer) -> None:
    """dx (n, columns) = the sum of dy (n, times, columns) over its second axis."""
    steps.add("repeat_backward", {"n": n, "ow": times, "oc": columns}, dy, dx, work=n * times * columns)


def copy_columns(steps: Steps, rows: int, columns: int, x: Buffer, x_row: int, y: Buffer, y_row: int) -> None:
    """The first `columns` of the rows of x, each `x_row` long, to those of y, each `y_row` long."""
    steps.add("copy_columns", {"n": rows, "count": columns, "ic": x_row, "oc": y_row}, x, y, work=rows * columns)
