# SPDX-License-Identifier: Apache-2.0
"""Texts of variable length as an HDF5 file holds them: references to objects of global heap collections.

Laid out as the HDF5 File Format Specification says, in "Disk Format: Level 1E - Global Heap" and, for the references,
in "Reference Count and Global Heap ID" of the variable-length datatype. The library does the same one text at a time,
which for the thousand short texts of a run takes longer than everything else about its file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

REFERENCE = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
"""What an array of texts holds for each: bytes of the text, address of its collection, place in there."""

_HEADER = struct.Struct("<4sB3xQ")  # signature, version, size of the collection with this header
_OBJECT = struct.Struct("<HHIQ")  # place, references (the library counts none either), nothing, size of the data
_LEAST_BYTES = 4096  # the library takes no smaller collection
_ENOUGH_BYTES = 64 * 1024  # the library reads a collection as a whole to get at one text
_MOST_OBJECTS = 0xFFFF  # places have two bytes, and place 0 is what is free
_PADDING = [bytes(-n % 8) for n in range(8)]  # every object begins at a multiple of eight bytes


class GlobalHeap:
    """Collects the texts that are to go to the end of a file.

    Parameters
    ----------
    address
        Where the first collection begins, a multiple of 8.
    """

    def __init__(self, address: int) -> None:
        self._address = address
        self._whole: list[bytes] = []
        self._begin()

    def _begin(self) -> None:
        self._parts: list[bytes] = []
        self._size, self._count = _HEADER.size, 0

    def references(self, texts: Iterable[str]) -> NDArray[np.void]:
        """Take some texts, and return what an array that holds them refers to; shape (n_texts,)."""
        found = [self._taken(text.encode()) for text in texts]
        return np.array(found, dtype=REFERENCE)

    def _taken(self, text: bytes) -> tuple[int, int, int]:
        if not text:
            return 0, 0, 0
        if self._size >= _ENOUGH_BYTES or self._count == _MOST_OBJECTS:
            self._end()
        length, address = len(text), self._address
        padding = _PADDING[length % 8]
        self._count += 1
        self._parts += (_OBJECT.pack(self._count, 0, 0, length), text, padding)
        self._size += _OBJECT.size + length + len(padding)
        return length, address, self._count

    def _end(self) -> None:
        """Close a collection."""
        size = max(self._size, _LEAST_BYTES)
        free = size - self._size
        if free >= _OBJECT.size:  # the library makes nothing of less
            self._parts.append(_OBJECT.pack(0, 0, 0, free))
        data = _HEADER.pack(b"GCOL", 1, size) + b"".join(self._parts)
        self._whole.append(data.ljust(size, b"\0"))
        self._address += size
        self._begin()

    def collections(self) -> bytes:
        """Return the collections, one behind the other as they are to be stored."""
        if self._count:
            self._end()
        return b"".join(self._whole)
