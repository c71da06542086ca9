"""Downloads from a server on this machine: mirrors, checksums, endless files, and no server at all."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import http.server
import sys
import threading

import pytest

from convcore.datasets import mnist
from convcore.datasets.cache import cache_folder
from convcore.datasets.download import Resource
from convcore.errors import DatasetUnavailableError
from tests.datasets.files import FILES, collection, counts, gz


class Server:
    """A mirror on this machine; what it serves may be changed."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                data = outer.files.get(self.path.lstrip("/"))
                self.send_response(404 if data is None else 200)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A small set published on a server of this machine, and pooch to fetch it."""
    monkeypatch.delitem(sys.modules, "pooch")
    pytest.importorskip("pooch")
    pytest.importorskip("requests")
    monkeypatch.setenv("NO_PROXY", "*")
    where = collection(tmp_path / "origin", zipped=True)
    files = {path.name: path.read_bytes() for path in where.iterdir()}
    server = Server(files)
    resources = {
        name: Resource(len(files[f"{name}.gz"]), hashlib.sha256(files[f"{name}.gz"]).hexdigest()) for name in FILES
    }
    mirrors = (f"{server.url}missing/", server.url)
    yield dataclasses.replace(mnist.COLLECTION, mirrors=mirrors, resources=resources), server
    server.server.shutdown()
    server.server.server_close()


def test_download_goes_to_the_second_mirror_and_then_to_the_cache(published, capsys):
    ours, server = published
    assert counts(ours.load()) == (60, 60, 20, 20)
    assert len(server.asked) == 8
    assert counts(ours.load()) == (60, 60, 20, 20)
    assert len(server.asked) == 8
    assert sorted(path.name for path in (cache_folder() / "mnist").iterdir()) == sorted(f"{name}.gz" for name in FILES)
    assert capsys.readouterr() == ("", "")


def test_download_shows_a_bar_on_a_terminal(published, capsys, monkeypatch):
    ours, _ = published
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    ours.load()
    assert "train-images-idx3-ubyte.gz [####################] 100 %\n" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [b"<html>", gzip.compress(b"x"), gz(b"") * 100_000])
def test_downloads_of_the_wrong_content_leave_nothing(published, wrong):
    ours, server = published
    server.files["train-labels-idx1-ubyte.gz"] = wrong
    with pytest.raises(DatasetUnavailableError, match=r"train-labels.*(SHA-256|more than)") as caught:
        ours.load()
    assert "\n" not in str(caught.value)
    assert "404" in str(caught.value)
    assert [path.name for path in (cache_folder() / "mnist").iterdir()] == ["train-images-idx3-ubyte.gz"]


def test_no_server_at_all(published):
    ours, _ = published
    ours = dataclasses.replace(ours, mirrors=("http://127.0.0.1:9/", "http://127.0.0.1:9/"))
    with pytest.raises(DatasetUnavailableError, match="connection refused"):
        ours.load()


def test_a_cache_that_cannot_be_written(published, monkeypatch, tmp_path):
    ours, _ = published
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DatasetUnavailableError, match="file"):
        ours.load()
