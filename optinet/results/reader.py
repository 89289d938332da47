# SPDX-License-Identifier: Apache-2.0
"""Reading run files. A file is verified as a whole each time it is opened; its arrays are read when first asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from optinet.arguments import public
from optinet.errors import Problem, RunFileError, nearest_name
from optinet.metric import Metric
from optinet.results import hdf5
from optinet.results.content_hash import HashedObject, attributes_json, content_sha256
from optinet.results.hdf5 import Values
from optinet.results.migrate import OldContent, migrated, needs_migration
from optinet.results.schema import PER_CLASS, PROVENANCE
from optinet.results.verify import verified_image
from optinet.structure import Structure, structure_from_dict

if TYPE_CHECKING:
    import networkx as nx
    import xarray

    from optinet.fabric import Fabric
    from optinet.flows.loads import LinkLoads

_FIRST = {"scenario": ("json",), "metrics": ("name", "value"), "notes": ("text",)}
"""Read at once, and no more than a folder of ten thousand runs can be found by."""
_IN_PLACE = 0x2 | 0x4  # H5LT_FILE_IMAGE_DONT_COPY and _DONT_RELEASE: a copy takes six times as long as the opening


@public
def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run file.

    Parameters
    ----------
    path
        The file, of this format or an older one.

    Returns
    -------
    Run
        Its arrays are read when first asked for.

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
    metric_values
        The values of all metrics by name.
    notes
        What a reader of the numbers must know.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tables: dict[str, dict[str, Values]] = {}
        self._whole: set[str] = set()  # groups that have been read
        self._asked: dict[str, set[str]] = {}  # columns of others that have been looked for
        with self._file() as file:
            attributes = hdf5.attributes(file)
            self.format_version = int(attributes["format_version"])
            if self._is_old:
                everything = {name: hdf5.table(hdf5.group_of(file, name)) for name in _groups(file)}
                attributes, self._tables = migrated(OldContent(attributes, everything), self.format_version)
            first = {
                group: self._tables.get(group, {}) if self._is_old else hdf5.columns(file, group, names)
                for group, names in _FIRST.items()
            }
            self.title, self.case, self.routing, self.verdict = (
                str(attributes[name]) for name in ("title", "case", "routing", "verdict")
            )
            self.scenario_sha256, self.content_sha256 = (
                str(attributes[name]) for name in ("scenario_sha256", "content_sha256")
            )
            self.scenario: dict[str, Any] = json.loads(first["scenario"]["json"])
            numbers = zip(first["metrics"]["name"], first["metrics"]["value"].tolist(), strict=True)
            self.metric_values: dict[str, float] = dict(numbers)
            self.notes: tuple[str, ...] = tuple(first["notes"].get("text", ()))

    def __repr__(self) -> str:
        what = ", ".join(filter(None, (self.title or self.case, self.routing, self.verdict)))
        return f"<Run {self.path.name}: {what}; {len(self.metric_values)} metrics>"

    @contextmanager
    def _file(self) -> Iterator[h5py.File]:
        # the image is opened from memory: what was verified is what is read, whatever happens to the file meanwhile
        image = verified_image(self.path)
        with self._as_the_format_says(), h5py.File(h5py.h5f.open_file_image(image, _IN_PLACE), "r") as file:
            yield file

    @contextmanager
    def _as_the_format_says(self) -> Iterator[None]:
        try:
            yield
        except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
            what = f"is not as its format says: {error}".splitlines()[0]
            raise RunFileError(Problem(str(self.path), what)) from error

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """All metrics by name."""
        table = self.table("metrics")
        with self._as_the_format_says():
            return _metrics(table)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Names of all groups that hold arrays, those of newer versions included, in sorted order."""
        if self._is_old:
            return tuple(sorted(self._tables))
        with self._file() as file:
            return _groups(file)

    @property
    def _is_old(self) -> bool:
        return needs_migration(self.format_version)  # then everything has been read and migrated

    def table(self, group: str) -> Mapping[str, Values]:
        """Return the columns of a group: arrays, lists of texts, or single values; empty if there is no such group."""
        self.read(group)
        return self._tables.get(group, {})

    def columns(self, group: str, *names: str) -> Mapping[str, Values]:
        """Return some columns of a group, those that there are, without reading the others."""
        self.read(**{group: names})
        table = self._tables.get(group, {})
        return {name: table[name] for name in names if name in table}

    def read(self, *groups: str, **columns: Sequence[str]) -> None:
        """Read groups, or some columns of others, at once: it takes little longer than one; they are at hand then.

        Parameters
        ----------
        groups
            Groups to be read whole.
        columns
            Names of columns by group; of ``link_budgets`` they are those of every class.
        """
        wanted: dict[str, Sequence[str]] = {**columns, **dict.fromkeys(groups, ())}
        missing = {group: names for group, names in wanted.items() if not self._has(group, names)}
        if missing and not self._is_old:
            with self._file() as file:
                for group, names in missing.items():
                    self._read(file, group, names)

    def _has(self, group: str, names: Sequence[str]) -> bool:
        return group in self._whole or (bool(names) and set(names) <= self._asked.get(group, set()))

    def _read(self, file: h5py.File, group: str, names: Sequence[str]) -> None:
        for path in hdf5.subgroups(file, group) if group == PER_CLASS else (group,):
            table = self._tables.get(path, {})
            found = hdf5.columns(file, path, names, without=table)
            self._tables[path] = dict(sorted((table | found).items()))  # as the file has them
        self._asked.setdefault(group, set()).update(names)
        self._whole |= set() if names else {group}

    def metric(self, name: str) -> Metric:
        """Return a metric; `RunFileError` naming the nearest one if there is none."""
        if name not in self.metrics:
            where, found = f"{self.path}: metrics", f"no metric '{name}'"
            raise RunFileError(Problem(where, found, ", ".join(self.metrics), nearest_name(name, self.metrics)))
        return self.metrics[name]

    def computed_sha256(self) -> str:
        """Return the content hash computed anew from what is in the file."""
        with self._file() as file:
            root = hdf5.attributes(file)
            root.pop("content_sha256", None)
            objects: list[HashedObject] = [("", None, attributes_json(root))]
            for path in hdf5.paths(file):
                item = file[path]
                is_array = isinstance(item, h5py.Dataset)
                if path.split("/")[0] == PROVENANCE or (is_array and hdf5.is_bare_dimension(item)):
                    continue
                attributes = hdf5.attributes(item)
                attributes.pop("NAME", None)
                objects.append((path, hdf5.raw(item) if is_array else None, attributes_json(attributes)))
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
    def link_up(self) -> NDArray[np.bool_]:
        """Whether each link works, not one of the parts that the scenario says are down; shape (n_links,)."""
        return self._up("link_up", "links", "tail")

    @property
    def node_up(self) -> NDArray[np.bool_]:
        """Whether each node works; shape (n_nodes,)."""
        return self._up("node_up", "nodes", "kind")

    def _up(self, name: str, group: str, column: str) -> NDArray[np.bool_]:
        up = np.ones(len(self._array(group, column)), dtype=bool)
        flags = self.table("failed").get(name)  # no such group where everything works
        if flags is not None and np.shape(flags) != up.shape:
            raise RunFileError(Problem(str(self.path), f"failed/{name} has {np.size(flags)} entries", f"{len(up)}"))
        return up if flags is None else np.asarray(flags) != 0

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

    @cached_property
    def fabric(self) -> Fabric:
        """The fabric that was solved, with structure and plant."""
        from optinet.results.content import fabric_of  # loads the models, which a list of runs does not need

        return fabric_of(self.table)

    @property
    def loads(self) -> LinkLoads:
        """Loads of the whole demand under the routing used, as `optinet.link_loads` returns them."""
        from optinet.flows.loads import LinkLoads

        return LinkLoads(self.arc_load_gbps, self.arc_utilization, self.metric("throughput").value, self.routing)

    def to_networkx(self) -> nx.MultiDiGraph[Any]:
        """Return the fabric with its loads as a networkx graph.

        Returns
        -------
        networkx.MultiDiGraph
            An edge for each arc of capacity above 0, with ``link``, ``link_class``, ``capacity_gbps``, ``length_m``,
            ``cost``, ``load_gbps``, ``utilization`` and ``up``; nodes by name with ``kind``, ``tier``, ``group`` and
            ``up``, which is False for what is down.
        """
        from optinet.results.convert import run_to_networkx

        return run_to_networkx(self)

    def to_xarray(self) -> xarray.DataTree:
        """Return everything in the file as a tree of xarray data sets, one for each group, with units.

        Raises
        ------
        OptinetError
            If xarray is not installed.
        """
        from optinet.results.convert import file_to_xarray

        with self._file() as file:
            return file_to_xarray(file)

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

    @property
    def budgets(self) -> tuple[dict[str, Values], ...]:
        """The link budget of each optical link class, with the columns of the schema's link_budgets."""
        return self.budget_columns()

    def budget_columns(self, *names: str) -> tuple[dict[str, Values], ...]:
        """Return the link budget of each optical link class, with some columns or, if none is named, with all."""
        self.read(**{PER_CLASS: names})
        tables = [self._tables[path] for path in sorted(self._tables) if path.startswith(f"{PER_CLASS}/")]
        return tuple({name: table[name] for name in names or table if name in table} for table in tables)

    def _array(self, group: str, name: str) -> Any:
        table: Mapping[str, Values] = self._tables.get(group, {})
        if name not in table and name not in (table := self.table(group)):
            raise RunFileError(Problem(str(self.path), f"has no {group}/{name}"))
        return table[name]


def _metrics(table: Mapping[str, Values]) -> dict[str, Metric]:
    numbers = zip(table["value"].tolist(), table["low"].tolist(), table["high"].tolist(), strict=True)
    rows = zip(table["name"], numbers, table["unit"], table["meaning"], strict=True)
    return {name: Metric(name, *interval, unit, meaning) for name, interval, unit, meaning in rows}


def _groups(file: h5py.File) -> tuple[str, ...]:
    return tuple(name for name in hdf5.paths(file, groups_alone=True) if hdf5.holds_arrays(file[name]))
