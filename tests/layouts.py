"""The same numbers in other clothes: every memory layout that NumPy can hand over."""

from __future__ import annotations

import numpy as np

from tests.reference import Array


def layouts(array: Array) -> dict[str, Array]:
    """Arrays equal to `array` that are strided, reversed, Fortran-ordered, misaligned, read-only or byte-swapped."""
    gaps = np.full(tuple(2 * n for n in array.shape), 77, array.dtype)[tuple(slice(None, None, 2) for _ in array.shape)]
    gaps[...] = array
    reverse = tuple(slice(None, None, -1) for _ in array.shape)
    shifted = np.frombuffer(b"\0" + array.tobytes(), array.dtype, array.size, offset=1).reshape(array.shape)
    frozen = array.copy()
    frozen.flags.writeable = False
    wide = np.full((*array.shape[:-1], array.shape[-1] + 3), 77, array.dtype)
    wide[..., 1:-2] = array
    return {
        "gaps": gaps,
        "negative strides": array[reverse].copy()[reverse],
        "Fortran order": np.asfortranarray(array),
        "transposed": np.ascontiguousarray(array.T).T,
        "slice of a wider array": wide[..., 1:-2],
        "misaligned by one byte": shifted,
        "read-only": frozen,
        "big-endian": array.astype(array.dtype.newbyteorder(">")),
        "subclass": array.view(type("Subclass", (np.ndarray,), {})),
    }
