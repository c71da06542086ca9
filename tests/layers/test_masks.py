"""The masks of merged inputs, against what Keras's layers say of them."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import layers
from convcore.errors import ParameterError

X = np.ones((1, 4, 2), np.float32)
FIRST, SECOND = [[False, True, False, True]], [[False, False, True, True]]


@pytest.mark.parametrize("kind", [layers.Add, layers.Subtract, layers.Average, layers.Maximum, layers.Multiply])
def test_a_step_counts_if_it_does_in_one_input(kind: type[layers.Add]) -> None:
    assert kind().compute_mask([X, X], [FIRST, SECOND]).tolist() == [[False, True, True, True]]
    assert kind().compute_mask([X, X], [FIRST, None]) is None
    assert kind().compute_mask([X, X]) is None


def test_masks_go_side_by_side() -> None:
    side = layers.Concatenate(axis=1)
    assert side.compute_mask([X, X], [FIRST, None]).tolist() == [[False, True, False, True, True, True, True, True]]
    assert layers.Concatenate(axis=2).compute_mask([X, X], [FIRST, SECOND]).tolist() == [[False, True, True, True]]
    assert side.compute_mask([X, X], [None, None]) is None


@pytest.mark.parametrize("kind", [layers.Add, layers.Concatenate])
def test_what_is_no_list_is_refused(kind: type[layers.Add]) -> None:
    for inputs, mask, text in (
        ([X, X], X, "`mask` should be a list"),
        (X, [None, None], "`inputs` should be a list"),
        ([X, X], [None], "should have the same length"),
    ):
        with pytest.raises(ParameterError, match=text):
            kind().compute_mask(inputs, mask)
