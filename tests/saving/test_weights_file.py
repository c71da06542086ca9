"""save_weights and load_weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore.errors import ModelFileError, StateError


def model(units: int = 3, more: bool = False) -> Sequential:
    extra = [layers.Dense(2, name="extra")] if more else []
    return Sequential([layers.Input((4,)), layers.Dense(units, name="first"), layers.Dense(2, name="second"), *extra])


@pytest.mark.parametrize("name", ["m.weights.h5", "m.safetensors", "m"])
def test_there_and_back_bit_for_bit_under_any_name(tmp_path: Path, name: str) -> None:
    saved, loaded = model(), model()
    saved.layers[0].kernel.value[0, :2] = [np.nan, -0.0]  # type: ignore[attr-defined]
    saved.save_weights(tmp_path / name)
    loaded.load_weights(str(tmp_path / name))
    for one, other in zip(saved.get_weights(), loaded.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


def test_names_may_differ_and_a_model_file_will_do(tmp_path: Path) -> None:
    saved = model()
    saved.save(tmp_path / "m.keras")
    loaded = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
    loaded.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded(np.ones((1, 4))), saved(np.ones((1, 4))))


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (
            model(5),
            r"the variable 'first/kernel' of the model 'sequential.*' has shape \(4, 5\), but the file's "
            r"'first/kernel' has shape \(4, 3\)\. Nothing was loaded",
        ),
        (model(more=True), r"it has 4 variables, but the model '.*' has 6: 'extra/kernel' is missing"),
        (
            Sequential([layers.Input((4,)), layers.Dense(3)]),
            r"it has 4 variables, but the model '.*' has 2: 'second/kernel' is too many",
        ),
    ],
)
def test_another_architecture_is_named_and_unchanged(tmp_path: Path, target: Sequential, text: str) -> None:
    path = tmp_path / "m.safetensors"
    model().save_weights(path)
    before = target.get_weights()
    with pytest.raises(ModelFileError, match=text):
        target.load_weights(path)
    for one, other in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.warns(UserWarning, match="was skipped"):
        target.load_weights(path, skip_mismatch=True)


def test_a_damaged_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    model().save_weights(path)
    path.write_bytes(path.read_bytes()[:-1])
    target = model()
    before = target.get_weights()
    with pytest.raises(ModelFileError, match=r"m\.safetensors"):
        target.load_weights(path)
    np.testing.assert_array_equal(before[0], target.get_weights()[0])


def test_unbuilt_models_have_no_weights(tmp_path: Path) -> None:
    unbuilt = Sequential([layers.Dense(2)])
    with pytest.raises(StateError, match="not built"):
        unbuilt.save_weights(tmp_path / "m")
    with pytest.raises(StateError, match="not built"):
        unbuilt.load_weights(tmp_path / "m")


def test_overwrite_false(tmp_path: Path) -> None:
    model().save_weights(tmp_path / "m")
    with pytest.raises(FileExistsError):
        model().save_weights(tmp_path / "m", overwrite=False)
