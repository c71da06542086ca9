"""Downloads of published files by pooch (extra `data`): two mirrors, SHA-256, a bar, short time-outs."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["DownloadError", "Resource", "download"]

TIMEOUT = (3.05, 15)  # seconds to connect, and between two packets
CHUNK = 1 << 16


class Resource(NamedTuple):
    """A published file: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class DownloadError(Exception):
    """A file could not be had; the text says in a few words why. No user sees it: the caller tries other sources."""


def download(name: str, resource: Resource, mirrors: Sequence[str], folder: Path) -> Path:
    """Download `name` from the first of `mirrors` that has it into `folder`.

    A file appears in `folder` whole and checked, or not at all.

    Raises:
        DownloadError: pooch is not installed, no mirror gave the file, or the folder cannot be written.
    """
    try:
        pooch = importlib.import_module("pooch")
    except ImportError:
        raise DownloadError("a download needs pooch: pip install 'convcore[data]'") from None
    reasons = []
    for mirror in mirrors:
        bar = _Bar(name, resource.size)
        logger = pooch.get_logger()
        level = logger.level
        logger.setLevel(logging.WARNING)
        try:
            downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK, timeout=TIMEOUT)
            known = f"sha256:{resource.sha256}"
            return Path(pooch.retrieve(mirror + name, known, fname=name, path=folder, downloader=downloader))
        except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong SHA-256 is a ValueError
            bar.abandon()
            reasons.append(f"{mirror}{name} ({_short(error)})")
        finally:
            logger.setLevel(level)
    raise DownloadError("a download from " + " and ".join(reasons))


def _short(error: Exception) -> str:
    """A reason of a few words on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    for sign, words in (
        ("NameResolution", "host name not found"),
        ("timed out", "timed out"),
        ("refused", "connection refused"),
        ("SHA256", "wrong SHA-256"),
        ("hash of downloaded file", "wrong SHA-256"),
    ):
        if sign in text:
            return words
    return text if len(text) <= 80 else text[:77] + "..."


class _Bar:
    """The progress of one file on a terminal, with the methods that pooch calls; it also stops endless files."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.done = 0
        self.percent = -1
        self.total = size  # pooch writes the size here that the server states
        self.live = sys.stderr is not None and sys.stderr.isatty()

    def update(self, count: int) -> None:
        self.done += count
        if self.done > self.size + CHUNK:
            raise ValueError(f"the server sends more than the {self.size} bytes of the file")
        percent = min(100, 100 * self.done // self.size)
        if self.live and percent != self.percent:
            self.percent = percent
            filled = percent // 5
            bar = "#" * filled + "-" * (20 - filled)
            print(f"\rdownloading {self.name} [{bar}] {percent:3d} %", end="", file=sys.stderr, flush=True)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        if self.live:
            print(file=sys.stderr)

    def abandon(self) -> None:
        if self.live and self.percent >= 0:
            print(file=sys.stderr)
