# SPDX-License-Identifier: Apache-2.0
"""A run as objects of other libraries: networkx graphs and xarray trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from optinet.errors import OptinetError, Problem
from optinet.fabric import NodeKind
from optinet.results import hdf5

if TYPE_CHECKING:
    import networkx as nx
    import xarray

    from optinet.results.reader import Run


def run_to_networkx(run: Run) -> nx.MultiDiGraph[Any]:
    """Return the fabric of a run as a directed graph with its loads; see `Run.to_networkx`."""
    import networkx as nx

    graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph(title=run.title, case=run.case, routing=run.routing)
    names = run.node_names
    nodes = zip(names, run.node_kind, run.node_tier, run.node_group, run.node_up, strict=True)
    for name, kind, tier, group, up in nodes:
        graph.add_node(name, kind=NodeKind(int(kind)).name.lower(), tier=int(tier), group=int(group), up=bool(up))
    link_classes, cost, link_up = run.link_class_names, run.table("links")["cost"], run.link_up
    for arc in np.flatnonzero(run.arc_capacity_gbps > 0).tolist():
        link = arc // 2
        graph.add_edge(
            names[run.arc_tail[arc]],
            names[run.arc_head[arc]],
            link=link,
            link_class=link_classes[run.link_class[link]],
            capacity_gbps=float(run.arc_capacity_gbps[arc]),
            length_m=float(run.link_length_m[link]),
            cost=float(cost[link]),
            load_gbps=float(run.arc_load_gbps[arc]),
            utilization=float(run.arc_utilization[arc]),
            up=bool(link_up[link]),
        )
    return graph


def file_to_xarray(file: h5py.File) -> xarray.DataTree:
    """Return every group of a run file as a data set of its own; see `Run.to_xarray`."""
    try:
        import xarray
    except ImportError:
        raise OptinetError(Problem("to_xarray", "xarray is not installed", "pip install xarray")) from None
    groups = {name: file[name] for name in hdf5.paths(file, groups_alone=True)}
    trees = {name: xarray.Dataset(_variables(group)) for name, group in groups.items() if hdf5.datasets(group)}
    return xarray.DataTree.from_dict({"/": xarray.Dataset(attrs=hdf5.attributes(file)), **trees})


def _variables(group: h5py.Group) -> dict[str, Any]:
    """Return (dimensions, values, attributes) of each array; one named like its dimension becomes a coordinate."""
    return {
        name: (hdf5.dimensions(item), hdf5.raw(item), _kept(hdf5.attributes(item)))
        for name, item in hdf5.datasets(group).items()
    }


def _kept(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in ("_FillValue", "NAME")}
