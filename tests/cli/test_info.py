"""`convcore info`."""

from __future__ import annotations

from convcore import cli, layers, models, runtime


def test_what_runs_here(capsys):
    assert cli.main(["info"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert runtime.active_isa() in output


def test_a_model(tmp_path, capsys):
    models.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(3, 3)]).save(tmp_path / "model")
    assert cli.main(["info", str(tmp_path / "model")]) == 0
    output = capsys.readouterr().out
    assert "Conv2D" in output
    assert "Total params: 30" in output
