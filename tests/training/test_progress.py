"""What fit, evaluate and predict print, to the letter."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest

from convcore.callbacks import LambdaCallback
from convcore.training import progress
from convcore.training.progress import Progress, duration, figures, plain_line, remaining
from tests.training.small import data, model

X, Y = data()
FIGURE = r"\d\.\d{4}(e-\d\d)?"
LINE = rf"- \ds - \d+(us|ms|s)/step - accuracy: {FIGURE} - loss: {FIGURE}"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_one_plain_line_an_epoch_where_there_is_no_terminal(verbose: Any, capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(X, Y, epochs=2, batch_size=10, validation_split=0.2, verbose=verbose)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for epoch, line in enumerate(lines, 1):
        assert re.fullmatch(rf"Epoch {epoch}/2 - 8/8 {LINE} - val_accuracy: {FIGURE} - val_loss: {FIGURE}", line)


def test_verbose_2_has_the_two_lines_of_keras(capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(X, Y, epochs=2, batch_size=10, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], lines[2]] == ["Epoch 1/2", "Epoch 2/2"]
    for line in (lines[1], lines[3]):
        assert re.fullmatch(rf"10/10 {LINE}", line)


def test_verbose_3_has_titles_alone(capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(X, Y, epochs=2, verbose=3)
    model().evaluate(X, Y, verbose=3)
    assert capsys.readouterr().out == "Epoch 1/2\nEpoch 2/2\n"


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_evaluate_and_predict_print_one_line(verbose: Any, capsys: pytest.CaptureFixture[str]) -> None:
    model().evaluate(X, Y, verbose=verbose)
    assert re.fullmatch(rf"4/4 {LINE}\n", capsys.readouterr().out)
    model().predict(X, verbose=verbose)
    assert re.fullmatch(r"4/4 - \ds - \d+(us|ms|s)/step\n", capsys.readouterr().out)


def test_one_epoch_needs_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(X, Y)
    assert re.fullmatch(rf"4/4 {LINE}\n", capsys.readouterr().out)


def test_verbose_0_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    net = model()
    net.fit(X, Y, epochs=2, validation_split=0.2, verbose=0)
    net.evaluate(X, Y, verbose=0)
    net.predict(X, verbose=0)
    net.train_on_batch(X, Y)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_the_line_is_live_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    speak = LambdaCallback(on_epoch_end=lambda epoch, logs: print(f"between {epoch}"))
    model().fit(X, Y, epochs=2, batch_size=10, callbacks=[speak])
    assert sys.stdout is terminal
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert re.search(rf" 5/10 ━{{20}} 0s \d+(us|ms|s)/step - accuracy: {FIGURE} - loss: {FIGURE}", text)
    assert re.search(rf"10/10 ━{{20}} \ds \d+(us|ms|s)/step - accuracy: {FIGURE} - loss: {FIGURE}\n", text)
    assert text.index("Epoch 1/2") < text.index("between 0") < text.index("Epoch 2/2") < text.index("between 1")
    assert "\x1b[32m" in terminal.getvalue()  # what is done is green


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "dumb")
    model().fit(X, Y)
    assert re.fullmatch(rf"4/4 {LINE}\n", terminal.getvalue())


def test_the_bar_fits_the_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    terminal.encoding = "ascii"
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    model().fit(X, Y)
    assert "====" in terminal.getvalue()
    terminal.getvalue().encode("ascii")


def test_an_error_gives_the_terminal_back(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "INTERVAL", 0.0)

    def stop(batch: int, logs: Any) -> None:
        if batch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model().fit(X, Y, batch_size=10, callbacks=[LambdaCallback(on_train_batch_end=stop)])
    assert sys.stdout is terminal
    assert terminal.getvalue().rindex("\x1b[?25h") > terminal.getvalue().rindex("\x1b[?25l")  # the cursor is back


def test_without_a_standard_output_nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    model().fit(X, Y)


def test_texts() -> None:
    assert plain_line(3, 1875, 61.7, 1.5, {"loss": 12.5}) == "   3/1875 - 62s - 2s/step - loss: 12.5000"
    assert figures({"loss": float("nan")}) == " - loss: nan"
    assert (
        figures({"rate": -0.5, "tiny": -1e-9, "zero": 0.0}) == " - rate: -0.5000 - tiny: -1.0000e-09 - zero: 0.0000e+00"
    )
    assert [duration(value) for value in (0.0, 0.999, 0.001, 0.0001)] == [
        "0s/step",
        "999ms/step",
        "1ms/step",
        "100us/step",
    ]
    assert [remaining(value) for value in (0.4, 60, 61, 3600, 3661)] == ["0s", "60s", "1:01", "60:00", "1:01:01"]


def test_a_silent_progress_draws_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent = Progress(0)
    silent.begin(3, "Epoch 1/2")
    silent.update(1, dict)
    silent.end({})
    silent.close()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("updates", "expected"),
    [([], "0s"), ([(1, 8)], "8s"), ([(4, 8)], "2s"), ([(1, 8), (2, 9), (3, 10)], "1s"), ([(4, 8), (8, 20)], "3s")],
)
def test_a_step_takes_what_those_behind_the_first_update_took(
    updates: list[tuple[int, float]], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many steps an update is of."""
    now = 0.0
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now)  # type: ignore[attr-defined]
    shown = Progress(2)
    for _ in range(2):
        now = 0.0
        shown.begin(9)
        for current, at in updates:
            now = at
            shown.update(current, dict)
        shown.end({})
        assert f"- {expected}/step" in capsys.readouterr().out
