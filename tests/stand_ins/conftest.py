"""The scripts are run, in processes of their own; pytest must not import them."""

from __future__ import annotations

collect_ignore_glob = ["scripts/*"]
