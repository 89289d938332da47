# SPDX-License-Identifier: Apache-2.0
"""Reading HDF5 without trusting it: nothing outside the file, nothing absurdly large, no endless nesting.

Hard links alone are followed, because soft and external links may lead out of the file, and arrays whose data lie in
another file are refused. A "table" is a group as a mapping from column name to values.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5g, h5i, h5l, h5o, h5s
from numpy.typing import NDArray

from optinet.results.schema import BARE_DIMENSION

_BOOKKEEPING = {"CLASS", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates"}
_MOST_BYTES = 8 * 1024**3
_MOST_LEVELS = 8  # a group may contain itself
_DIMENSION_DTYPE = np.dtype(">f4")  # of a dimension without values, as netCDF-4 writes it
Values = Any  # a NDArray, a list of texts, one number or one text, as the schema says


def paths(group: h5py.Group, prefix: str = "", *, groups_alone: bool = False) -> list[str]:
    """Return the paths of all groups and arrays that are in the file itself, in sorted order."""
    found = []
    for name in sorted(group):
        kind = group.get(name, getclass=True, getlink=True)
        if kind is not h5py.HardLink:
            continue
        nested = group.get(name, getclass=True) is h5py.Group
        if nested or not groups_alone:
            found.append(prefix + name)
        if nested and prefix.count("/") < _MOST_LEVELS:
            found += paths(group[name], f"{prefix}{name}/", groups_alone=groups_alone)
    return found


def subgroups(file: h5py.File, path: str) -> list[str]:
    """Return the paths of the groups directly in a group, in sorted order; none if there is no such group."""
    if not _has(file, path):
        return []
    group = group_of(file, path)
    return [
        f"{path}/{name}" for name in sorted(group) if _is_inside(group, name) and isinstance(group[name], h5py.Group)
    ]


def group_of(file: h5py.Group, path: str) -> h5py.Group:
    """Return a group that is in the file itself; ValueError or TypeError if there is none."""
    return _inside(file, path, h5py.Group)


def dataset_of(file: h5py.Group, path: str) -> h5py.Dataset:
    """Return an array that is in the file itself; ValueError or TypeError if there is none."""
    return _inside(file, path, h5py.Dataset)


def _inside(file: h5py.Group, path: str, wanted: type) -> Any:
    item: Any = file
    for name in path.split("/"):
        if not isinstance(item, h5py.Group) or not _is_inside(item, name):
            msg = f"{path} is missing"
            raise ValueError(msg)
        item = item[name]
    if not isinstance(item, wanted):
        msg = f"{path} is of another type"
        raise TypeError(msg)
    return item


def _is_inside(group: h5py.Group, name: str) -> bool:
    return group.get(name, getclass=True, getlink=True) is h5py.HardLink


def _has(file: h5py.Group, path: str) -> bool:
    """Whether there is something at a path in the file itself; h5py's own ``in`` would follow a link out of it."""
    item: Any = file
    for name in path.split("/"):
        if not isinstance(item, h5py.Group) or not _is_inside(item, name):
            return False
        item = item[name]
    return True


def holds_arrays(group: h5py.Group) -> bool:
    """Whether a group has arrays of its own."""
    return any(_is_inside(group, name) and group.get(name, getclass=True) is h5py.Dataset for name in group)


def datasets(group: h5py.Group) -> dict[str, h5py.Dataset]:
    """Return the arrays of a group by name, dimensions without values left out."""
    found = {}
    for name in group:
        if _is_inside(group, name):
            item = group[name]
            if isinstance(item, h5py.Dataset) and not is_bare_dimension(item):
                found[name] = item
    return found


def columns(
    file: h5py.File, path: str, names: Iterable[str] = (), *, without: Container[str] = ()
) -> dict[str, Values]:
    """Return columns of a group, those that there are; none if there is no such group.

    Parameters
    ----------
    file, path
        Where the group is.
    names
        The columns; all if none is named.
    without
        Those that are not wanted.
    """
    group: Any = file.id
    for name in path.split("/"):
        group = _held(group, name.encode()) if isinstance(group, h5g.GroupID | h5f.FileID) else None
    if group is None:
        return {}
    if not isinstance(group, h5g.GroupID):
        msg = f"{path} is of another type"
        raise TypeError(msg)
    wanted = map(str.encode, names) if names else group
    return _columns(group, (name for name in wanted if name.decode("utf-8", "replace") not in without))


def table(group: h5py.Group) -> dict[str, Values]:
    """Return the columns of a group."""
    return _columns(group.id, group.id)


def _columns(group: h5g.GroupID, names: Iterable[bytes]) -> dict[str, Values]:
    """Return columns by name.

    Through the thin layer of h5py, which takes a sixth of the time of the comfortable one: a folder has ten thousand
    runs with dozens of arrays to look at.
    """
    found = {}
    for name in names:
        item = _held(group, name)
        if isinstance(item, h5d.DatasetID):
            dtype = _dtype(item)
            if not (dtype == _DIMENSION_DTYPE and is_bare_dimension(h5py.Dataset(item))):
                found[name.decode("utf-8", "replace")] = _plain_values(_stored(item, dtype))
    return found


def _held(group: h5g.GroupID | h5f.FileID, name: bytes) -> h5g.GroupID | h5d.DatasetID | None:
    """Return what a group itself holds under a name; none if there is nothing, or a link that may lead elsewhere."""
    is_there = group.links.exists(name) and group.links.get_info(name).type == h5l.TYPE_HARD
    return h5o.open(group, name) if is_there else None


def is_bare_dimension(dataset: h5py.Dataset) -> bool:
    """Whether an array is only a dimension of others, without values of its own."""
    if dataset.dtype != _DIMENSION_DTYPE:
        return False
    return h5a.exists(dataset.id, b"NAME") and str(_attribute(dataset.id, b"NAME")).startswith(BARE_DIMENSION)


def raw(dataset: h5py.Dataset) -> NDArray[Any]:
    """Return the array as stored; texts as str in an array of objects."""
    return _stored(dataset.id, _dtype(dataset.id))


def values(dataset: h5py.Dataset) -> Values:
    """Return the array as its readers want it: float64, int64, a list of texts, or a single one of them."""
    return _plain_values(_stored(dataset.id, _dtype(dataset.id)))


_dtypes: dict[bytes, np.dtype[Any]] = {}
_MOST_DTYPES = 1000  # a foreign file may have any number of types


def _dtype(item: h5d.DatasetID | h5a.AttrID) -> np.dtype[Any]:
    """Return the NumPy type of what is stored; h5py works it out anew for each, a third of the time of reading."""
    stored = item.get_type()
    key = stored.encode()
    if key not in _dtypes:
        if len(_dtypes) >= _MOST_DTYPES:
            _dtypes.clear()
        _dtypes[key] = stored.dtype
    return _dtypes[key]


def _where(dataset: h5d.DatasetID) -> str:
    return (h5i.get_name(dataset) or b"").decode("utf-8", "replace")


def _stored(dataset: h5d.DatasetID, dtype: np.dtype[Any]) -> NDArray[Any]:
    shape, plist = dataset.shape, dataset.get_create_plist()
    if plist.get_external_count() or plist.get_layout() == h5d.VIRTUAL:
        msg = f"{_where(dataset)} lies in another file"
        raise ValueError(msg)
    if (shape and 0 in shape) or shape is None:
        return np.empty(shape or 0, dtype=object if h5py.check_string_dtype(dtype) else dtype)
    if math.prod(shape) * dtype.itemsize > _MOST_BYTES:
        msg = f"{_where(dataset)} claims {math.prod(shape)} entries"
        raise ValueError(msg)
    array = np.empty(shape, dtype=dtype)
    dataset.read(h5s.ALL, h5s.ALL, array)
    if h5py.check_string_dtype(dtype) is None:
        return array
    texts = [text if isinstance(text, str) else bytes(text).decode() for text in array.ravel().tolist()]
    return np.array(texts, dtype=object).reshape(shape)


def _plain_values(array: NDArray[Any]) -> Values:
    if array.dtype.kind == "O":
        return str(array[()]) if array.ndim == 0 else array.tolist()
    array = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    return array.item() if array.ndim == 0 else array


def attributes(item: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """Return the attributes of a group or array by name, HDF5's and netCDF-4's bookkeeping but NAME left out.

    The thin layer of h5py takes a third of the time of the comfortable one.
    """
    names: list[bytes] = []
    h5a.iterate(item.id, names.append)  # by index HDF5 would sort them anew for each
    texts = {name: name.decode("utf-8", "replace") for name in names}
    return {text: _attribute(item.id, name) for name, text in texts.items() if text not in _BOOKKEEPING}


def _attribute(item: h5g.GroupID | h5d.DatasetID, name: bytes) -> Any:
    attribute = h5a.open(item, name)
    value = np.empty(attribute.shape, dtype=_dtype(attribute))
    if value.nbytes:
        attribute.read(value)
    return plain(value[()] if value.ndim == 0 else value)


def plain(value: Any) -> Any:
    """Return text for bytes, and anything else as it is."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def dimensions(dataset: h5py.Dataset) -> tuple[str, ...]:
    """Return the names of an array's dimensions, by the scales attached to it; ``dim_0`` and so on without one."""
    own = dataset.name.rsplit("/", 1)[-1]
    if dataset.is_scale:
        return (own,)
    names = []
    for axis, dim in enumerate(dataset.dims):
        scale = next(iter(dim.values()), None)
        names.append(scale.name.rsplit("/", 1)[-1] if scale is not None else f"dim_{axis}")
    return tuple(names)
