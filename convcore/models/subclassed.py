"""Models whose call() says what their layers do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import NotBuiltError, NotSupportedError, ParameterError
from convcore.layers.composed import Composed
from convcore.layers.structures import flat
from convcore.layers.validation import Shape
from convcore.models.model import Model

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Subclassed"]


class Subclassed(Composed, Model, record_build=False):  # type: ignore[override]
    """What a class that derives from `Model` and has a call() is: see `Composed` for what that may do.

    It is built when it first meets data, or by ``build(input_shape)``; inputs of another size are planned for anew.
    """

    _not_copied: ClassVar[frozenset[str]] = Composed._not_copied | Model._not_copied
    # Several sizes may come: the model is planned for those of its data.
    _is_open = True
    _met: tuple[Shape, ...] = ()

    def _connect_all(self, input_shapes: list[Shape]) -> list[Shape]:
        was_built = bool(self._met)
        shapes = super()._connect_all(input_shapes)
        self._met = tuple((None, *shape[1:]) for shape in input_shapes)
        self._input_count = len(input_shapes)
        if not was_built:
            if self._compiled is not None:
                try:
                    self._compiled.meet(self._outputs())
                except ParameterError:
                    self._met = ()
                    raise
            self._sample_shapes = None
            self._invalidate()
        return shapes

    def _structures(self, what: str) -> tuple[Any, Any]:
        if not self._met:
            raise NotBuiltError(
                f"Model '{self.name}' has no defined {what} yet. Hint: build(input_shape) or a first call on data "
                "gives it one."
            )
        trace = self._trace(self._met)
        return trace.inputs[0] if len(trace.inputs) == 1 else list(trace.inputs), trace.outputs

    def _graph(self) -> Graph:
        known = [tuple(dim for dim in shape[1:] if dim is not None) for shape in self._met]
        if self._sample_shapes is None and all(len(a) == len(b) - 1 for a, b in zip(known, self._met, strict=True)):
            self._sample_shapes = tuple(known)
        return super()._graph()

    def _meet(self, x: Any) -> None:
        self._connect_all([each.shape for each in self._checked(self._arguments(x))])

    def lower(self, graph: Graph, x: Value) -> Value:
        return Composed.lower(self, graph, x)

    def get_config(self) -> dict[str, Any]:
        raise NotSupportedError(
            "convcore does not implement the configuration of a model with a call() of its own, as "
            f"{type(self).__name__} is (supported: save_weights and load_weights; keras.Model(inputs, outputs) for "
            "files of whole models)"
        )

    def _packed(self, outputs: Any) -> Any:
        return outputs[0] if len(flat(self._output_form)) == 1 and len(outputs) == 1 else super()._packed(outputs)
