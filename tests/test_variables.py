"""Variables are views of flat buffers: what is written on one side is read on the other."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import NotSupportedError, ShapeError
from convcore.variables import FlatParameters, Variable, changeable, mark_change, revision


@pytest.fixture
def three() -> tuple[Variable, Variable, Variable]:
    return (
        Variable([[1, 2], [3, 4]], name="kernel"),
        Variable([5, 6, 7], name="bias"),
        Variable([8], name="frozen", trainable=False),
    )


def test_a_variable_copies_what_it_is_given_as_float32() -> None:
    given = np.arange(6.0).reshape(2, 3).T
    variable = Variable(given, name="w")
    given[...] = -1
    assert variable.value.dtype == np.float32
    assert variable.value.flags.c_contiguous
    assert (variable.shape, variable.size, variable.dtype) == ((3, 2), 6, "float32")
    np.testing.assert_array_equal(variable.numpy(), np.arange(6).reshape(2, 3).T)


def test_numpy_and_array_are_copies() -> None:
    variable = Variable([1.0, 2.0], name="w")
    for copy in (variable.numpy(), np.array(variable)):
        copy[0] = 9
    assert variable.value[0] == 1
    assert np.asarray(variable, dtype=np.float64).dtype == np.float64


def test_assign_keeps_the_array_and_refuses_another_shape() -> None:
    variable = Variable(np.zeros((2, 3)), name="w")
    value = variable.value
    variable.assign(np.ones((2, 3)))
    assert variable.value is value
    assert value.sum() == 6
    with pytest.raises(ShapeError, match=r"w: .*\(3, 2\).*\(2, 3\)"):
        variable.assign(np.ones((3, 2)))
    with pytest.raises(ShapeError):
        variable.assign(1.0)


def test_values_are_added_and_subtracted_and_repeated_where_they_are_smaller() -> None:
    variable = Variable(np.zeros((2, 3)), name="w")
    value = variable.value
    variable.assign_add(2)
    variable.assign_add([1, 2, 3])
    variable.assign_sub(np.ones((2, 1)))
    assert variable.value is value
    assert value.tolist() == [[2, 3, 4], [2, 3, 4]]
    assert variable.ndim == 2
    for refused in (np.ones(2), np.ones((1, 2, 3))):
        with pytest.raises(ShapeError, match=r"w: an array of shape .* does not fill a variable of shape \(2, 3\)"):
            variable.assign_add(refused)


def test_flat_parameters_lay_the_variables_one_after_the_other(three: tuple[Variable, ...]) -> None:
    flat = FlatParameters(three)
    np.testing.assert_array_equal(flat.values, [1, 2, 3, 4, 5, 6, 7, 8])
    assert flat.offsets == (0, 4, 7, 8)
    assert not flat.gradients.any()


def test_values_and_gradients_are_views_of_the_buffers(three: tuple[Variable, ...]) -> None:
    flat = FlatParameters(three)
    three[0].value[1, 0] = 30
    flat.values[4] = 50
    three[1].grad[2] = 70
    assert flat.values[2] == 30
    assert three[1].value[0] == 50
    assert flat.gradients[6] == 70


def test_trainable_ranges_are_maximal(three: tuple[Variable, ...]) -> None:
    kernel, bias, frozen = three
    assert FlatParameters((kernel, bias, frozen)).trainable_ranges() == [(0, 7)]
    assert FlatParameters((kernel, frozen, bias)).trainable_ranges() == [(0, 4), (5, 8)]
    assert FlatParameters((frozen,)).trainable_ranges() == []
    assert FlatParameters(()).trainable_ranges() == []


def test_what_may_change_the_answer_about_a_models_variables_changes_the_revision(three: tuple[Variable, ...]) -> None:
    def freeze() -> None:
        three[0].trainable = False

    def rebind() -> None:
        three[0].value = three[0].value.copy()

    def write() -> None:
        three[0].value[0, 0] = 5
        three[0].assign(three[0].value + 1)

    for change in (freeze, rebind, lambda: Variable(1.0), lambda: FlatParameters(three), mark_change):
        before = revision()
        change()
        assert revision() > before
    before = revision()
    write()
    assert revision() == before


@pytest.mark.parametrize("method", ["assign", "assign_add", "assign_sub"])
def test_variables_refuse_changes_where_they_would_come_once(method: str) -> None:
    variable = Variable([1.0], name="w")
    with changeable(False):
        with pytest.raises(NotSupportedError, match=rf"{method}\(\) of a variable, here 'w', in a call\(\)"):
            getattr(variable, method)([2.0])
        with changeable(True):
            variable.assign([5.0])
    assert variable.value == 5
