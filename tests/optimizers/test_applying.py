"""Gradients applied outside of fit; weight decay by variable."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from convcore.errors import ParameterError, ShapeError
from convcore.optimizers import SGD, Adam
from convcore.variables import Variable


def two() -> list[Variable]:
    return [Variable(np.ones((2, 3)), name="kernel"), Variable(np.full(3, 2.0), name="bias")]


def test_a_step_by_pairs() -> None:
    optimizer, w = SGD(learning_rate=0.5), Variable([1.0, 2.0, 3.0, 4.0])
    optimizer.build([w])
    assert optimizer.apply_gradients(zip([np.array([1.0, 6.0, 7.0, 2.0])], [w], strict=True)) == 1
    assert w.numpy().tolist() == [0.5, -1.0, -0.5, 3.0]
    assert optimizer.variables == [1, 0.5]


def test_a_step_by_list() -> None:
    optimizer, variables = Adam(0.1), two()
    with pytest.raises(ParameterError, match="must already be built"):
        optimizer.apply([np.ones((2, 3)), np.ones(3)])
    optimizer.build(variables)
    optimizer.apply([np.ones((2, 3)), np.ones(3)])
    np.testing.assert_allclose(variables[0].value, 0.9, rtol=1e-6)
    np.testing.assert_allclose(variables[1].value, 1.9, rtol=1e-6)
    assert len(optimizer.variables) == 4
    optimizer.apply([])
    assert optimizer.iterations == 1


def test_a_variable_without_gradient_stays() -> None:
    optimizer, (kernel, bias) = SGD(0.5, momentum=0.5), two()
    with pytest.warns(UserWarning, match="bias"):
        optimizer.apply([np.ones((2, 3)), None], [kernel, bias])
    assert (kernel.value[0, 0], bias.value[0]) == (0.5, 2.0)
    optimizer.apply([np.ones((2, 3)), np.ones(3)], [kernel, bias])
    assert (kernel.value[0, 0], bias.value[0]) == (-0.25, 1.5)
    with pytest.raises(ParameterError, match="No gradients provided"):
        optimizer.apply([None, None])


def test_what_does_not_fit_is_refused() -> None:
    optimizer, (kernel, bias) = SGD(), two()
    optimizer.build([kernel])
    with pytest.raises(ParameterError, match="Unknown variable"):
        optimizer.apply([np.ones(3)], [bias])
    with pytest.raises(ShapeError, match="kernel"):
        optimizer.apply([np.ones(3)], [kernel])
    with pytest.raises(ParameterError, match="one gradient a variable"):
        optimizer.apply([np.ones(3), np.ones(3)], [kernel])
    assert kernel.numpy().tolist() == np.ones((2, 3)).tolist()


def test_weight_decay_leaves_out_what_is_excluded() -> None:
    plain, named, listed = (Variable(2.0, name=name) for name in ("one", "exclude", "three"))
    first, second, third = (SGD(learning_rate=1.0, weight_decay=0.004) for _ in range(3))
    zero = np.zeros(())
    first.apply_gradients([(zero, plain)])
    second.exclude_from_weight_decay(var_names=["exclude"])
    second.apply_gradients([(zero, plain), (zero, named)])
    third.exclude_from_weight_decay(var_list=[listed])
    third.apply_gradients([(zero, plain), (zero, listed)])
    assert plain.numpy() == pytest.approx(1.9760959, abs=1e-6)
    assert (float(named.value), float(listed.value)) == (2.0, 2.0)


def test_clipping_by_norm_and_value() -> None:
    gradient = [np.array([100.0, 100.0]), np.array([0.5])]
    (long, short) = SGD(clipnorm=1.0)._clip_gradients(gradient)
    np.testing.assert_allclose(long, [2**0.5 / 2, 2**0.5 / 2], rtol=1e-6)
    assert short.tolist() == [0.5]
    (long, short) = SGD(global_clipnorm=1.0)._clip_gradients(gradient)
    np.testing.assert_allclose([*long, *short], np.array([100.0, 100.0, 0.5]) / np.sqrt(20000.25), rtol=1e-6)
    (long, short) = SGD(clipvalue=1.0)._clip_gradients(gradient)
    assert (long.tolist(), short.tolist()) == ([1.0, 1.0], [0.5])
    assert SGD()._clip_gradients(gradient)[0].tolist() == [100.0, 100.0]


def test_averages_become_the_values_at_the_end() -> None:
    optimizer, w = SGD(1.0, use_ema=True, ema_momentum=0.5), Variable([4.0])
    for _ in range(3):
        optimizer.apply_gradients([([1.0], w)])
    assert w.value.tolist() == [1.0]  # 3, then 2, then 1
    optimizer.finalize_variable_values([w])
    assert w.value.tolist() == [1.75]  # 3, then 2.5, then 1.75
    plain = SGD()
    plain.finalize_variable_values([w])
    assert w.value.tolist() == [1.75]


def test_a_copy_goes_on_by_itself() -> None:
    optimizer, w = SGD(1.0, momentum=0.5), Variable([4.0])
    optimizer.apply_gradients([([1.0], w)])
    twin, other = copy.deepcopy(optimizer), Variable(w.numpy())
    optimizer.apply_gradients([([1.0], w)])
    twin.apply_gradients([([1.0], other)])
    assert w.value.tolist() == other.value.tolist() == [1.5]
    assert (optimizer.iterations, twin.iterations) == (2, 2)


def test_the_state_goes_to_another_optimizer() -> None:
    x = Variable([[1.0, 2.0], [3.0, 4.0]])
    first, second = Adam(0.1), Adam()
    first.apply_gradients([([[1.0, 2.0], [3.0, 4.0]], x)])
    with pytest.raises(ParameterError, match=r"You are calling `set_weights\(\)`"):
        second.set_weights(first.variables)
    second.build([x])
    second.set_weights(first.variables)
    assert (second.iterations, second.learning_rate) == (1, 0.1)
    for mine, theirs in zip(second.variables, first.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(ShapeError, match="shapes"):
        second.set_weights(first.variables[:2])


def test_a_loss_is_scaled_as_gradients_are_divided() -> None:
    assert SGD(loss_scale_factor=1024.0).scale_loss(0.5) == 512.0
    assert SGD().scale_loss(0.5) == 0.5
