# SPDX-License-Identifier: Apache-2.0
"""Writing a run file: made in memory, put into place in one step.

The file is netCDF-4 (an attached dimension scale for every dimension, CF attributes) behind a 512-byte HDF5 user block
of text that holds length and SHA-256 of everything after it. A reader can so tell a damaged file before the HDF5
library, which does not survive every corrupt input, touches it; other tools skip the block.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5ds, h5f, h5g, h5p, h5s, h5t
from numpy.typing import NDArray

from optinet.errors import RunFileError
from optinet.results.column import Column
from optinet.results.content import RunContent
from optinet.results.content_hash import HashedObject, content_sha256
from optinet.results.schema import (
    BARE_DIMENSION,
    CONVENTIONS,
    FORMAT,
    FORMAT_VERSION,
    PROVENANCE,
    columns,
    units,
)

BLOCK_BYTES = 512
_DTYPES: dict[str, str] = {"float": "<f8", "int": "<i4", "flag": "<i1"}
_COMPRESSED_FROM_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024
_TEXT = h5py.string_dtype()
_TEXT_ID = h5t.py_create(_TEXT, logical=True)
_SCALAR = h5s.create(h5s.SCALAR)
_WRITABLE = 0x1  # H5LT_FILE_IMAGE_OPEN_RW
_Tables = dict[str, dict[str, tuple[Column, NDArray[Any]]]]
_Array = tuple[str, Column, tuple[int, ...]]
_Layout = tuple[tuple[str, tuple[_Array, ...]], ...]


def user_block(version: int, length: int, sha256: str) -> bytes:
    """Return the text in front of the HDF5 data, padded to its fixed size."""
    text = f"{FORMAT}\nformat_version {version}\nlength {length}\nsha256 {sha256}\n"
    return text.encode().ljust(BLOCK_BYTES - 1) + b"\n"


def run_bytes(content: RunContent) -> bytes:
    """Return the bytes of a run file.

    Equal content gives equal bytes.

    Raises
    ------
    ValueError
        If a column is not in the schema, is missing, or differs in length from the others of its dimension: a fault of
        the caller, not of a user.
    """
    tables = {group: _checked(group, content.groups[group]) for group in sorted(content.groups)}
    root = {"Conventions": CONVENTIONS, "format": FORMAT, "format_version": np.int32(FORMAT_VERSION)}
    root |= {name: clean_text(value) for name, value in content.attributes.items()}
    root["content_sha256"] = content_sha256(_hashed(root, tables))
    if content.provenance:
        tables[PROVENANCE] = _checked(PROVENANCE, content.provenance)
    image = _image(root, tables)
    return user_block(FORMAT_VERSION, len(image), hashlib.sha256(image).hexdigest()) + image


def write_run(path: str | os.PathLike[str], content: RunContent | bytes) -> Path:
    """Write a run file so that it is either complete or not there.

    Parameters
    ----------
    path
        Where; an existing file is replaced.
    content
        What, or the bytes of it.

    Raises
    ------
    RunFileError
        If the file cannot be written; nothing is left behind then.
    """
    target = Path(path)
    data = content if isinstance(content, bytes) else run_bytes(content)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        msg = f"{target}: cannot be written: {error.strerror or error}"
        raise RunFileError(msg) from None
    return target


def clean_text(text: Any) -> str:
    """Return the text without what HDF5's strings cannot hold: NUL and broken surrogates."""
    return str(text).replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def clean_texts(texts: Sequence[Any]) -> list[str]:
    """Return `clean_text` of every text."""
    texts = list(map(str, texts))
    joined = "".join(texts)
    # thousands of node names are clean as a rule: one look at all of them is much faster
    return texts if joined == clean_text(joined) else list(map(clean_text, texts))


def _checked(group: str, values: Mapping[str, Any]) -> dict[str, tuple[Column, NDArray[Any]]]:
    """Return the columns of a group as arrays of the schema's types."""
    known = columns(group)
    if known is None or set(values) != set(known):
        msg = f"columns of {group}: {sorted(values)} given, the schema has {sorted(known or ())}"
        raise ValueError(msg)
    sizes: dict[str, int] = {}
    table = {}
    for name in sorted(values):
        column = known[name]
        array = _array(values[name], column)
        if array.ndim != len(column.dims):
            msg = f"{group}/{name} has {array.ndim} dimensions, the schema {column.dims}"
            raise ValueError(msg)
        for dim, size in zip(column.dims, array.shape, strict=True):
            if sizes.setdefault(dim, size) != size:
                msg = f"{group}/{name} has {size} entries along '{dim}', others have {sizes[dim]}"
                raise ValueError(msg)
        table[name] = column, array
    return table


def _array(values: Any, column: Column) -> NDArray[Any]:
    if column.type != "text":
        return np.ascontiguousarray(values, dtype=_DTYPES[column.type]).reshape(np.shape(values))
    if not column.dims:
        return np.array(clean_text(values), dtype=_TEXT)
    return np.array(clean_texts(values), dtype=_TEXT).reshape(len(values))


def _attributes(name: str, column: Column) -> dict[str, Any]:
    attributes: dict[str, Any] = {"units": units(name, column), "long_name": column.meaning}
    if column.type == "float":
        attributes["_FillValue"] = np.float64("nan")
    if column.flags:
        attributes["flag_values"] = np.arange(len(column.flags), dtype=np.int8)
        attributes["flag_meanings"] = " ".join(column.flags)
    return attributes


def _hashed(root: Mapping[str, Any], tables: _Tables) -> list[HashedObject]:
    objects: list[HashedObject] = [("", None, root)]
    for group, table in tables.items():
        # a nested group's parents are groups of the file as well
        objects += [(group, None, {})] + [(str(parent), None, {}) for parent in Path(group).parents if parent.name]
        objects += [(f"{group}/{name}", array, _attributes(name, column)) for name, (column, array) in table.items()]
    return list({path: (path, array, attributes) for path, array, attributes in objects}.values())


def _image(root: Mapping[str, Any], tables: _Tables) -> bytes:
    """Return the HDF5 file without its user block."""
    layout = tuple(
        (group, tuple((name, column, array.shape) for name, (column, array) in table.items()))
        for group, table in tables.items()
    )
    file = h5f.open_file_image(_frame(layout), _WRITABLE)
    try:
        for group, table in tables.items():
            group_id = h5g.open(file, group.encode())
            for name, (_, array) in table.items():
                h5d.open(group_id, name.encode()).write(h5s.ALL, h5s.ALL, array)
        top = h5g.open(file, b"/")
        for name, value in root.items():
            _set_attribute(top, name, _attribute_array(value))
        h5f.flush(file)
        return bytes(file.get_file_image())
    finally:
        file.close()


# The functions below speak to the thin layer of h5py: its comfortable one takes twice the time for the more than a
# hundred small arrays and three hundred attributes of a run.


@lru_cache(maxsize=8)
def _frame(layout: _Layout) -> bytes:
    """Return a file with every group, array and attribute, but without values.

    The runs of a sweep are alike in this as a rule, and it takes three quarters of the time of writing one.
    """
    # the name only has to differ from that of every other file that is open in this process
    file_name = f"optinet-{os.getpid()}-{next(_serial)}"
    with h5py.File(file_name, "w", driver="core", backing_store=False, userblock_size=BLOCK_BYTES) as file:
        for group, arrays in layout:
            _make_group(file.create_group(group), arrays)
        file.flush()
        return bytes(file.id.get_file_image())


_serial = itertools.count()


def _make_group(group: h5py.Group, arrays: Iterable[_Array]) -> None:
    made = {name: _make_array(group, name, column, shape) for name, column, shape in arrays}
    scales: dict[str, h5d.DatasetID] = {}
    for name, column, shape in arrays:
        for axis, (dim, size) in enumerate(zip(column.dims, shape, strict=True)):
            if dim not in scales:
                scales[dim] = _scale(group, dim, size, made)
            if name != dim:
                h5ds.attach_scale(made[name], scales[dim], axis)


def _make_array(group: h5py.Group, name: str, column: Column, shape: tuple[int, ...]) -> h5d.DatasetID:
    options, dtype = _PLAIN, _dtype(column)
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


def _dtype(column: Column) -> np.dtype[Any]:
    return _TEXT if column.type == "text" else np.dtype(_DTYPES[column.type])


def _type_id(dtype: np.dtype[Any]) -> h5t.TypeID:
    return _TEXT_ID if dtype == _TEXT else h5t.py_create(dtype)


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


@cache
def _attribute_arrays(name: str, column: Column) -> tuple[tuple[str, NDArray[Any]], ...]:
    return tuple((key, _attribute_array(value)) for key, value in _attributes(name, column).items())


def _attribute_array(value: Any) -> NDArray[Any]:
    return np.array(value, dtype=_TEXT) if isinstance(value, str) else np.asarray(value)


def _set_attribute(item: h5g.GroupID | h5d.DatasetID, name: str, array: NDArray[Any]) -> None:
    h5a.create(item, name.encode(), _type_id(array.dtype), _space(array.shape)).write(array)
