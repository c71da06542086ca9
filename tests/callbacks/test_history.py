"""History."""

from __future__ import annotations

from convcore.callbacks import History
from tests.callbacks.fakes import play


def test_it_keeps_each_figure_of_each_epoch() -> None:
    history = History()
    script = play(history, [{"loss": 1.0}, {"loss": 0.5, "val_loss": 0.6}])
    assert history.history == {"loss": [1.0, 0.5], "val_loss": [0.6]}
    assert history.epoch == [0, 1]
    assert script.history is history
