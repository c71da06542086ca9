"""The base of all layers: names, weights, shapes, configuration, and calls on NumPy arrays."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore import regularizers
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.layers.arguments import is_float32, is_name, pop_input_shape
from convcore.layers.configured import Configured
from convcore.layers.connected import Connected
from convcore.layers.eager import Eager, as_float32, is_home
from convcore.layers.refused import OF_LAYERS, refuse_attributes
from convcore.layers.seeds import SeedGenerator
from convcore.layers.structures import one_or_all
from convcore.layers.subclassing import compose, recording_shape, takes_training, with_training
from convcore.layers.symbolic import Call, SymbolicTensor, call, is_recording
from convcore.layers.validation import InputSpec, Shape, check_input, standardize_shape
from convcore.layers.weighted import Weighted
from convcore.naming import auto_name
from convcore.variables import FlatParameters

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Layer"]

FloatArray = npt.NDArray[np.float32]


class Layer(Configured, Connected, Weighted):
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

    #: The same, in Keras's other words for it.
    compute_dtype = variable_dtype = dtype

    #: Of a layer that draws random numbers, where its seed is from: it sets it in its constructor.
    seed_generator: SeedGenerator | None = None

    # Whether call() says what it computes.
    _is_composed: ClassVar[bool] = False

    # Whether a class that derives from it may say so.
    _lets_call_be_own: ClassVar[bool] = True

    # Whether a call on symbolic tensors may say training=True: then random numbers are drawn in inference, too.
    _draws_if_told: bool = False

    # Whether a call on arrays takes a single image as well as a batch; None where any shape will do.
    _takes_one: bool | None = False

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
        if hasattr(type(self), "call") and not (self._is_custom or self._is_composed):
            raise NotSupportedError(
                f"convcore does not implement a call() that joins a class later, as that of {kind} did (supported: "
                "call() in the body of the class)"
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
        self._calls: list[Call] = []
        # The last one in a call() of one's own.
        self._inner_call: Call | None = None
        self._home: FlatParameters | None = None
        self._eager = Eager()

    def __init_subclass__(cls, *, record_build: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "call" in cls.__dict__:
            compose(cls)
        build = cls.__dict__.get("build")
        if build is not None and record_build:
            cls.build = recording_shape(build)  # type: ignore[method-assign]
        if inspect.isfunction(cls.forward) and not takes_training(cls.forward):
            cls.forward = with_training(cls.forward)  # type: ignore[method-assign]

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

    def _connect_all(self, input_shapes: list[Shape]) -> list[Shape]:
        """As `_connect`, for all inputs and outputs of a layer that may have several."""
        return [self._connect(input_shapes[0])]

    # Computing

    @property
    def _is_own(self) -> bool:
        """Whether the class is not one of convcore's, so that files need it in custom_objects."""
        return not type(self).__module__.startswith("convcore.")

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
        shape = tuple(-1 if dim is None else dim for dim in output)
        return graph.add("python", x, parameters=self.weights, layer=self, shape=shape)

    def lower_with_penalty(self, graph: Graph, xs: list[Value]) -> list[Value]:
        """As `_lower_all`, and what the activity regularizer adds to the loss of a model."""
        ys = self._lower_all(graph, xs)
        if self.activity_regularizer is None:
            return ys
        graph.penalized += [(y, self.activity_regularizer) for y in ys]
        return [graph.add("penalty", y, plan=self.activity_regularizer.plan) for y in ys]

    def _activity_losses(self) -> list[np.float32]:
        return [] if self._activity_penalty is None else [self._activity_penalty]

    def _penalized(self, outputs: list[FloatArray]) -> list[FloatArray]:
        """`outputs`, those of a call, whose penalty `losses` tells."""
        if self.activity_regularizer is not None:
            penalties = [self.activity_regularizer(y) / max(1, len(y)) for y in outputs]
            self._activity_penalty = np.float32(sum(penalties))
        return outputs

    def _lower_all(self, graph: Graph, xs: list[Value]) -> list[Value]:
        """As `lower`, for all inputs and outputs of a layer that may have several."""
        return [self.lower(graph, xs[0])]

    @property
    def _augments(self) -> bool:
        """Whether a call on arrays that does not say `training` is one of training."""
        return False

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The output for a batch `inputs`, any real dtype; builds the layer first if it is not built yet.

        Without `training` it is that of inference, but of layers that augment images it is that of training. On what
        stands for an array, an `Input` or what a layer gave for one, it gives what stands for the output.
        """
        arguments = self._arguments(inputs)
        if any(isinstance(argument, SymbolicTensor) for argument in arguments):
            return self._call_on_symbols(arguments, training)
        training = self._augments if training is None else training
        arrays = self._checked(arguments)
        if not self._is_custom:
            return self._packed(self._penalized(self._eager.forward(self, arrays, bool(training))))
        (array,) = arrays
        expected = self.compute_output_shape(array.shape)
        y = as_float32(self.forward(array, training=bool(training)), f"The output of layer '{self.name}'")
        if y.shape != tuple(expected):
            raise ShapeError(
                f"Layer '{self.name}': forward() returned an array of shape {y.shape} where compute_output_shape() "
                f"says {tuple(expected)}."
            )
        return self._packed(self._penalized([y]))

    def forward(self, x: Any, training: bool = True) -> Any:
        """The output for a batch `x`; with ``training=True`` it can be followed by `backward`."""
        return self._packed(self._eager.forward(self, self._checked(self._arguments(x)), bool(training)))

    def backward(self, dy: Any) -> Any:
        """The gradient with respect to the last forward's input, from `dy`, that with respect to its output.

        The gradients with respect to the weights are in ``variable.grad``. StateError without a matching
        ``forward(x, training=True)``.
        """
        if self._is_custom:
            raise NotSupportedError(
                f"The layer '{self.name}' of class {type(self).__name__} defines forward() but not backward(self, dy)."
            )
        return one_or_all(self._eager.backward(self, self._gradients(dy)))

    def _arguments(self, x: Any) -> list[Any]:
        """What a call was given, one for each input."""
        if not isinstance(x, list | tuple) or not any(isinstance(each, SymbolicTensor) for each in x):
            return [x]
        if len(x) != 1:
            raise ParameterError(
                f"Layer '{self.name}' expects 1 input(s), but it received {len(x)} input tensors. "
                f"Inputs received: {list(x)}"
            )
        return list(x)

    def _packed(self, outputs: Sequence[Any]) -> Any:
        """The outputs as a call gives them."""
        return one_or_all(outputs)

    def _gradients(self, dy: Any) -> list[Any]:
        """What `backward` was given, one for each output."""
        return [dy]

    def _call_on_symbols(self, arguments: list[Any], training: bool | None) -> Any:
        others = [each for each in arguments if not isinstance(each, SymbolicTensor)]
        if others:
            raise NotSupportedError(
                f"convcore does not implement calls on arrays and symbolic tensors together (layer '{self.name}' "
                f"received {type(others[0]).__name__}; supported: either)"
            )
        if not is_recording():
            self._require_may_draw(training)
        return call(self, arguments, None if training is None else bool(training))

    def _require_may_draw(self, training: Any) -> None:
        """Raise NotSupportedError if a functional model would have to train this layer in inference."""
        if training and not self._draws_if_told:
            raise NotSupportedError(
                f"convcore does not implement training={training!r} in a functional model (layer '{self.name}'; "
                "supported: training=False, what fit and predict choose, and training=True of Dropout and of noise)"
            )

    def _checked(self, arguments: list[Any]) -> list[FloatArray]:
        arrays = [as_float32(argument, f"The input of layer '{self.name}'") for argument in arguments]
        if any(array.ndim == 0 for array in arrays):
            raise ShapeError(f"Layer '{self.name}' needs a batch of inputs, but received a single number.")
        with self._eager.lock:
            self._connect_all([array.shape for array in arrays])
        return arrays

    def _home_parameters(self) -> FlatParameters:
        """The flat buffers in which the variables live: the model's, or else buffers of the layer's own."""
        home = self._home
        if home is None or not is_home(home, self.weights):
            home = FlatParameters(self.weights)
            self._move_in(home)
        return home

    def _move_in(self, home: FlatParameters) -> None:
        self._home = home


refuse_attributes(Layer, OF_LAYERS)
