"""Dtypes, layouts and objects that are handed over as arrays."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np

from convcore import ops
from convcore.errors import ConvcoreError, DTypeError, ParameterError, ShapeError
from tests import guarded
from tests.cases import EDGE_CONVS, EDGE_DENSES, EDGE_POOLS
from tests.checks import conv_inputs, conv_outputs, digest, integers
from tests.corpus.registry import Call, answered, refused
from tests.layouts import layouts
from tests.reference import Array

X, W = integers(1, (2, 8, 9, 3), (3, 3, 3, 5))
EXPECTED = digest([ops.conv2d(X, W)])
STRUCTURED = np.zeros((2, 8, 9, 3), [("a", "f4"), ("b", "f4")])


class Wrapper:
    """An object that NumPy can turn into an array."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.array if dtype is None else self.array.astype(dtype)


def with_x(x: Any) -> Call:
    return lambda: ops.conv2d(x, W)


def with_w(w: Any) -> Call:
    return lambda: ops.conv2d(X, w)


refused(
    "dtype-that-is-no-real-number",
    DTypeError,
    "",
    *(with_x(X.astype(kind)) for kind in (np.complex64, np.complex128, object, "U1", "S1")),
    *(with_w(W.astype(kind)) for kind in (np.complex64, object, "U1")),
    with_x(STRUCTURED),
    with_x(np.zeros((2, 8, 9, 3), "M8[s]")),
    lambda: ops.max_pool2d(X.astype(np.complex64)),
    lambda: ops.dense(np.zeros((2, 3), object), np.zeros((3, 4), np.float32)),
    lambda: ops.relu(np.zeros(3, np.complex64)),
    lambda: ops.softmax(np.zeros((2, 3), "U1")),
)
refused(
    "ragged-lists",
    ShapeError,
    "",
    with_x([[[[1.0], [2.0]], [[3.0]]]]),
    with_x([np.zeros((8, 9, 3), np.float32), np.zeros((8, 8, 3), np.float32)]),
    with_w([[[1.0, 2.0]], [[1.0]]]),
    lambda: ops.dense([[1.0, 2.0], [3.0]], np.zeros((2, 4), np.float32)),
    lambda: ops.relu([[1.0, 2.0], [3.0]]),
)
refused(
    "objects-that-are-no-arrays",
    ConvcoreError,
    "",
    *(with_x(bad) for bad in (None, {}, set(), object(), "text", b"bytes", [], [None], lambda: 0, np.ndarray)),
    *(with_w(bad) for bad in (None, "text", [], [[None]])),
)


@answered("dtypes-are-cast-or-refused")
def _() -> None:
    for kind in (
        np.float16,
        np.int8,
        np.int16,
        np.int32,
        np.int64,
        np.uint8,
        np.uint16,
        bool,
        np.longdouble,
        np.float64,
    ):
        x = X.astype(kind)
        truth = ops.conv2d(x.astype(np.float32), W)
        try:
            y = ops.conv2d(x, W)
        except DTypeError:
            continue
        assert y.dtype in (np.float32, np.float64), kind
        np.testing.assert_array_equal(y, truth, err_msg=str(kind))


@answered("strided-reversed-fortran-misaligned")
def _() -> None:
    inputs = conv_inputs(EDGE_CONVS[3], 2, whole=False)
    expected = {name: digest([a]) for name, a in conv_outputs(EDGE_CONVS[3], *inputs).items()}
    for form in layouts(inputs[0]):
        results = conv_outputs(EDGE_CONVS[3], *(layouts(a)[form] for a in inputs))
        assert {name: digest([a]) for name, a in results.items()} == expected, form
    assert digest([ops.conv2d(X[:, ::2, ::-1], W)]) == digest([ops.conv2d(X[:, ::2, ::-1].copy(), W)])


@answered("one-channel-in-any-order")
def _() -> None:
    x, w = integers(3, (2, 1, 8, 9), (3, 3, 1, 5))
    image = x.transpose(0, 2, 3, 1)
    assert digest([ops.conv2d(image, w)]) == digest([ops.conv2d(np.ascontiguousarray(image), w)])


@answered("zero-strides-of-a-broadcast")
def _() -> None:
    for shape in ((1, 1, 1, 3), (2, 1, 9, 1), (1, 8, 1, 1)):
        x = np.broadcast_to(integers(4, shape)[0], X.shape)
        assert digest([ops.conv2d(x, W)]) == digest([ops.conv2d(x.copy(), W)])
    w = np.broadcast_to(np.float32(2), W.shape)
    assert digest([ops.conv2d(X, w)]) == digest([ops.conv2d(X, w.copy())])


@answered("misaligned-by-any-number-of-bytes")
def _() -> None:
    for offset in range(1, 64):
        x = np.frombuffer(bytes(offset) + X.tobytes(), np.float32, offset=offset).reshape(X.shape)
        w = np.frombuffer(bytes(offset) + W.tobytes(), np.float32, offset=offset).reshape(W.shape)
        assert digest([ops.conv2d(x, w)]) == EXPECTED, offset


@answered("read-only-inputs")
def _() -> None:
    x, w = X.copy(), W.copy()
    x.flags.writeable = w.flags.writeable = False
    assert digest([ops.conv2d(x, w)]) == EXPECTED


@answered("objects-with-one-documented-conversion")
def _() -> None:
    with tempfile.TemporaryFile() as file:
        mapped = np.memmap(file, np.float32, "w+", shape=X.shape)
        mapped[...] = X
        for x in (mapped, Wrapper(X), X.tolist(), X.view(type("Subclass", (np.ndarray,), {}))):
            y = ops.conv2d(x, W)
            assert type(y) is np.ndarray
            np.testing.assert_array_equal(y, ops.conv2d(X, W))
    matrix, w = np.asmatrix(X[0, :, :, 0]), W[:, :, 0, 0].reshape(9, 1)
    y = ops.dense(matrix, w)
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(y, X[0, :, :, 0] @ w)


@answered("arrays-against-forbidden-pages")
def _() -> None:
    for case in (*EDGE_CONVS, *EDGE_POOLS, *EDGE_DENSES):
        guarded.run(case)


refused(
    "mixed-up-arguments",
    (ParameterError, ShapeError, DTypeError),
    "",
    lambda: ops.conv2d(W, X),
    lambda: ops.max_pool2d(X, W),
    lambda: ops.conv2d(X, W, stride=X),
    lambda: ops.conv2d(X, W, padding=X),
    lambda: ops.conv2d(X, W, X),
)
