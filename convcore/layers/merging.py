"""Layers that make one of several: element by element, or side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.layers import masks
from convcore.layers.base import Layer
from convcore.layers.validation import Shape, standardize_shape

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = [
    "Add",
    "Average",
    "Concatenate",
    "Maximum",
    "Merge",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]


class Merge(Layer, record_build=False):
    """The base of the layers that take a list of inputs: ``layer([x, y, ...])``."""

    def _arguments(self, x: Any) -> list[Any]:
        if not isinstance(x, list | tuple):
            raise self._not_a_list(getattr(x, "shape", None))
        return list(x)

    def build(self, input_shape: Any) -> None:
        self._connect_all(list(input_shape))

    def _connect(self, input_shape: Shape) -> Shape:
        raise self._not_a_list(input_shape)

    def _connect_all(self, input_shapes: list[Shape]) -> list[Shape]:
        self._check(input_shapes)
        if not self.built:
            self._build_shape = input_shapes[0]
            self.built = True
        return [standardize_shape(self.compute_output_shape(input_shapes))]

    def _check(self, shapes: Sequence[Shape]) -> None:
        if not shapes:
            raise ParameterError(
                "A merge layer should be called on a list of at least 1 input. Received 0 inputs. "
                f"Full input_shape received: {list(shapes)}"
            )
        if len({shape[0] for shape in shapes if shape} - {None}) > 1:
            raise ShapeError(
                f"Cannot merge tensors with different batch sizes. Received tensors with shapes {list(shapes)}"
            )

    def _not_a_list(self, input_shape: Any) -> ParameterError:
        return ParameterError(
            f"A merge layer should be called on a list of inputs. Received: input_shape={input_shape} "
            "(not a list of shapes)"
        )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The output's shape for a list of input shapes, the batch axis first: axes of length 1 are repeated."""
        if not input_shape or not isinstance(input_shape[0], tuple | list):
            raise self._not_a_list(input_shape)
        shapes = [standardize_shape(shape) for shape in input_shape]
        merged = shapes[0][1:]
        for shape in shapes[1:]:
            merged = _broadcast(merged, shape[1:])
        batches = {shape[0] for shape in shapes} - {None}
        return (batches.pop() if len(batches) == 1 else None, *merged)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the output for those of the inputs, a list in which None stands for no mask."""
        return masks.either(inputs, mask)

    def lower(self, graph: Graph, x: Value) -> Value:
        return self._lower_all(graph, [x])[0]

    def _lower_all(self, graph: Graph, xs: list[Value]) -> list[Value]:
        rank = max(len(x.shape) for x in xs)
        # Missing axes are added behind the batch.
        aligned = [
            x if len(x.shape) == rank else graph.add("reshape", x, shape=(1,) * (rank - len(x.shape)) + x.shape)
            for x in xs
        ]
        merged = aligned[0]
        for number, x in enumerate(aligned[1:], 2):
            pair = (_repeated(graph, merged, x.shape), _repeated(graph, x, merged.shape))
            merged = self._merge(graph, *pair, number, len(xs))
        return [merged]

    def _merge(self, graph: Graph, x: Value, y: Value, number: int, count: int) -> Value:
        """The value of `x`, that of the inputs before, and `y`, input `number` of `count`."""
        return graph.add(self._kind, x, y)

    _kind: ClassVar[str]


class Add(Merge):
    """The sum of a list of inputs of one shape; axes of length 1 are repeated.

    >>> Add()([[[1.0, 2.0]], [[3.0, 5.0]]])
    array([[4., 7.]], dtype=float32)
    """

    _kind = "add"


class Subtract(Merge):
    """The first of two inputs less the second; axes of length 1 are repeated.

    >>> Subtract()([[[1.0, 2.0]], [[3.0, 5.0]]])
    array([[-2., -3.]], dtype=float32)
    """

    _kind = "subtract"

    def _check(self, shapes: Sequence[Shape]) -> None:
        super()._check(shapes)
        if len(shapes) != 2:
            raise ParameterError(
                f"A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape={list(shapes)}"
            )


class Multiply(Merge):
    """The product of a list of inputs of one shape, element by element; axes of length 1 are repeated.

    >>> Multiply()([[[1.0, 2.0]], [[3.0, 5.0]]])
    array([[ 3., 10.]], dtype=float32)
    """

    _kind = "multiply"


class Average(Merge):
    """The mean of a list of inputs of one shape; axes of length 1 are repeated.

    >>> Average()([[[1.0, 2.0]], [[3.0, 5.0]]])
    array([[2. , 3.5]], dtype=float32)
    """

    _kind = "average"

    def _merge(self, graph: Graph, x: Value, y: Value, number: int, count: int) -> Value:
        # The sum first, and then one division.
        return graph.add("add", x, y) if number < count else graph.add("average", x, y, divisor=float(count))


class Maximum(Merge):
    """The greatest of a list of inputs of one shape, element by element; axes of length 1 are repeated.

    NaN where one is. The gradient of equal elements is shared, half and half.

    >>> Maximum()([[[1.0, 7.0]], [[3.0, 5.0]]])
    array([[3., 7.]], dtype=float32)
    """

    _kind = "maximum"


class Minimum(Merge):
    """The smallest of a list of inputs of one shape, element by element; axes of length 1 are repeated.

    NaN where one is. The gradient of equal elements is shared, half and half.

    >>> Minimum()([[[1.0, 7.0]], [[3.0, 5.0]]])
    array([[1., 5.]], dtype=float32)
    """

    _kind = "minimum"


class Concatenate(Merge):
    """A list of inputs side by side along `axis`; the other axes have equal lengths. Not along the batch axis.

    >>> Concatenate()([[[1.0, 2.0]], [[3.0]]])
    array([[1., 2., 3.]], dtype=float32)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ParameterError(f"`axis` of a Concatenate layer must be an integer. Received: axis={axis!r}")
        if axis == 0:
            raise NotSupportedError(
                "convcore does not implement keras.layers.Concatenate with axis=0 (supported: any but the batch axis)"
            )
        self.axis = axis

    def _check(self, shapes: Sequence[Shape]) -> None:
        if not shapes:
            raise ParameterError(
                "A `Concatenate` layer should be called on a list of at least 1 input. Received: input_shape=[]"
            )
        fault = ShapeError(
            "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
            f"Received: input_shape={list(shapes)}"
        )
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes) or not -rank < self.axis < rank:
            raise fault
        for axis in range(rank):
            if axis != self.axis % rank and len({shape[axis] for shape in shapes} - {None}) > 1:
                raise fault

    def compute_output_shape(self, input_shape: Any) -> Shape:
        if not input_shape or not isinstance(input_shape[0], tuple | list):
            raise ParameterError(
                f"A `Concatenate` layer should be called on a list of inputs. Received: input_shape={input_shape}"
            )
        shape = list(standardize_shape(input_shape[0]))
        sizes = [each[self.axis] for each in input_shape]
        shape[self.axis] = None if None in sizes else sum(sizes)
        return tuple(shape)

    def _lower_all(self, graph: Graph, xs: list[Value]) -> list[Value]:
        axis = self.axis % (1 + len(xs[0].shape)) - 1
        return xs if len(xs) == 1 else [graph.add("concatenate", *xs, axis=axis)]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return masks.joined(inputs, mask, self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def _broadcast(one: Shape, other: Shape) -> Shape:
    """The shape of an element-wise operation, aligned at the last axes."""
    if len(one) < len(other):
        return _broadcast(other, one)
    sizes = list(one[: len(one) - len(other)])
    for i, j in zip(one[len(sizes) :], other, strict=True):
        if i is None or j is None:
            sizes.append(None)
        elif i == 1 or j == 1:
            sizes.append(i * j)
        elif i == j:
            sizes.append(i)
        else:
            raise ShapeError(f"Inputs have incompatible shapes. Received shapes {one} and {other}")
    return tuple(sizes)


def _repeated(graph: Graph, x: Value, other: Sequence[int]) -> Value:
    """`x`, its axes of length 1 repeated as often as those of `other`."""
    for axis, size in enumerate(other):
        if x.shape[axis] == 1 and size != 1:
            x = graph.add("repeat", x, axis=axis, times=size)
    return x


def add(inputs: Any, **kwargs: Any) -> Any:
    """`Add` of a list of inputs."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """`Subtract` of a list of two inputs."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """`Multiply` of a list of inputs."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """`Average` of a list of inputs."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """`Maximum` of a list of inputs."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """`Minimum` of a list of inputs."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate` of a list of inputs along `axis`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
