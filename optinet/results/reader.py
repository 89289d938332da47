# SPDX-License-Identifier: Apache-2.0
"""Reading run files. A file is verified as a whole each time it is opened; its arrays are read when first asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, RunFileError, nearest_name
from optinet.metric import Metric
from optinet.results.content_hash import HashedObject, content_sha256
from optinet.results.schema import BARE_DIMENSION, PER_CLASS, PROVENANCE, SUFFIX
from optinet.results.verify import verified_image
from optinet.structure import Structure, structure_from_dict

_BOOKKEEPING = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates"}
_MOST_BYTES = 8 * 1024**3
_MOST_LEVELS = 8  # a group may contain itself
Values = Any  # a NDArray, a list of texts, one number or one text, as the schema says


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run file.

    Raises
    ------
    RunFileError
        If it is missing, not readable, not a run file, damaged, or of a newer format. One line, at once.
    """
    return Run(Path(path))


class Run:
    """One evaluated scenario, read from its file.

    Parameters
    ----------
    path
        The file.

    Attributes
    ----------
    path
        The file.
    title, case, routing, verdict
        What was run, the design of a study it belongs to, the routing used, and the verdict of the worst link
        ("closes", "at risk", "infeasible", or empty without optical links).
    scenario_sha256, content_sha256
        Hashes of the resolved scenario and of all content but the provenance.
    scenario
        The resolved scenario.
    metrics
        All metrics by name.
    notes
        What a reader of the numbers must know.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tables: dict[str, dict[str, Values]] = {}
        with self._file() as file:
            attributes = {name: _plain(value) for name, value in file.attrs.items()}
            self.title, self.case, self.routing, self.verdict = (
                str(attributes[name]) for name in ("title", "case", "routing", "verdict")
            )
            self.scenario_sha256, self.content_sha256 = (
                str(attributes[name]) for name in ("scenario_sha256", "content_sha256")
            )
            self.scenario: dict[str, Any] = json.loads(_values(_dataset(file, "scenario/json")))
            self.metrics = _metrics(_table(_group(file, "metrics")))
            self.notes: tuple[str, ...] = tuple(_values(_dataset(file, "notes/text"))) if "notes" in file else ()

    def __repr__(self) -> str:
        return f"<Run {self.path.name}: {self.title or self.case}>"

    @contextmanager
    def _file(self) -> Iterator[h5py.File]:
        # the image is opened from memory: what was verified is what is read, whatever happens to the file meanwhile
        image = verified_image(self.path)
        try:
            with h5py.File(h5py.h5f.open_file_image(image), "r") as file:
                yield file
        except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
            what = f"is not as its format says: {error}".splitlines()[0]
            raise RunFileError(Problem(str(self.path), what)) from error

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Names of all groups that hold arrays, those of newer versions included, in sorted order."""
        with self._file() as file:
            names = [name for name in _paths(file) if isinstance(file[name], h5py.Group)]
            return tuple(name for name in names if any(isinstance(item, h5py.Dataset) for item in file[name].values()))

    def table(self, group: str) -> Mapping[str, Values]:
        """Return the columns of a group: arrays, lists of texts, or single values; empty if there is no such group."""
        if group not in self._tables:
            with self._file() as file:
                self._tables[group] = _table(_group(file, group)) if group in file else {}
        return self._tables[group]

    def metric(self, name: str) -> Metric:
        """Return a metric; `RunFileError` naming the nearest one if there is none."""
        if name not in self.metrics:
            where, found = f"{self.path}: metrics", f"no metric '{name}'"
            raise RunFileError(Problem(where, found, ", ".join(self.metrics), nearest_name(name, self.metrics)))
        return self.metrics[name]

    def computed_sha256(self) -> str:
        """Return the content hash computed anew from what is in the file."""
        with self._file() as file:
            root = {name: _plain(value) for name, value in file.attrs.items() if name != "content_sha256"}
            objects: list[HashedObject] = [("", None, root)]
            for path in _paths(file):
                item = file[path]
                if path.split("/")[0] == PROVENANCE or (isinstance(item, h5py.Dataset) and _is_bare_dimension(item)):
                    continue
                attributes = {name: _plain(value) for name, value in item.attrs.items() if name not in _BOOKKEEPING}
                objects.append((path, _raw(item) if isinstance(item, h5py.Dataset) else None, attributes))
        return content_sha256(objects)

    @property
    def node_kind(self) -> NDArray[np.int64]:
        """`NodeKind` of each node; shape (n_nodes,)."""
        return self._array("nodes", "kind")

    @property
    def node_tier(self) -> NDArray[np.int64]:
        """Tier of each node; shape (n_nodes,)."""
        return self._array("nodes", "tier")

    @property
    def node_group(self) -> NDArray[np.int64]:
        """Pod, block or cube of each node, -1 for none; shape (n_nodes,)."""
        return self._array("nodes", "group")

    @property
    def node_names(self) -> list[str]:
        """Name of each node."""
        names: list[str] = self._array("nodes", "name")
        return names

    @cached_property
    def arc_tail(self) -> NDArray[np.int64]:
        """Node each arc leaves; shape (n_arcs,). Arcs 2 i and 2 i + 1 are the directions of link i."""
        return np.column_stack((self._array("links", "tail"), self._array("links", "head"))).ravel()

    @cached_property
    def arc_head(self) -> NDArray[np.int64]:
        """Node each arc leads to; shape (n_arcs,)."""
        return np.column_stack((self._array("links", "head"), self._array("links", "tail"))).ravel()

    @property
    def arc_capacity_gbps(self) -> NDArray[np.float64]:
        """Capacity of each arc; shape (n_arcs,)."""
        return self._array("arcs", "capacity_gbps")

    @property
    def arc_load_gbps(self) -> NDArray[np.float64]:
        """Load of the whole demand on each arc; shape (n_arcs,)."""
        return self._array("arcs", "load_gbps")

    @property
    def arc_utilization(self) -> NDArray[np.float64]:
        """Load over capacity of each arc; shape (n_arcs,)."""
        return self._array("arcs", "utilization")

    @property
    def link_class(self) -> NDArray[np.int64]:
        """Index into `link_class_names` of each link; shape (n_links,)."""
        return self._array("links", "link_class")

    @property
    def link_class_names(self) -> tuple[str, ...]:
        """Names of the link classes."""
        return tuple(self._array("link_classes", "name"))

    @property
    def link_length_m(self) -> NDArray[np.float64]:
        """Length of each link; shape (n_links,)."""
        return self._array("links", "length_m")

    @cached_property
    def structure(self) -> Structure | None:
        """What the builder knew of its fabric."""
        return structure_from_dict(json.loads(self._array("structure", "json")))

    @property
    def power_categories(self) -> tuple[str, ...]:
        """What draws power."""
        return tuple(self._array("power", "category"))

    @property
    def power_w(self) -> NDArray[np.float64]:
        """Power of each category; shape (n_categories,)."""
        return self._array("power", "power_w")

    @property
    def cost_categories(self) -> tuple[str, ...]:
        """What is bought."""
        return tuple(self._array("cost", "category"))

    @property
    def cost_usd(self) -> NDArray[np.float64]:
        """Cost of each category; shape (n_categories,)."""
        return self._array("cost", "cost_usd")

    @property
    def latency_ns(self) -> NDArray[np.float64]:
        """Zero-load latency of each path signature; shape (n_signatures,)."""
        return self._array("latency", "latency_ns")

    @property
    def latency_weight(self) -> NDArray[np.float64]:
        """Share of the traffic with each latency; shape (n_signatures,)."""
        return self._array("latency", "weight")

    @cached_property
    def budgets(self) -> tuple[dict[str, Values], ...]:
        """The link budget of each optical link class, with the columns of the schema's link_budgets."""
        names = [name for name in self.groups if name.startswith(f"{PER_CLASS}/")]
        return tuple(dict(self.table(name)) for name in names)

    def _array(self, group: str, name: str) -> Any:
        table = self.table(group)
        if name not in table:
            raise RunFileError(Problem(str(self.path), f"has no {group}/{name}"))
        return table[name]


def _metrics(table: Mapping[str, Values]) -> dict[str, Metric]:
    numbers = zip(table["value"].tolist(), table["low"].tolist(), table["high"].tolist(), strict=True)
    rows = zip(table["name"], numbers, table["unit"], table["meaning"], strict=True)
    return {name: Metric(name, *interval, unit, meaning) for name, interval, unit, meaning in rows}


def _paths(group: h5py.Group, prefix: str = "") -> list[str]:
    """Return the paths of all groups and arrays that are in the file itself, in sorted order."""
    paths = []
    for name in sorted(group):
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        paths.append(prefix + name)
        if isinstance(group[name], h5py.Group) and prefix.count("/") < _MOST_LEVELS:
            paths += _paths(group[name], f"{prefix}{name}/")
    return paths


def _group(file: h5py.Group, path: str) -> h5py.Group:
    return _inside(file, path, h5py.Group)


def _dataset(file: h5py.Group, path: str) -> h5py.Dataset:
    return _inside(file, path, h5py.Dataset)


def _inside(file: h5py.Group, path: str, wanted: type) -> Any:
    """Follow hard links alone: others may lead out of the file."""
    item: Any = file
    for name in path.split("/"):
        if not isinstance(item, h5py.Group) or not isinstance(item.get(name, getlink=True), h5py.HardLink):
            msg = f"{path} is missing"
            raise ValueError(msg)
        item = item[name]
    if not isinstance(item, wanted):
        msg = f"{path} is of another type"
        raise TypeError(msg)
    return item


def _table(group: h5py.Group) -> dict[str, Values]:
    table = {}
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            item = group[name]
            if isinstance(item, h5py.Dataset) and not _is_bare_dimension(item):
                table[name] = _values(item)
    return table


def _is_bare_dimension(dataset: h5py.Dataset) -> bool:
    return str(_plain(dataset.attrs.get("NAME", ""))).startswith(BARE_DIMENSION)


def _raw(dataset: h5py.Dataset) -> NDArray[Any]:
    """Return the array as stored; texts as str in an array of objects."""
    if dataset.external or dataset.is_virtual:
        msg = f"{dataset.name} lies in another file"
        raise ValueError(msg)
    if dataset.size * dataset.dtype.itemsize > _MOST_BYTES:
        msg = f"{dataset.name} claims {dataset.size} entries"
        raise ValueError(msg)
    if h5py.check_string_dtype(dataset.dtype) is None:
        return np.asarray(dataset[()])
    return np.asarray(dataset.asstr()[()], dtype=object)


def _values(dataset: h5py.Dataset) -> Values:
    array = _raw(dataset)
    if array.dtype.kind == "O":
        return str(array[()]) if array.ndim == 0 else array.tolist()
    array = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    return array.item() if array.ndim == 0 else array


def _plain(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def find_runs(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the run files among files and in folders (not in their subfolders), each once, folders in order of name.

    Raises
    ------
    RunFileError
        Naming every path that does not exist.
    """
    found: dict[Path, None] = {}
    problems = []
    for path in map(Path, paths):
        if path.is_dir():
            visible = (each for each in path.glob(f"*{SUFFIX}") if not each.name.startswith("."))
            found.update(dict.fromkeys(sorted(visible)))
        elif path.exists():
            found[path] = None
        else:
            problems.append(Problem(str(path), "no such file or folder"))
    if problems:
        raise RunFileError(problems)
    return list(found)
