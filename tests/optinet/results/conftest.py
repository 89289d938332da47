# SPDX-License-Identifier: Apache-2.0
"""A run file's content with every group of the schema filled, made without solving anything."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

import topologies
from optinet import Fabric
from optinet.results.column import Column
from optinet.results.content import RunContent, fabric_groups
from optinet.results.schema import GROUPS, PROVENANCE

SIZES = {"kind": 3, "signature": 4, "edge": 6, "bin": 5, "side": 2}


def values(name: str, column: Column):
    """Values that differ from row to row, of the shapes that a made-up run has."""
    shape = tuple(SIZES.get(dim, 3) for dim in column.dims)
    count = int(np.prod(shape))
    if column.type == "text":
        return [f"{name} {i}" for i in range(count)] if shape else f"the {name}"
    numbers = np.arange(count).reshape(shape)
    return numbers % 2 if column.type == "flag" else numbers + 0.5 if column.type == "float" else numbers


def made_up(group: str):
    return {name: values(name, column) for name, column in GROUPS[group].items()}


@dataclass(frozen=True)
class Example:
    fabric: Fabric
    content: RunContent


@pytest.fixture
def example() -> Example:
    fabric = topologies.build("tpu_pod", cubes=(2, 1, 1), cube_side=2)
    groups = {group: made_up(group) for group in GROUPS if group != PROVENANCE and "*" not in group}
    groups |= fabric_groups(fabric)
    groups["link_budgets/cube-ocs"] = made_up("link_budgets/*")
    groups["scenario"] = {"toml": 'title = "Pod"\n', "json": json.dumps({"title": "Pod", "seed": 0})}
    arcs = np.arange(fabric.n_arcs, dtype=np.float64)
    groups["arcs"] = {"capacity_gbps": fabric.arc_capacity_gbps, "load_gbps": arcs, "utilization": arcs / 100}
    link_up, node_up = np.ones(fabric.n_links, dtype=np.int8), np.ones(fabric.n_nodes, dtype=np.int8)
    link_up[:2] = node_up[3] = 0
    groups["failed"] = {"link_up": link_up, "node_up": node_up, "endpoint_served": node_up}
    content = RunContent(
        title="Pod",
        case="3 torus",
        routing="dor",
        verdict="closes",
        scenario_sha256="5" * 64,
        groups=groups,
        provenance=made_up(PROVENANCE),
    )
    return Example(fabric, content)
