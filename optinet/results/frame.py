# SPDX-License-Identifier: Apache-2.0
"""A run file's HDF5 image: a frame with every group, array and attribute, into which the values are put.

The runs of a sweep have the same arrays of the same sizes as a rule, so that the library makes their frame once. It
also tells where the values of each array belong, and they are copied there: the library would take a fifth of a
millisecond for each of the almost two hundred small arrays of a run. Compressed arrays are left to it.
"""

from __future__ import annotations

import itertools
import math
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias

import h5py
import numpy as np
from h5py import h5a, h5d, h5ds, h5f, h5g, h5p, h5s, h5t
from numpy.typing import NDArray

from optinet.results.column import Column
from optinet.results.global_heap import GlobalHeap
from optinet.results.schema import BARE_DIMENSION, units

BLOCK_BYTES = 512
"""Size of the user block, which is in front of the image and no part of it."""

DTYPES: dict[str, str] = {"float": "<f8", "int": "<i4", "flag": "<i1"}
TEXT = h5py.string_dtype()

Tables: TypeAlias = Mapping[str, Mapping[str, tuple[Column, NDArray[Any]]]]
"""By group, then by name: a column of the schema and its values."""

_COMPRESSED_FROM_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024
_TEXT_ID = h5t.py_create(TEXT, logical=True)
_SCALAR = h5s.create(h5s.SCALAR)
_WRITABLE = 0x1  # H5LT_FILE_IMAGE_OPEN_RW
_END = struct.Struct("<Q")
_END_AT = 40  # of the superblock, version 0: the address where the file ends
_Array = tuple[str, Column, tuple[int, ...]]
_Layout = tuple[tuple[str, tuple[_Array, ...]], ...]


def image_of(root: Mapping[str, Any], tables: Tables) -> bytes:
    """Return the HDF5 file without its user block.

    Parameters
    ----------
    root
        The attributes of the file.
    tables
        Every group with its arrays.
    """
    frame = _frame(
        tuple(
            (group, tuple((name, column, array.shape) for name, (column, array) in table.items()))
            for group, table in tables.items()
        )
    )
    image = bytearray(_by_the_library(frame, root, tables))
    (end,) = _END.unpack_from(image, _END_AT)
    before = len(image)
    image += bytes(-before % 8)
    heap = GlobalHeap(len(image))
    for (group, name), place in frame.places.items():
        column, array = tables[group][name]
        values = heap.references(array.ravel().tolist()) if column.type == "text" else array
        image[place : place + values.nbytes] = values.tobytes()
    image += heap.collections()
    _END.pack_into(image, _END_AT, end + len(image) - before)
    return bytes(image)


@dataclass(frozen=True)
class _Frame:
    """A file without values.

    Parameters
    ----------
    image
        Its bytes, without the user block.
    places
        For each array by group and name: where in the image its values belong.
    compressed
        The arrays that have no such place.
    """

    image: bytes
    places: Mapping[tuple[str, str], int]
    compressed: tuple[tuple[str, str], ...]


def _by_the_library(frame: _Frame, root: Mapping[str, Any], tables: Tables) -> bytes:
    """Return the image with the attributes of the root, and with the arrays that are compressed."""
    file = h5f.open_file_image(frame.image, _WRITABLE)
    try:
        for group, name in frame.compressed:
            h5d.open(file, f"{group}/{name}".encode()).write(h5s.ALL, h5s.ALL, tables[group][name][1])
        top = h5g.open(file, b"/")
        for name, value in root.items():
            _set_attribute(top, name, _attribute_array(value))
        h5f.flush(file)
        return bytes(file.get_file_image())
    finally:
        file.close()


# The functions below speak to the thin layer of h5py: its comfortable one takes twice the time.


@lru_cache(maxsize=8)
def _frame(layout: _Layout) -> _Frame:
    """Return the frame of files with these arrays."""
    # the name only has to differ from that of every other file that is open in this process
    file_name = f"optinet-{os.getpid()}-{next(_serial)}"
    places: dict[tuple[str, str], int] = {}
    compressed = []
    # the oldest layout, whatever the library makes by default: every reader knows it, and so does this module
    oldest = {"libver": ("earliest", "latest"), "userblock_size": BLOCK_BYTES}
    with h5py.File(file_name, "w", driver="core", backing_store=False, **oldest) as file:
        for group, arrays in layout:
            for name, dataset in _make_group(file.create_group(group), arrays).items():
                if dataset.get_create_plist().get_layout() == h5d.CHUNKED:
                    compressed.append((group, name))
                elif (offset := dataset.get_offset()) is not None:
                    places[group, name] = offset - BLOCK_BYTES
        file.flush()
        return _Frame(bytes(file.id.get_file_image()), places, tuple(compressed))


_serial = itertools.count()


def _make_group(group: h5py.Group, arrays: Iterable[_Array]) -> dict[str, h5d.DatasetID]:
    made = {name: _make_array(group, name, column, shape) for name, column, shape in arrays}
    scales: dict[str, h5d.DatasetID] = {}
    for name, column, shape in arrays:
        for axis, (dim, size) in enumerate(zip(column.dims, shape, strict=True)):
            if dim not in scales:
                scales[dim] = _scale(group, dim, size, made)
            if name != dim:
                h5ds.attach_scale(made[name], scales[dim], axis)
    return made


def _make_array(group: h5py.Group, name: str, column: Column, shape: tuple[int, ...]) -> h5d.DatasetID:
    options, dtype = _IN_PLACE, _dtype(column)
    n_bytes = math.prod(shape) * dtype.itemsize
    if column.type != "text" and n_bytes > _COMPRESSED_FROM_BYTES:
        rows = max(1, _CHUNK_BYTES * shape[0] // n_bytes)
        options = _options()
        options.set_chunk((min(rows, shape[0]), *shape[1:]))
        options.set_shuffle()
        options.set_deflate(1)
    dataset = h5d.create(group.id, name.encode(), _type_id(dtype), _space(shape), options)
    for attribute, value in _attribute_arrays(name, column):
        _set_attribute(dataset, attribute, value)
    return dataset


def _options() -> h5p.PropDCID:
    options = h5p.create(h5p.DATASET_CREATE)
    options.set_obj_track_times(False)  # equal content is to give equal bytes
    return options


_PLAIN = _options()
_IN_PLACE = _options()
_IN_PLACE.set_alloc_time(h5d.ALLOC_TIME_EARLY)


def _dtype(column: Column) -> np.dtype[Any]:
    return TEXT if column.type == "text" else np.dtype(DTYPES[column.type])


def _type_id(dtype: np.dtype[Any]) -> h5t.TypeID:
    return _TEXT_ID if dtype == TEXT else h5t.py_create(dtype)


def _space(shape: tuple[int, ...]) -> h5s.SpaceID:
    return h5s.create_simple(shape) if shape else _SCALAR


def _scale(group: h5py.Group, dim: str, size: int, made: Mapping[str, h5d.DatasetID]) -> h5d.DatasetID:
    """Return the dimension scale: the coordinate of that name, or a dimension without values (and without storage)."""
    if dim in made:
        h5ds.set_scale(made[dim], dim.encode())
        return made[dim]
    scale = h5d.create(group.id, dim.encode(), h5t.IEEE_F32BE, _space((size,)), _PLAIN)
    _set_attribute(scale, "units", _attribute_array("1"))
    h5ds.set_scale(scale, f"{BARE_DIMENSION}{size:10d}".encode())
    return scale


def attributes_of(name: str, column: Column) -> dict[str, Any]:
    """Return the attributes of an array."""
    attributes: dict[str, Any] = {"units": units(name, column), "long_name": column.meaning}
    if column.type == "float":
        attributes["_FillValue"] = np.float64("nan")
    if column.flags:
        attributes["flag_values"] = np.arange(len(column.flags), dtype=np.int8)
        attributes["flag_meanings"] = " ".join(column.flags)
    return attributes


@cache
def _attribute_arrays(name: str, column: Column) -> tuple[tuple[str, NDArray[Any]], ...]:
    return tuple((key, _attribute_array(value)) for key, value in attributes_of(name, column).items())


def _attribute_array(value: Any) -> NDArray[Any]:
    return np.array(value, dtype=TEXT) if isinstance(value, str) else np.asarray(value)


def _set_attribute(item: h5g.GroupID | h5d.DatasetID, name: str, array: NDArray[Any]) -> None:
    h5a.create(item, name.encode(), _type_id(array.dtype), _space(array.shape)).write(array)
