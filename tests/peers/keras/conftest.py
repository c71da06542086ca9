"""What is here runs where Keras is installed: see run.py. The tests of convcore itself do not collect it."""

from __future__ import annotations

collect_ignore_glob = ["*.py"]
