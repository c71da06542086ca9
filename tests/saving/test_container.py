"""The file format: what is written comes back, and nothing else does."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import re
import time
import zipfile
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from convcore.errors import ModelFileError, NotSupportedError
from convcore.saving import container

CONFIG = {"kind": "weights", "text": 'größe "x" \\ /', "numbers": [1, 2.5, None, True]}
TENSORS = {
    "d/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "d/bias": np.array([np.nan, np.inf], dtype=np.float32),
    "scalar": np.array(3.0, dtype=np.float32),
    "empty": np.zeros((0, 3), dtype=np.float32),
}
DATA = container.pack(CONFIG, TENSORS)


def forged(config: str, tensors: dict[str, Any] | None = None, **changes: str) -> bytes:
    """A file with a right checksum and any content."""
    metadata = {"format": "convcore", "version": "1", "sha256": "0" * 64, "config": config, **changes}
    data = save(TENSORS if tensors is None else tensors, metadata)
    place = data.find(b'"sha256":"' + b"0" * 64)
    if place < 0:
        return data
    place += len(b'"sha256":"')
    return data[:place] + container._digest(data, place) + data[place + 64 :]


def test_there_and_back_bit_for_bit() -> None:
    config, tensors = container.unpack(DATA, "m")
    assert config == CONFIG
    assert set(tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert tensors[name].shape == tensor.shape
        assert tensors[name].tobytes() == tensor.tobytes()


def test_the_safetensors_library_reads_it() -> None:
    from safetensors.numpy import load

    np.testing.assert_array_equal(load(DATA)["d/kernel"], TENSORS["d/kernel"])


def test_forged_files_are_right_where_they_should_be() -> None:
    """The proof that the refusals below are not those of the checksum."""
    assert container.unpack(forged('{"a":1}'), "m")[0] == {"a": 1}


def test_every_truncation_is_refused() -> None:
    for length in range(len(DATA)):
        with pytest.raises(ModelFileError, match=r"^m: "):
            container.unpack(DATA[:length], "m")


def test_every_flipped_bit_is_refused() -> None:
    data = bytearray(DATA)
    for position in range(len(data)):
        for bit in range(8):
            data[position] ^= 1 << bit
            with pytest.raises(ModelFileError, match=r"^m: "):
                container.unpack(bytes(data), "m")
            data[position] ^= 1 << bit
    assert container.unpack(bytes(data), "m")[0] == CONFIG


@pytest.mark.parametrize("extra", [b"\0", b" ", b"x" * 100])
def test_every_inserted_byte_is_refused(extra: bytes) -> None:
    for position in range(0, len(DATA) + 1, 7):
        with pytest.raises(ModelFileError):
            container.unpack(DATA[:position] + extra + DATA[position:], "m")


def a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", "{}")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (a_zip(), "zip archive, such as a real Keras"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5 file"),
        (gzip.compress(DATA), "gzip"),
        (pickle.dumps({"a": 1}), "a pickle, which can run code and is never read"),
        (b"", "damaged, or not a model file"),
        (bytes(8), "damaged, or not a model file"),
        ((2**63).to_bytes(8, "little") + b"{}", "damaged, or not a model file"),
        (b"\xff" * 100, "damaged, or not a model file"),
        (save(TENSORS), "a safetensors file that convcore did not write"),
        (save(TENSORS, {"format": "pt"}), "a safetensors file that convcore did not write"),
        (forged("{}", version="0"), "format version '0'; this version of convcore reads version 1"),
        (forged("{}", version="999"), "format version '999'"),
        (forged("{}", sha256="x"), "it has no checksum"),
        (forged("{}", surprise="x"), r"unknown entries \['surprise'\]"),
        (forged("[]"), "not a JSON object"),
        (forged("{"), "not JSON"),
        (forged('{"a":NaN}'), "not JSON"),
        (forged("[" * 100_000), "not JSON"),
        (forged("9" * 10_000), "not JSON"),
        (forged("{}", {"a": np.zeros(3)}), "dtype F64; allowed: F32"),
    ],
)
def test_what_is_no_model_file(data: bytes, text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ModelFileError, match=f"^m: .*{text}"):
        container.unpack(data, "m")
    assert time.perf_counter() - start < 0.5


def header(entries: dict[str, Any], payload: bytes = bytes(24)) -> bytes:
    text = json.dumps({"__metadata__": {"format": "convcore", "version": "1"}, **entries}).encode()
    return len(text).to_bytes(8, "little") + text + payload


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [10**6] * 3, "data_offsets": [0, 24]},
        {"dtype": "F32", "shape": [6], "data_offsets": [0, 2**63]},
        {"dtype": "F32", "shape": [6], "data_offsets": [24, 0]},
        {"dtype": "F32", "shape": [-6], "data_offsets": [0, 24]},
        {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 24]},
        {"dtype": "F32", "shape": [5], "data_offsets": [4, 24]},
        {"dtype": "F32", "shape": [1] * 1000 + [5], "data_offsets": [0, 24]},
        {"dtype": "Q7", "shape": [6], "data_offsets": [0, 24]},
    ],
)
def test_headers_that_lie_allocate_nothing(entry: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match="damaged, or not a model file"):
        container.unpack(header({"a": entry}), "m")


def test_what_json_cannot_hold_is_refused_at_saving() -> None:
    for value in (object(), float("nan"), {1, 2}, np.zeros(2)):
        with pytest.raises(NotSupportedError, match=re.escape("get_config()")):
            container.pack({"a": value}, {})
