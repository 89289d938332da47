# SPDX-License-Identifier: Apache-2.0
"""The content of a run file, before any HDF5: plain arrays and texts under the names of `optinet.results.schema`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from optinet.fabric import Fabric
from optinet.flows.solution import Solution
from optinet.plant import OpticalPlant
from optinet.structure import structure_to_dict

Groups: TypeAlias = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class RunContent:
    """Everything a run file holds.

    Parameters
    ----------
    title, case, routing, verdict
        The run's headline: what it is, which design of a study, the routing used, and the verdict of its worst link.
    scenario_sha256
        Hash of the resolved scenario; a sweep knows by it which points are done.
    groups
        For each group its columns; a group without rows may be left out.
    provenance
        Columns of the one group that may differ between two runs of one scenario.
    """

    title: str
    case: str
    routing: str
    verdict: str
    scenario_sha256: str
    groups: Groups
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes of the file's root."""
        names = ("title", "case", "routing", "verdict", "scenario_sha256")
        return {name: str(getattr(self, name)) for name in names}


def fabric_groups(fabric: Fabric) -> dict[str, dict[str, Any]]:
    """Return the groups that describe a fabric: nodes, links, link_classes, structure and plant."""
    groups: dict[str, dict[str, Any]] = {
        "nodes": {
            "kind": fabric.node_kind,
            "tier": fabric.node_tier,
            "group": fabric.node_group,
            "name": [str(name) for name in fabric.node_names],
        },
        "links": {
            "tail": fabric.arc_tail[::2],
            "head": fabric.arc_head[::2],
            "link_class": fabric.link_class,
            "length_m": fabric.link_length_m,
            "cost": fabric.link_cost,
        },
        "link_classes": {
            "name": list(fabric.link_class_names),
            "n_links": np.bincount(fabric.link_class, minlength=len(fabric.link_class_names)),
        },
        "structure": {"json": json.dumps(structure_to_dict(fabric.structure))},
    }
    if fabric.plant is not None:
        groups["plant"] = _plant(fabric.plant)
    return groups


def _plant(plant: OpticalPlant) -> dict[str, Any]:
    return {
        "n_ocs": plant.n_ocs,
        "ports_needed": plant.ports_needed,
        "end_ocs": plant.end_ocs,
        "end_port": plant.end_port,
        "end_node": plant.end_node,
        "circuit_ends": plant.circuit_ends.reshape(-1, 2),
        "circuit_link": plant.circuit_link,
    }


def solution_groups(solution: Solution) -> dict[str, dict[str, Any]]:
    """Return the groups that describe how a demand was solved: arcs, routing and paths."""
    paths = solution.paths
    return {
        "arcs": {
            "capacity_gbps": solution.fabric.arc_capacity_gbps,
            "load_gbps": solution.loads.arc_load_gbps,
            "utilization": solution.loads.utilization,
        },
        "routing": {
            "name": list(solution.alternatives),
            "throughput": list(solution.alternatives.values()),
            "used": [name == solution.routing for name in solution.alternatives],
        },
        "paths": {
            "hops": paths.hops,
            "length_m": paths.length_m,
            "weight": paths.weight,
            "kind_link_class": paths.kinds.link_class,
            "kind_head_tier": paths.kinds.head_tier,
            "kind_head": paths.kinds.head_kind,
            "method": paths.method,
        },
    }
