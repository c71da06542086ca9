"""The file format: one safetensors file whose metadata hold a JSON configuration and a checksum.

The metadata have four entries: ``format`` ("convcore"), ``version`` ("1"), ``config`` (JSON) and ``sha256``, the
SHA-256 of the whole file with the 64 digits of this entry itself as zeros. All tensors are float32.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from convcore.errors import ModelFileError, NotSupportedError

__all__ = ["VERSION", "pack", "unpack"]

VERSION = 1
FloatArray = npt.NDArray[np.float32]

_ZEROS = b"0" * 64
_CHECKSUM = b'"sha256":"'
_MAGICS = (
    (b"PK\x03\x04", "a zip archive, such as a real Keras .keras file or a PyTorch checkpoint"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, such as a real Keras .h5 file"),
    (b"\x1f\x8b", "a gzip file"),
)


def pack(config: Mapping[str, Any], tensors: Mapping[str, FloatArray]) -> bytes:
    """The bytes of a file with `config` and `tensors`."""
    from safetensors.numpy import save

    try:
        text = json.dumps(config, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise NotSupportedError(
            f"convcore cannot write this model's configuration as JSON ({error}); get_config() of a layer of one's own "
            "must return numbers, strings, booleans, None, lists and dicts only."
        ) from None
    metadata = {"format": "convcore", "version": str(VERSION), "sha256": _ZEROS.decode(), "config": text}
    arrays = {name: np.asarray(tensor, dtype="<f4") for name, tensor in tensors.items()}
    data = save(arrays, metadata)
    position = data.index(_CHECKSUM + _ZEROS) + len(_CHECKSUM)
    return data[:position] + _digest(data, position) + data[position + len(_ZEROS) :]


def unpack(data: bytes, path: str) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """The configuration and the tensors of the bytes `data` read from `path`; ModelFileError for any fault."""
    from safetensors import SafetensorError, deserialize

    _refuse_foreign(data, path)
    try:
        entries = deserialize(data)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        _fail(path, f"damaged, or not a model file of convcore ({error})")
    header_size = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + header_size]
    metadata = _parse(header, path).get("__metadata__")
    if not isinstance(metadata, dict) or metadata.get("format") != "convcore":
        _fail(path, "a safetensors file that convcore did not write")
    version = metadata.get("version")
    if version != str(VERSION):
        _fail(path, f"format version {version!r}; this version of convcore reads version {VERSION}")
    _verify(data, header, metadata, path)
    config = _parse(metadata["config"], path)
    tensors = {}
    for name, entry in entries:
        if entry["dtype"] != "F32":
            _fail(path, f"the tensor {name!r} has dtype {entry['dtype']}; allowed: F32")
        tensors[name] = np.frombuffer(entry["data"], dtype="<f4").reshape(entry["shape"]).astype(np.float32)
    return config, tensors


def _digest(data: bytes, position: int) -> bytes:
    """The checksum of `data`, whose own digits stand at `position`, in hexadecimal."""
    view = memoryview(data)
    digest = hashlib.sha256(view[:position])
    digest.update(_ZEROS)
    digest.update(view[position + len(_ZEROS) :])
    return digest.hexdigest().encode()


def _refuse_foreign(data: bytes, path: str) -> None:
    for magic, what in _MAGICS:
        if data.startswith(magic):
            _fail(path, f"{what}; convcore reads only its own format, written by model.save or model.save_weights")
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and data.endswith(b"."):
        _fail(path, "a pickle, which can run code and is never read")


def _verify(data: bytes, header: bytes, metadata: dict[str, Any], path: str) -> None:
    checksum = metadata.get("sha256")
    if not isinstance(checksum, str) or not re.fullmatch("[0-9a-f]{64}", checksum):
        _fail(path, "damaged: it has no checksum")
    if set(metadata) != {"format", "version", "sha256", "config"}:
        _fail(path, f"unknown entries {sorted(set(metadata) - {'format', 'version', 'sha256', 'config'})!r}")
    needle = _CHECKSUM + checksum.encode()
    if header.count(needle) != 1:
        _fail(path, "damaged: its checksum cannot be found")
    position = 8 + header.index(needle) + len(_CHECKSUM)
    if _digest(data, position) != checksum.encode():
        _fail(path, "damaged: its content does not match its checksum")


def _parse(text: str | bytes, path: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _fail(path, f"its configuration is not JSON ({type(error).__name__}: {error})")
    if not isinstance(value, dict):
        _fail(path, "its configuration is not a JSON object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _fail(path: str, fault: str) -> NoReturn:
    raise ModelFileError(f"{path}: {fault}.") from None
