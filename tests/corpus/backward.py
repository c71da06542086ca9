"""The two backward convolutions and the backwards of dense."""

from __future__ import annotations

from typing import Any

import numpy as np

from convcore import ops
from convcore.errors import ParameterError, ResourceLimitError, ShapeError
from tests.bounds import gamma
from tests.corpus.forward import zeros
from tests.corpus.registry import Call, answered, refused

Shape = tuple[Any, ...]


def weights(x: Shape, dy: Shape, kernel: object, **arguments: Any) -> Call:
    arrays = zeros(*x), zeros(*dy)
    return lambda: ops.conv2d_backward_weights(*arrays, kernel, **arguments)


def data(dy: Shape, w: Shape, image: object, **arguments: Any) -> Call:
    arrays = zeros(*dy), zeros(*w)
    return lambda: ops.conv2d_backward_data(*arrays, image, **arguments)


# x (2, 8, 8, 3) by a (3, 3, 3, 4) kernel gives (2, 6, 6, 4).
IMAGE, KERNEL, OUTPUT = (2, 8, 8, 3), (3, 3, 3, 4), (2, 6, 6, 4)

refused(
    "weights-gradient-with-strides-beyond-the-image",
    ShapeError,
    "",
    weights((1, 1, 1, 2), (1, 1, 1, 1), (1, 1, 1, 1), stride=(66, 49)),
    weights((1, 1, 1, 1), (1, 2, 1, 1), (1, 1, 1, 1), stride=(66, 49)),
)
refused(
    "weights-gradient-of-empty-arrays",
    ShapeError,
    "",
    weights((0, 0, 1, 0), (0, 0, 1, 1), (1, 1, 0, 1)),
    weights((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)),
    weights((1, 0, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)),
    weights((1, 1, 1, 0), (1, 1, 1, 1), (1, 1, 0, 1)),
    weights((1, 1, 1, 1), (1, 1, 1, 0), (1, 1, 1, 0)),
)
refused(
    "data-gradient-of-empty-arrays",
    ShapeError,
    "",
    data((52, 1, 1, 0), (0, 1, 5, 0), (52, 1, 1, 5)),
    data((52, 1, 1, 0), (1, 1, 5, 0), (52, 1, 1, 5)),
    data((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)),
)
refused(
    "gradient-of-another-size",
    ShapeError,
    "dy 6",
    *(weights(IMAGE, dy, KERNEL) for dy in ((2, 5, 6, 4), (2, 6, 7, 4), (2, 8, 8, 4), (2, 0, 0, 4))),
    *(data(dy, KERNEL, IMAGE) for dy in ((2, 5, 6, 4), (2, 6, 7, 4), (2, 8, 8, 4), (2, 1, 1, 4))),
)
refused(
    "gradient-of-another-batch-or-channels",
    ShapeError,
    "dy",
    *(weights(IMAGE, dy, KERNEL) for dy in ((1, 6, 6, 4), (3, 6, 6, 4), (2, 6, 6, 3), (2, 6, 6, 5), (0, 6, 6, 4))),
    *(data(dy, KERNEL, IMAGE) for dy in ((1, 6, 6, 4), (3, 6, 6, 4), (2, 6, 6, 3), (2, 6, 6, 5))),
)
refused(
    "gradient-of-wrong-rank",
    ShapeError,
    "dy",
    *(weights(IMAGE, OUTPUT[:n], KERNEL) for n in range(4)),
    *(data(OUTPUT[:n], KERNEL, IMAGE) for n in range(4)),
)
refused(
    "target-shape-that-is-no-shape",
    (ParameterError, ShapeError),
    "",
    *(
        weights(IMAGE, OUTPUT, bad)
        for bad in (None, 3, (), (3, 3), (3, 3, 3), (3, 3, 3, 4, 1), "3334", (3, 3, 3, 4.0), (3, 3, -3, 4))
    ),
    *(
        data(OUTPUT, KERNEL, bad)
        for bad in (None, 8, (), (2, 8, 8), (2, 8, 8, 3, 1), "2883", (2, 8, True, 3), (-2, 8, 8, 3))
    ),
)
refused(
    "target-shape-enormous",
    (ParameterError, ShapeError, ResourceLimitError),
    "",
    *(weights(IMAGE, OUTPUT, bad) for bad in ((2**62, 3, 3, 4), (2**64, 3, 3, 4), (3, 3, 2**32, 2**32))),
    *(data(OUTPUT, KERNEL, bad) for bad in ((2, 2**62, 8, 3), (2**64, 8, 8, 3), (2, 2**32, 2**32, 3))),
    data(OUTPUT, KERNEL, (2, 5 * 2**40 + 3, 5 * 2**40 + 3, 3), stride=2**40),
)
refused(
    "backward-geometry",
    ParameterError,
    "",
    *(
        make(*shapes, **{argument: bad})
        for make, shapes in ((weights, (IMAGE, OUTPUT, KERNEL)), (data, (OUTPUT, KERNEL, IMAGE)))
        for argument in ("stride", "dilation", "padding")
        for bad in (-1, 1.5, None, "1", [], (1,), 2**64, True)
    ),
)


@answered("empty-batch-has-zero-gradients")
def _() -> None:
    dw, db = ops.conv2d_backward_weights(zeros(0, 8, 8, 3), zeros(0, 6, 6, 4), KERNEL)
    assert dw.shape == KERNEL
    assert not dw.any()
    assert not db.any()
    assert ops.conv2d_backward_data(zeros(0, 6, 6, 4), zeros(*KERNEL), (0, 8, 8, 3)).shape == (0, 8, 8, 3)


@answered("a-long-reduction-does-not-drift")
def _() -> None:
    x = np.full((4096, 28, 28, 1), 0.1, np.float32)
    dy = np.full((4096, 26, 26, 1), 0.1, np.float32)
    dw, _ = ops.conv2d_backward_weights(x, dy, (3, 3, 1, 1))
    truth = dy.size * float(np.float32(0.1)) ** 2
    assert (np.abs(dw - truth) <= gamma(676 + 12) * truth).all(), (dw, truth)


refused(
    "dense-shapes",
    ShapeError,
    "",
    lambda: ops.dense(zeros(2, 3), zeros(4, 5)),
    lambda: ops.dense(zeros(2, 3), zeros(3)),
    lambda: ops.dense(zeros(2, 3), zeros(3, 5, 1)),
    lambda: ops.dense(np.float32(1), zeros(3, 5)),
    lambda: ops.dense(zeros(2, 0), zeros(0, 5)),
    lambda: ops.dense(zeros(2, 3), zeros(3, 0)),
    lambda: ops.dense(zeros(2, 3), zeros(3, 5), zeros(4)),
    lambda: ops.dense(zeros(2, 3), zeros(3, 5), zeros(0)),
    lambda: ops.dense_backward_data(zeros(2, 4), zeros(3, 5)),
    lambda: ops.dense_backward_weights(zeros(2, 3), zeros(4, 5)),
    lambda: ops.dense_backward_weights(zeros(2, 3), zeros(5)),
)
