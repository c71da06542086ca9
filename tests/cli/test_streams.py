"""Streams of all kinds; what needs a process of its own is in test_main.py."""

from __future__ import annotations

import io
import sys

from convcore.cli.streams import finish, prepare, say_error


class Broken(io.StringIO):
    """A stream behind which there is nobody, or no room."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def flush(self) -> None:
        raise self.error


def test_closed_streams_go_nowhere(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    prepare()
    print("nobody reads this")
    say_error("convcore", "nor this")
    assert finish(3) == 3
    sys.stdout.close()
    sys.stderr.close()


def test_a_reader_that_left(monkeypatch):
    for code, wanted in ((0, 141), (2, 2)):
        monkeypatch.setattr(sys, "stdout", Broken(BrokenPipeError()))
        assert finish(code) == wanted
        sys.stdout.close()


def test_no_room(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", Broken(OSError(28, "No space left on device")))
    assert finish(0) == 1
    sys.stdout.close()
    assert capsys.readouterr().err == "convcore: No space left on device\n"


def test_characters_that_a_stream_cannot_show(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    prepare()
    print("━━ 5")
    assert finish(0) == 0
    assert raw.getvalue() == b"?? 5\n"
