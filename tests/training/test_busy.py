"""Two threads in one model."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from convcore.callbacks import LambdaCallback
from convcore.errors import BusyError
from convcore.training.busy import exclusive
from tests.training.small import data, model, weights

X, Y = data()


def test_a_second_thread_is_refused_and_the_first_goes_on() -> None:
    net, same = model(), model()
    errors: list[BaseException] = []

    def intrude(epoch: int, logs: Any) -> None:
        def attempt(call: Any, *args: Any) -> None:
            try:
                call(*args)
            except BaseException as error:
                errors.append(error)

        for call in ((net.fit, X, Y), (net.predict, X), (net.evaluate, X, Y), (net.predict_on_batch, X)):
            thread = threading.Thread(target=attempt, args=call)
            thread.start()
            thread.join()

    net.fit(X, Y, epochs=2, shuffle=False, callbacks=[LambdaCallback(on_epoch_end=intrude)], verbose=0)
    same.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    assert [type(error) for error in errors] == [BusyError] * 8
    assert np.array_equal(weights(net), weights(same))


def test_the_lock_is_given_back_after_an_error() -> None:
    class Thing:
        @exclusive
        def work(self, depth: int) -> int:
            """Docs stay."""
            if depth < 0:
                raise ValueError(depth)
            return depth and self.work(depth - 1)

    thing = Thing()
    assert thing.work(3) == 0  # the thread that is inside may enter again
    with pytest.raises(ValueError, match="-1"):
        thing.work(-1)
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(thing.work(2)))
    thread.start()
    thread.join()
    assert results == [0]
    assert Thing.work.__doc__ == "Docs stay."
