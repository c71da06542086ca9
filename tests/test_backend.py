"""The functions of keras.backend."""

from __future__ import annotations

import pytest

from convcore import backend, layers
from convcore.errors import NotSupportedError


def test_constants() -> None:
    assert backend.backend() == "convcore"
    assert backend.epsilon() == 1e-7
    assert backend.floatx() == "float32"
    assert backend.image_data_format() == "channels_last"


@pytest.mark.parametrize("reset", [backend.clear_session, backend.reset_uids])
def test_names_start_anew(reset: object) -> None:
    layers.Flatten()
    reset()  # type: ignore[operator]
    assert layers.Flatten().name == "flatten"


def test_the_rest_is_refused() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.backend\.set_floatx"):
        _ = backend.set_floatx
