"""The strict IDX reader: right arrays from whole files, a named error from all others."""

from __future__ import annotations

import gzip
import re
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcore.datasets.idx import read_idx
from convcore.errors import ConvcoreError, DataFileError, ResourceLimitError
from tests.datasets.files import gz, header, idx

IMAGES = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (9, 28, 28)).astype(np.uint8)
LABELS = np.arange(9, dtype=np.uint8)


def write(folder: Path, data: bytes, name: str = "data") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(path: Path, *, growth: int = 64 * 1024) -> str:
    """The message of the DataFileError that reading `path` gives, with path and offset, at a small cost of memory."""
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError) as caught:
            read_idx(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    offset = re.search(r"byte offset (\d+)", message)
    assert offset is not None
    assert int(offset[1]) <= path.stat().st_size
    assert peak <= growth, f"{peak} bytes were allocated"
    return message


@pytest.mark.parametrize("array", [IMAGES, LABELS, IMAGES[:1], IMAGES[:, :3, :5], IMAGES.reshape(3, 3, 4, 196)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, gz])
@pytest.mark.parametrize("name", ["data", "data.gz", "data.txt"])
def test_reads_whole_files_whatever_their_name(tmp_path, array, pack, name):
    got = read_idx(write(tmp_path, pack(idx(array)), name))
    assert got.dtype == np.uint8
    assert got.flags.owndata
    np.testing.assert_array_equal(got, array)


def test_a_gzip_header_may_have_a_name_and_a_comment(tmp_path):
    plain = gz(idx(IMAGES))
    named = plain[:3] + bytes([8 + 16]) + plain[4:10] + b"name\0comment\0" + plain[10:]
    np.testing.assert_array_equal(read_idx(write(tmp_path, named)), IMAGES)


def test_long_runs_inflate_exactly(tmp_path):
    array = np.zeros((500, 64, 64), np.uint8)
    array[-1] = 7
    np.testing.assert_array_equal(read_idx(write(tmp_path, gzip.compress(idx(array)))), array)


@pytest.mark.parametrize("pack", [bytes, gz])
def test_zero_images_are_an_empty_array(tmp_path, pack):
    assert read_idx(write(tmp_path, pack(header(0, 28, 28)))).shape == (0, 28, 28)
    assert read_idx(write(tmp_path, pack(header(0)))).shape == (0,)


@pytest.mark.parametrize("pack", [bytes, gz])
def test_every_prefix_is_refused(tmp_path, pack):
    data = pack(idx(IMAGES[:2]))
    for length in range(len(data)):
        refused(write(tmp_path, data[:length]))


def test_cut_at_every_percent(tmp_path):
    data = gzip.compress(idx(np.tile(IMAGES, (40, 1, 1))))
    for percent in range(100):
        refused(write(tmp_path, data[: len(data) * percent // 100]))


def test_cut_so_that_the_last_bytes_look_like_a_right_trailer(tmp_path):
    whole = gz(idx(IMAGES))
    size = len(idx(IMAGES)).to_bytes(4, "little")
    message = refused(write(tmp_path, whole[: len(whole) // 2] + size))
    assert "damaged" in message or "cut short" in message or "end" in message


def test_wrong_crc_and_size(tmp_path):
    data = idx(IMAGES)
    assert "CRC-32" in refused(write(tmp_path, gz(data, crc=zlib.crc32(data) ^ 1)))
    assert "trailer" in refused(write(tmp_path, gz(data, size=len(data) + 1)))
    assert "trailer" in refused(write(tmp_path, gz(data, size=0)))


@pytest.mark.parametrize("extra", [b"\0", b"PK\x03\x04", b"x" * 5000])
def test_trailing_bytes(tmp_path, extra):
    data = idx(IMAGES)
    assert "after its end" in refused(write(tmp_path, data + extra))
    refused(write(tmp_path, gz(data) + extra))
    refused(write(tmp_path, gz(data + extra)))
    refused(write(tmp_path, gz(data + extra, size=len(data))))
    size = len(data).to_bytes(4, "little")
    assert "follow the end" in refused(write(tmp_path, gz(data) + extra + size))


def test_a_second_gzip_member_is_refused(tmp_path):
    data = idx(IMAGES)
    refused(write(tmp_path, gz(data) + gz(b"")))
    refused(write(tmp_path, gz(data) + gz(b"", size=len(data))))


@pytest.mark.parametrize("pack", [bytes, gz])
@pytest.mark.parametrize(
    "head",
    [
        header(2**31 - 1, 28, 28),
        header(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        header(2**32 - 1),
        header(0, 0xFFFFFFFF, 0xFFFFFFFF),
        header(2**16, 2**16, 2**16, 2**16),  # 2**64
        header(3, 0, 28),
        header(0, 0, 0),
        header(),
        header(1, rank=255),
        header(*[1] * 255),
        header(*[1] * 9),
        header(1, code=0x00),
        header(1, code=0x0A),
        header(1, code=0x0D),
        b"\x08\0\0\x01",
        b"\0",
        b"",
    ],
)
def test_headers_that_lie(tmp_path, pack, head):
    refused(write(tmp_path, pack(head)))
    refused(write(tmp_path, pack(head + b"\1" * 16)))


def test_other_kinds_of_file_are_named(tmp_path):
    assert "neither IDX nor gzip" in refused(write(tmp_path, b"<html>not found</html>"))
    assert "neither IDX nor gzip" in refused(write(tmp_path, gz(b"<html>")))
    assert "0x0D" in refused(write(tmp_path, header(1, code=0x0D) + bytes(4)))


def test_wrong_number_of_dimensions(tmp_path):
    path = write(tmp_path, idx(LABELS))
    assert read_idx(path, dimensions=1).shape == LABELS.shape
    with pytest.raises(DataFileError, match=r"has 1 dimensions where 3 are expected \(byte offset 3\)"):
        read_idx(path, dimensions=3)


def test_a_bomb_stops_one_byte_after_the_size_in_the_header(tmp_path):
    body = header(1, 28, 28) + bytes(64_000_000)
    stated = len(header(1, 28, 28)) + 784
    assert "trailer" in refused(write(tmp_path, gz(body)))
    assert "go on after the end" in refused(write(tmp_path, gz(body, size=stated)))


def test_a_header_cannot_claim_more_than_deflate_can_hold(tmp_path):
    data = header(2**31 - 1, 28, 28) + bytes(100)
    refused(write(tmp_path, gz(data, size=(len(header(1, 1, 1)) + (2**31 - 1) * 784) % 2**32)))


@pytest.mark.parametrize("pack", [bytes, gz])
def test_an_array_beyond_memory_is_a_named_error(tmp_path, monkeypatch, pack):
    path = write(tmp_path, pack(idx(IMAGES)))
    monkeypatch.setenv("CONVCORE_MEMORY_LIMIT", "7000")
    with pytest.raises(ResourceLimitError, match=re.escape(str(path))):
        read_idx(path)


@pytest.mark.parametrize("path", ["no-such-file", b"no-such-file", Path("no-such-file")])
def test_path_faults_name_the_path(path):
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        read_idx(path)


PLAIN = idx(IMAGES[:2, :6, :6])
ZIPPED = gzip.compress(PLAIN)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_give_a_named_error_or_the_exact_data(tmp_path_factory, data):
    """Mutants of both forms; a plain file has no checksum, so there only the shape can be held to."""
    whole = data.draw(st.sampled_from([PLAIN, ZIPPED]))
    mutant = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(mutant) - 1))
        change = data.draw(st.sampled_from(["set", "insert", "delete"]))
        if change == "set":
            mutant[position] = data.draw(st.integers(0, 255))
        elif change == "insert":
            mutant.insert(position, data.draw(st.integers(0, 255)))
        else:
            del mutant[position]
    path = tmp_path_factory.getbasetemp() / "mutant"
    path.write_bytes(bytes(mutant))
    try:
        got = read_idx(path)
    except ConvcoreError as error:
        assert str(path) in str(error)  # noqa: PT017
        return
    if whole is ZIPPED:
        np.testing.assert_array_equal(got, IMAGES[:2, :6, :6])
    else:
        assert got.tobytes() == bytes(mutant)[4 + 4 * mutant[3] :]
