"""What the commands accept."""

from __future__ import annotations

import pytest

from convcore.cli.arguments import UsageError, parser


def test_train_takes_all_that_the_readme_names():
    given = "train --data digits --epochs 3 --batch-size 32 --learning-rate 1e-3 --seed 7 --threads 2 --save a --json b"
    found = vars(parser().parse_args(given.split()))
    assert found == {
        "command": "train",
        "data": "digits",
        "epochs": 3,
        "batch_size": 32,
        "learning_rate": 1e-3,
        "seed": 7,
        "threads": 2,
        "save": "a",
        "json": "b",
    }


def test_defaults():
    found = vars(parser().parse_args(["train"]))
    assert found.pop("command") == "train"
    assert found.pop("seed") == 0
    assert set(found.values()) == {None}


def test_other_commands():
    assert parser().parse_args(["evaluate", "m", "--data", "folder"]).data == "folder"
    assert parser().parse_args(["predict", "m", "a", "b"]).images == ["a", "b"]
    assert parser().parse_args(["info"]).model is None
    found = parser().parse_args(["bench", "--threads", "2", "--json", "f"])
    assert (found.seconds, found.threads, found.json) == (20, 2, "f")


@pytest.mark.parametrize("text", ["", "x", "0", "-3", "1e3", "99999999999999999999"])
def test_whole_numbers(text):
    with pytest.raises(UsageError, match=r"--batch-size: .*whole number from 1"):
        parser().parse_args(["train", "--batch-size", text])


def test_an_unknown_option_is_told_by_its_command():
    with pytest.raises(UsageError, match="unrecognized arguments: --foo; see convcore train --help") as caught:
        parser().parse_args(["train", "--foo"])
    assert caught.value.program == "convcore train"


def test_a_wrong_option_is_told_by_its_command():
    with pytest.raises(UsageError) as caught:
        parser().parse_args(["train", "--epochs"])
    assert caught.value.program == "convcore train"
