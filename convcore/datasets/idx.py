"""A strict reader of IDX files, plain or gzip.

IDX is the format of MNIST: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
32-bit integer, then the values. Source: http://yann.lecun.com/exdb/mnist/, "The IDX file format". gzip is told by
its magic bytes (RFC 1952), never by the name.

Nothing that a header claims is believed before it was compared with the size of the file: no memory is
taken for a damaged header, a gzip bomb is left after the first byte too many, and no value is returned before
the CRC-32 and the size in the gzip trailer were found right.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterator
from io import BufferedReader

import numpy as np
import numpy.typing as npt

from convcore.datasets.regular import Path, open_regular
from convcore.errors import DataFileError
from convcore.memory import require_memory

__all__ = ["read_idx"]

UINT8_CODE = 0x08
MAX_DIMENSIONS = 8
GZIP_MAGIC = b"\x1f\x8b"
GZIP_TRAILER = 8  # CRC-32 and size modulo 2**32
MAX_INFLATION = 1032  # deflate cannot do better: 258 bytes from two bits
BLOCK = 2048  # compressed bytes read at a time: small, so that a fault is located and little memory is used


def read_idx(path: Path, *, dimensions: int | None = None) -> npt.NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, plain or gzip.

    Args:
        path: The file; the name may be anything.
        dimensions: The number of dimensions the array has to have, such as 3 for images (count, height,
            width) and 1 for labels. None: any.

    Returns:
        A new uint8 array of the shape in the header. A file of zero images gives an array of zero images.

    Raises:
        DataFileError: The file is damaged, cut short, longer than its header says, or not an IDX file of
            unsigned bytes; the message names the path and the byte offset.
        OSError: The file cannot be opened, is a directory, or is not a regular file.
        ParameterError: `path` is not a path.
        ResourceLimitError: The array needs more memory than may be used.

    Example:
        >>> import os, tempfile
        >>> handle, name = tempfile.mkstemp()
        >>> _ = os.write(handle, bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])); os.close(handle)
        >>> read_idx(name)
        array([7, 9], dtype=uint8)
        >>> os.remove(name)
    """
    with open_regular(path) as file:
        name = os.fsdecode(path)
        size = os.fstat(file.fileno()).st_size
        start = file.read(len(GZIP_MAGIC))
        file.seek(0)
        if start == GZIP_MAGIC:
            return _read_gzip(file, name, size, dimensions)
        return _read_plain(file, name, size, dimensions)


def _fault(name: str, offset: int, what: str) -> DataFileError:
    return DataFileError(f"{name}: {what} (byte offset {offset})")


def _check_magic(name: str, head: bytes, dimensions: int | None) -> int:
    """The number of dimensions that the first four bytes state."""
    if len(head) < 4:
        raise _fault(name, len(head), "the file ends inside the IDX magic number of 4 bytes")
    if head[:2] != b"\0\0":
        raise _fault(name, 0, f"neither IDX nor gzip: it begins with bytes {head.hex(' ')}, IDX begins with 00 00 08")
    if head[2] != UINT8_CODE:
        raise _fault(name, 2, f"type code 0x{head[2]:02X} is not supported, only 0x08 (unsigned byte)")
    if not 1 <= head[3] <= MAX_DIMENSIONS:
        raise _fault(name, 3, f"{head[3]} dimensions are not supported, only 1 to {MAX_DIMENSIONS}")
    if dimensions is not None and head[3] != dimensions:
        raise _fault(name, 3, f"the file has {head[3]} dimensions where {dimensions} are expected")
    return head[3]


def _check_shape(name: str, head: bytes, rank: int) -> tuple[int, ...]:
    """The shape in a whole header; `head` may be cut short."""
    if len(head) < 4 + 4 * rank:
        raise _fault(name, len(head), f"the file ends inside the IDX header of {4 + 4 * rank} bytes")
    shape = tuple(int.from_bytes(head[4 + 4 * i : 8 + 4 * i], "big") for i in range(rank))
    for axis, length in enumerate(shape[1:], start=1):
        if length == 0:
            raise _fault(name, 4 + 4 * axis, f"dimension {axis} of the shape {shape} is 0; only the first may be")
    if math.prod(shape[1:]) >= 2**31:
        raise _fault(name, 8, f"the shape {shape} means items of {math.prod(shape[1:])} bytes, allowed are 2**31 - 1")
    return shape


def _allocate(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    require_memory(math.prod(shape), f"{name}: an array of shape {shape}")
    return np.empty(shape, dtype=np.uint8)


def _read_plain(file: BufferedReader, name: str, size: int, dimensions: int | None) -> npt.NDArray[np.uint8]:
    head = file.read(4)
    rank = _check_magic(name, head, dimensions)
    shape = _check_shape(name, head + file.read(4 * rank), rank)
    start = 4 + 4 * rank
    payload = math.prod(shape)
    if size != start + payload:
        what = "is cut short" if size < start + payload else "has bytes after its end"
        raise _fault(
            name,
            min(size, start + payload),
            f"the file {what}: the header's shape {shape} means {start + payload} bytes, the file has {size}",
        )
    array = _allocate(name, shape)
    count = file.readinto(array.data) if payload else 0
    if count != payload:
        raise _fault(name, start + count, f"the file became shorter while it was read: {count} of {payload} bytes")
    return array


def _read_gzip(file: BufferedReader, name: str, size: int, dimensions: int | None) -> npt.NDArray[np.uint8]:
    if size < GZIP_TRAILER:
        raise _fault(name, size, f"the gzip file is cut short: it has {size} bytes")
    file.seek(size - 4)
    stated = int.from_bytes(file.read(4), "little")
    file.seek(0)
    stream = _Inflater(file, name, size)
    head = stream.read(4)
    rank = _check_magic(name, head, dimensions)
    shape = _check_shape(name, head + stream.read(4 * rank), rank)
    payload = math.prod(shape)
    total = 4 + 4 * rank + payload
    if total % 2**32 != stated or total > size * MAX_INFLATION:
        raise _fault(
            name,
            size - 4,
            f"the gzip file is cut short or damaged: the IDX header's shape {shape} means {total} bytes uncompressed,"
            f" the gzip trailer says {stated} and the compressed file has {size}",
        )
    array = _allocate(name, shape)
    flat = array.reshape(-1)
    done = 0
    for piece in stream.pieces(payload):
        flat[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
    if done < payload:
        raise _fault(name, stream.position, f"the compressed data end after {done} of {payload} bytes of the array")
    stream.finish()
    return array


class _Inflater:
    """Inflates one gzip member piece by piece, never more than was asked for."""

    def __init__(self, file: BufferedReader, name: str, size: int) -> None:
        self.file = file
        self.name = name
        self.size = size
        self.position = 0  # compressed bytes read from the file
        self.inflate = zlib.decompressobj(wbits=31)  # zlib checks header, CRC-32 and size of gzip itself

    def pieces(self, count: int) -> Iterator[bytes]:
        """The next `count` bytes; fewer where the member ends before."""
        while count and not self.inflate.eof:
            piece = self._inflate(min(count, 4 * BLOCK))
            count -= len(piece)
            yield piece

    def read(self, count: int) -> bytes:
        return b"".join(self.pieces(count))

    def finish(self) -> None:
        """Check that the member and the file end here, and the trailer with them."""
        while not self.inflate.eof:
            if self._inflate(1):
                raise _fault(self.name, self.position, "the compressed data go on after the end of the array")
        extra = len(self.inflate.unused_data) + self.size - self.position
        if extra:
            raise _fault(self.name, self.size - extra, f"{extra} bytes follow the end of the gzip data")

    def _inflate(self, limit: int) -> bytes:
        block = self.inflate.unconsumed_tail
        start = self.position - len(block)
        if not block:
            block = self.file.read(BLOCK)
            self.position += len(block)
        try:
            piece = self.inflate.decompress(block, limit)
        except zlib.error as error:
            if "incorrect data check" in str(error):
                raise _fault(self.name, self.size - 8, "the CRC-32 of the gzip trailer does not fit the data") from None
            what = f"the compressed data between here and offset {self.position} are damaged ({error})"
            raise _fault(self.name, start, what) from None
        if not block and not piece and not self.inflate.eof:
            raise _fault(self.name, self.position, "the gzip file is cut short: it ends inside the compressed data")
        return piece
