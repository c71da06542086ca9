"""ProgbarLogger."""

from __future__ import annotations

import re

import pytest

from convcore.callbacks import ProgbarLogger
from tests.training.small import data, model


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_it_shows_no_more_than_verbose_does(verbose: int, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for callbacks in (None, [ProgbarLogger()]):
        model().fit(*data(), epochs=2, verbose=verbose, callbacks=callbacks)
        texts.append(re.sub(r"\d+[mu]?s\b", "T", capsys.readouterr().out))
    assert texts[0] == texts[1]
    assert texts[0].count("loss:") == (2 if verbose else 0)
