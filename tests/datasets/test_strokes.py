"""The skeletons of the drawn digits."""

from __future__ import annotations

import numpy as np

from convcore.datasets.digits import POINTS
from convcore.datasets.strokes import SAMPLES, STYLES, skeletons


def test_tables_fit_each_other():
    table = skeletons()
    rows = sum(len(styles) for styles in STYLES.values())
    assert list(STYLES) == list(range(10))
    assert table.first.tolist()[0] == 0
    assert table.first[-1] == rows
    assert table.controls.shape[0] == rows
    assert table.controls.shape[1] <= POINTS
    assert table.indices.shape == table.weights.shape == (rows, SAMPLES, 4)
    assert table.indices.max() < table.controls.shape[1]
    np.testing.assert_allclose(table.weights.sum(axis=2), 1, atol=1e-6)


def test_curves_stay_in_the_box_and_samples_are_even():
    table = skeletons()
    for row in range(len(table.controls)):
        places = (table.weights[row][:, :, None] * table.controls[row][table.indices[row]]).sum(axis=1)
        assert places.min() > -0.1
        assert places.max() < 1.1
        steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
        assert abs(np.median(steps) / table.spacing[row] - 1) < 0.1
