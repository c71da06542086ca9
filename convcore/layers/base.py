"""The base of all layers: names, weights, shapes, configuration, and calls on NumPy arrays."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore import regularizers
from convcore.errors import NotBuiltError, NotSupportedError, ParameterError, ShapeError
from convcore.layers.arguments import is_float32, is_name, pop_input_shape
from convcore.layers.eager import Eager, as_float32, is_home
from convcore.layers.symbolic import SymbolicTensor
from convcore.layers.validation import InputSpec, Shape, check_input, standardize_shape
from convcore.layers.weighted import Weighted
from convcore.naming import auto_name
from convcore.variables import FlatParameters

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Layer"]

FloatArray = npt.NDArray[np.float32]


class Layer(Weighted):
    """Configuration and weights of one step of a model.

    A layer of one's own subclasses it and computes in NumPy: `build` makes the variables with `add_weight`,
    `forward` maps a batch to its output, `backward` receives the gradient with respect to the output of the last
    ``forward(x, training=True)``, writes the gradients of the variables into ``variable.grad`` and returns the
    gradient with respect to x. A layer whose output has another shape than its input also defines
    `compute_output_shape`; one that does the same in training and inference can leave out the parameter `training`.

    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
    ...     def forward(self, x, training=False):
    ...         self.x = x
    ...         return x * self.factor.value
    ...     def backward(self, dy):
    ...         self.factor.grad[...] = (dy * self.x).sum(axis=0)
    ...         return dy * self.factor.value
    >>> Scale()([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    #: What every layer computes in; inputs of other dtypes are cast to it.
    dtype: str = "float32"

    # Layers without a `build` that Keras counts as built from the start.
    _built_at_init: ClassVar[bool] = False

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        kind = type(self).__name__
        if hasattr(type(self), "call") and not self._is_custom:
            raise NotSupportedError(
                f"convcore does not implement layers of one's own with call(), as {kind} is (supported: "
                "forward(self, x, training=False) and backward(self, dy) in NumPy, see convcore.layers.Layer)"
            )
        if name is not None and not is_name(name):
            raise ParameterError(
                f"Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name} (of type {type(name)})"
            )
        input_shape = pop_input_shape(kwargs)
        if kwargs:
            raise ParameterError(f"Unrecognized keyword arguments passed to {kind}: {kwargs}")
        if not is_float32(dtype) or autocast is not True:
            argument = "autocast" if is_float32(dtype) else "dtype"
            raise NotSupportedError(
                f"convcore does not implement the argument `{argument}` of keras.layers.{kind} (supported: "
                f"dtype='float32', autocast=True). Received: dtype={dtype!r}, autocast={autocast!r}"
            )
        if not isinstance(trainable, bool):
            raise ParameterError(
                f"Expected `trainable` to be a boolean. Received: trainable={trainable} (of type {type(trainable)})"
            )
        self.name = auto_name(kind) if name is None else name
        self.built = self._built_at_init
        self.input_spec = InputSpec()
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._activity_penalty: np.float32 | None = None
        self._trainable = trainable
        self._trainable_variables = []
        self._non_trainable_variables = []
        self._input_shape_arg = input_shape
        self._build_shape: Shape | None = None
        self._connected: tuple[Shape, Shape] | None = None
        self._home: FlatParameters | None = None
        self._eager = Eager()

    def __init_subclass__(cls, *, record_build: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        build = cls.__dict__.get("build")
        if build is not None and record_build:
            cls.build = _recording(build)  # type: ignore[method-assign]
        if inspect.isfunction(cls.forward) and not _takes_training(cls.forward):
            cls.forward = _with_training(cls.forward)  # type: ignore[method-assign]

    # Shapes

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs of `input_shape`, the batch axis first. Overridden by layers with weights."""
        self._build_shape = standardize_shape(input_shape)
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The output's shape for inputs of `input_shape`, both with the batch axis first."""
        return standardize_shape(input_shape)

    def _connect(self, input_shape: Shape) -> Shape:
        """Check and build for inputs of `input_shape`; returns the output's shape."""
        check_input(self.input_spec, input_shape, self.name)
        if not self.built or self._build_shape is None:
            self.build(input_shape)
        return standardize_shape(self.compute_output_shape(input_shape))

    @property
    def input(self) -> SymbolicTensor:
        """The input, as far as it is known: shape, dtype, name. Needs a layer of a built model."""
        return SymbolicTensor(self._connection()[0], "float32", f"{self.name}_input", self)

    @property
    def output(self) -> SymbolicTensor:
        """The output, as far as it is known: shape, dtype, name. Needs a layer of a built model."""
        return SymbolicTensor(self._connection()[1], "float32", f"{self.name}_output", self)

    @property
    def input_shape(self) -> Shape:
        return self._connection()[0]

    @property
    def output_shape(self) -> Shape:
        return self._connection()[1]

    def _connection(self) -> tuple[Shape, Shape]:
        if self._connected is None:
            raise NotBuiltError(f"The layer {self.name} has never been called and thus has no defined input or output.")
        return self._connected

    # Computing

    @property
    def _is_custom(self) -> bool:
        """Whether this layer computes in NumPy itself."""
        return type(self).forward is not Layer.forward

    def lower(self, graph: Graph, x: Value) -> Value:
        """Add this layer, built, to `graph` behind the value `x`; returns the value it computes."""
        if not self._is_custom:
            raise NotSupportedError(
                f"The layer '{self.name}' of class {type(self).__name__} computes nothing: define "
                "forward(self, x, training=False) and backward(self, dy) in NumPy, see convcore.layers.Layer."
            )
        output = standardize_shape(self.compute_output_shape((None, *x.shape)))[1:]
        return graph.add("python", x, layer=self, shape=tuple(-1 if dim is None else dim for dim in output))

    def lower_with_penalty(self, graph: Graph, x: Value) -> Value:
        """As `lower`, and what the activity regularizer adds to the loss of a model."""
        y = self.lower(graph, x)
        return y if self.activity_regularizer is None else graph.add("penalty", y, plan=self.activity_regularizer.plan)

    def _activity_losses(self) -> list[np.float32]:
        return [] if self._activity_penalty is None else [self._activity_penalty]

    def _penalized(self, y: FloatArray) -> FloatArray:
        """`y`, the output of a call, whose penalty `losses` tells."""
        if self.activity_regularizer is not None:
            self._activity_penalty = np.float32(self.activity_regularizer(y) / max(1, len(y)))
        return y

    def __call__(self, x: Any, training: bool | None = False) -> FloatArray:
        """The output for a batch `x`, any real dtype; builds the layer first if it is not built yet."""
        array = self._checked_input(x)
        if not self._is_custom:
            return self._penalized(self._eager.forward(self, array, bool(training)))
        expected = self.compute_output_shape(array.shape)
        y = as_float32(self.forward(array, training=bool(training)), f"The output of layer '{self.name}'")
        if y.shape != tuple(expected):
            raise ShapeError(
                f"Layer '{self.name}': forward() returned an array of shape {y.shape} where compute_output_shape() "
                f"says {tuple(expected)}."
            )
        return self._penalized(y)

    def forward(self, x: Any, training: bool = True) -> FloatArray:
        """The output for a batch `x`; with ``training=True`` it can be followed by `backward`."""
        return self._eager.forward(self, self._checked_input(x), bool(training))

    def backward(self, dy: Any) -> FloatArray:
        """The gradient with respect to the last forward's input, from `dy`, that with respect to its output.

        The gradients with respect to the weights are in ``variable.grad``. StateError without a matching
        ``forward(x, training=True)``.
        """
        if self._is_custom:
            raise NotSupportedError(
                f"The layer '{self.name}' of class {type(self).__name__} defines forward() but not backward(self, dy)."
            )
        return self._eager.backward(self, dy)

    def _checked_input(self, x: Any) -> FloatArray:
        if isinstance(x, SymbolicTensor):
            raise NotSupportedError(
                f"convcore does not implement the functional API: layer '{self.name}' was called on an Input "
                "(supported: keras.Sequential([Input(shape), ...]))"
            )
        array = as_float32(x, f"The input of layer '{self.name}'")
        if array.ndim == 0:
            raise ShapeError(f"Layer '{self.name}' needs a batch of inputs, but received a single number.")
        with self._eager.lock:
            self._connect(array.shape)
        return array

    def _home_parameters(self) -> FlatParameters:
        """The flat buffers in which the variables live: the model's, or else buffers of the layer's own."""
        home = self._home
        if home is None or not is_home(home, self.weights):
            home = FlatParameters(self.weights)
            self._move_in(home)
        return home

    def _move_in(self, home: FlatParameters) -> None:
        self._home = home

    # Configuration and copies

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON types. A layer of one's own adds its arguments to them."""
        config = {"name": self.name, "trainable": self._trainable, "dtype": "float32"}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer, without weights yet, from what `get_config` returned."""
        if isinstance(config.get("activation"), dict):
            from convcore.layers.registry import deserialize

            config = {**config, "activation": deserialize(config["activation"])}
        return cls(**config)

    @classmethod
    def _restore(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]]) -> Any:
        """A new layer from a configuration; a model passes `custom_objects` on to its layers."""
        return cls.from_config(config)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        # The flat buffers and compiled forms belong to the original: the copy makes its own when it needs them.
        for key, value in self.__dict__.items():
            if key not in self._not_copied:
                twin.__dict__[key] = copy.deepcopy(value, memo)
        twin._home = None
        twin._eager = Eager()
        return twin

    _not_copied: ClassVar[frozenset[str]] = frozenset({"_home", "_eager"})

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise NotSupportedError(
            f"convcore does not implement pickling of {type(self).__name__} objects (supported: model.save(path) and "
            "keras.models.load_model(path), copy.deepcopy)"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _recording(build: Callable[..., None]) -> Callable[..., None]:
    """`build`, run once per layer, with the shape written down."""

    @functools.wraps(build)
    def wrapper(self: Layer, input_shape: Any = None) -> None:
        if self.built and self._build_shape is not None:
            return
        shape = standardize_shape(input_shape)
        build(self, shape)
        self._build_shape = shape
        self.built = True

    return wrapper


def _takes_training(forward: Callable[..., Any]) -> bool:
    parameters = inspect.signature(forward).parameters
    return "training" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _with_training(forward: Callable[..., Any]) -> Callable[..., Any]:
    """`forward`, written without the parameter `training`, with it: so that everyone can pass it."""

    def wrapper(self: Layer, x: Any, training: bool = False) -> Any:
        return forward(self, x)

    signature = inspect.signature(wrapper)
    functools.update_wrapper(wrapper, forward)
    # What a subclass inherits takes `training`, whatever the function inside does.
    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    return wrapper
