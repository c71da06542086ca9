"""``convcore info``: what convcore runs on, and the layers of a saved model."""

from __future__ import annotations

import argparse

from convcore import runtime

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    if arguments.model is None:
        runtime.show_config()
        return 0
    from convcore.models import load_model

    model = load_model(arguments.model)
    runtime.show_config()
    model.summary()
    return 0
