# SPDX-License-Identifier: Apache-2.0
"""The content hash of a run file: the same for the arrays before they are written and after they are read.

It covers names, types, shapes, values and attributes, and none of HDF5's own bookkeeping, so that a file that was
repacked by another tool keeps its hash. Objects are taken in the order of their paths. Each contributes one line of
JSON, then its bytes: little-endian numbers in C order, or the JSON list of the texts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

# path ("" for the root, a group, or an array), array or None for a group, attributes as `attributes_json` has them
HashedObject: TypeAlias = tuple[str, NDArray[Any] | None, str]


def content_sha256(objects: Iterable[HashedObject]) -> str:
    """Return the hash over all objects given; the caller leaves out /provenance and the hash itself."""
    digest = hashlib.sha256()
    for path, array, attributes in sorted(objects, key=lambda each: each[0]):
        digest.update(_line(path, _type(array), () if array is None else array.shape, attributes))
        if array is not None:
            digest.update(_bytes(array))
    return digest.hexdigest()


def attributes_json(attributes: Mapping[str, Any]) -> str:
    """Return the attributes of an object as the hash takes them."""
    return json.dumps({name: _plain(value) for name, value in attributes.items()}, sort_keys=True)


@lru_cache(maxsize=1024)
def _line(path: str, kind: str, shape: tuple[int, ...], attributes: str) -> bytes:
    """Return the line of an object; the runs of a sweep have most of theirs in common."""
    return f"{json.dumps([path, kind, shape])[:-1]}, {attributes}]\n".encode()


def _type(array: NDArray[Any] | None) -> str:
    if array is None:
        return "group"
    return "text" if array.dtype.kind == "O" else array.dtype.newbyteorder("<").str


def _bytes(array: NDArray[Any]) -> bytes:
    if array.dtype.kind == "O":
        return json.dumps(array.ravel().tolist()).encode()
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()


def _plain(value: Any) -> Any:
    return [value.dtype.newbyteorder("<").str, value.tolist()] if isinstance(value, np.ndarray | np.generic) else value
