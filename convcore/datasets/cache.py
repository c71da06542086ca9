"""Where data sets are kept on this machine for this user."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """The folder for downloaded data sets; it need not exist.

    ``$XDG_CACHE_HOME/convcore`` where that variable is an absolute path, else ``%LOCALAPPDATA%\\convcore`` on Windows,
    ``~/Library/Caches/convcore`` on macOS and ``~/.cache/convcore`` elsewhere.

    Example:
        >>> cache_folder().name
        'convcore'
    """
    configured = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(configured):  # the XDG base directory specification: a relative path is to be ignored
        return Path(configured) / "convcore"
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "convcore"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "convcore"
    return home / ".cache" / "convcore"
