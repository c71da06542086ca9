"""Where MNIST and Fashion-MNIST are looked for, in which order, and what is said when they are nowhere."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import http.server
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest

from convcore.datasets import collection as collection_module
from convcore.datasets import fashion_mnist, folder, mnist
from convcore.datasets.cache import cache_folder
from convcore.datasets.download import Resource
from convcore.errors import (
    ConvcoreError,
    DataFileError,
    DatasetUnavailableError,
    LabelError,
    ParameterError,
    ShapeError,
)
from tests.datasets.files import FILES, collection, gz, idx


@pytest.fixture(autouse=True)
def _no_sources(monkeypatch, tmp_path):
    """Neither a configured folder nor a cache nor pooch."""
    monkeypatch.delenv("CONVCORE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "pooch", None)


def counts(data) -> tuple[int, ...]:
    return tuple(len(array) for part in data for array in part)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("load", [mnist.load_data, fashion_mnist.load_data])
def test_explicit_folder(tmp_path, zipped, load):
    where = collection(tmp_path / "data", zipped=zipped)
    (x_train, y_train), (x_test, y_test) = load(where)
    assert x_train.shape == (60, 28, 28)
    assert y_train.shape == (60,)
    assert x_test.shape == (20, 28, 28)
    assert y_test.shape == (20,)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert counts(load(str(where))) == (60, 60, 20, 20)


def test_dotted_names(tmp_path):
    where = collection(tmp_path / "data")
    for name in FILES:
        (where / name).rename(where / name.replace("-idx", ".idx"))
    assert counts(mnist.load_data(where)) == (60, 60, 20, 20)


def test_order_of_sources(tmp_path, monkeypatch):
    collection(cache_folder() / "mnist", train=1)
    assert counts(mnist.load_data())[0] == 1
    monkeypatch.setenv("CONVCORE_DATA", str(collection(tmp_path / "configured", train=2)))
    assert counts(mnist.load_data())[0] == 2
    collection(tmp_path / "configured" / "mnist", train=3)
    assert counts(mnist.load_data())[0] == 3
    assert counts(mnist.load_data(collection(tmp_path / "explicit", train=4)))[0] == 4


def test_the_name_that_keras_has_as_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVCORE_DATA", str(collection(tmp_path / "configured", train=2)))
    assert counts(mnist.load_data("mnist.npz"))[0] == 2
    with pytest.raises(FileNotFoundError, match=r"other\.npz"):
        mnist.load_data("other.npz")


def test_digits_are_never_returned_as_clothes(tmp_path, monkeypatch):
    where = collection(tmp_path / "data")
    labels = np.arange(20, dtype=np.uint8) % 10
    digest = hashlib.sha256(labels.tobytes()).hexdigest()
    monkeypatch.setitem(folder.TEST_LABELS, digest, "mnist")
    monkeypatch.setenv("CONVCORE_DATA", str(where))
    assert counts(mnist.load_data()) == (60, 60, 20, 20)
    with pytest.raises(DatasetUnavailableError, match="holds mnist"):
        fashion_mnist.load_data()
    with pytest.raises(DataFileError, match="holds mnist, not fashion_mnist"):
        fashion_mnist.load_data(where)
    other = np.arange(21, dtype=np.uint8) % 10
    collection(where / "fashion-mnist", test=21)
    monkeypatch.setitem(folder.TEST_LABELS, hashlib.sha256(other.tobytes()).hexdigest(), "fashion_mnist")
    assert counts(fashion_mnist.load_data()) == (60, 60, 21, 21)


def test_nothing_to_be_had(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVCORE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetUnavailableError) as caught:
        mnist.load_data()
    message = str(caught.value)
    assert isinstance(caught.value, OSError)
    assert isinstance(caught.value, ConvcoreError)
    assert "\n" not in message
    for tried in ("MNIST", "nowhere", str(cache_folder() / "mnist"), "pip install 'convcore[data]'"):
        assert tried in message


def test_a_missing_file_is_named(tmp_path):
    where = collection(tmp_path / "data")
    (where / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="t10k-labels-idx1-ubyte"):
        mnist.load_data(where)


def test_a_damaged_configured_file_is_not_passed_over(tmp_path, monkeypatch):
    where = collection(tmp_path / "data", zipped=True)
    path = where / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.setenv("CONVCORE_DATA", str(where))
    collection(cache_folder() / "mnist")
    with pytest.raises(DataFileError, match=r"train-images.*byte offset"):
        mnist.load_data()


@pytest.mark.parametrize("label", [10, 255])
def test_labels_above_nine(tmp_path, label):
    where = collection(tmp_path / "data")
    labels = np.arange(60, dtype=np.uint8) % 10
    labels[[17, 40]] = label
    (where / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    with pytest.raises(LabelError, match=rf"image 17 is {label}; allowed are 0 to 9 \(2 of 60"):
        mnist.load_data(where)


def test_counts_and_sizes_that_differ(tmp_path):
    where = collection(tmp_path / "data")
    (where / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(19, np.uint8)))
    with pytest.raises(ShapeError, match=r"20 images, .* 19 labels"):
        mnist.load_data(where)
    (where / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(20, np.uint8)))
    (where / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((20, 28, 27), np.uint8)))
    with pytest.raises(ShapeError, match="one size"):
        mnist.load_data(where)


def test_images_and_labels_swapped(tmp_path):
    where = collection(tmp_path / "data")
    (where / "train-images-idx3-ubyte").write_bytes(idx(np.zeros(60, np.uint8)))
    with pytest.raises(DataFileError, match=r"train-images.*1 dimensions where 3"):
        mnist.load_data(where)


@pytest.mark.parametrize("path", [0, 1.5, [], b"", ""])
def test_what_is_no_path(path):
    with pytest.raises(ParameterError, match="path"):
        mnist.load_data(path)


def test_impossible_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="no-such"):
        mnist.load_data(tmp_path / "no-such")
    with pytest.raises(OSError, match="x00"):
        mnist.load_data("no\0such")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match="file"):
        mnist.load_data(tmp_path / "file")


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "convcore"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "convcore"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "home" / "Library" / "Caches" / "convcore"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "convcore"


@pytest.mark.parametrize("published", [mnist.COLLECTION, fashion_mnist.COLLECTION])
def test_the_published_sets_are_whole(published):
    assert set(published.resources) == set(FILES)
    assert len(published.mirrors) == 2
    assert all(url.startswith("https://") and url.endswith("/") for url in published.mirrors)
    assert all(len(bytes.fromhex(resource.sha256)) == 32 for resource in published.resources.values())


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


def test_pooch_is_not_imported_without_need(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", types.ModuleType("pooch"))
    monkeypatch.setattr(collection_module, "download", None)
    assert counts(mnist.load_data(Path(collection(tmp_path / "data")))) == (60, 60, 20, 20)
