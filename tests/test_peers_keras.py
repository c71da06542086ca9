"""What `make peers-keras` makes of its measurements; the tests of Keras themselves run in an environment with Keras."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.peers.keras import run

REPORT = """
<testsuites><testsuite>
  <testcase classname="a.B" name="test_good"/>
  <testcase classname="a.B" name="test_bad"><failure message="AssertionError"/></testcase>
  <testcase classname="a.B" name="test_broken"><error message="fixture"/></testcase>
  <testcase classname="a.B" name="test_theirs"><skipped message="TF only"/></testcase>
  <testcase classname="a.B" name="test_missing"><skipped message="Left out: convcore does not implement X"/></testcase>
</testsuite></testsuites>
"""


def found() -> run.Outcome:
    return run.outcome(ElementTree.fromstring(REPORT))


def test_a_report_is_counted() -> None:
    assert found().passed == 1
    assert found().failed == ["a.B.test_bad", "a.B.test_broken"]
    assert found().skipped == {"TF only": 1}
    assert found().left_out == {"convcore does not implement X": 1}


def test_every_count_is_in_the_table() -> None:
    table = run.markdown([(run.TREES[0], found())])
    assert table.splitlines()[2] == f"| {run.TREES[0].title} | 1 | 2 | 1 | 1 |"


def test_the_table_goes_between_its_markers() -> None:
    text = f"before\n{run.BEGIN}\nold\n{run.END}\nafter\n"
    once = run.with_table(text, "| new |\n")
    assert once == f"before\n{run.BEGIN}\n\n| new |\n\n{run.END}\nafter\n"
    assert run.with_table(once, "| new |\n") == once
    with pytest.raises(SystemExit, match="README.md has no lines"):
        run.with_table("no markers", "table")


def test_what_failed_and_what_was_left_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    run.say(run.TREES[0], found())
    said = capsys.readouterr().out
    assert "1 passed, 2 failed, 1 left out, 1 skipped by Keras" in said
    for line in (
        "failed: a.B.test_bad",
        "left out: 1 x convcore does not implement X",
        "skipped by Keras: 1 x TF only",
    ):
        assert line in said
