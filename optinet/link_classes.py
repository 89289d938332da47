# SPDX-License-Identifier: Apache-2.0
"""What a fabric alone says of its link classes: how many links, how fast and long, and what they join.

Links of one class are built alike, so that one physical path stands for all of them; a class whose links differ in
rate, in the kinds of nodes they join or in passing an OCS is an error. Lengths may differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem
from optinet.fabric import Fabric, NodeKind


@dataclass(frozen=True)
class LinkClass:
    """One class of links.

    Parameters
    ----------
    name, index
        Its name and its place in the fabric's `link_class_names`.
    count
        Links of the class.
    spare_ends
        Fiber ends on OCS ports without a circuit that are built like the class.
    gbps
        Capacity of each link per direction.
    length_m, total_length_m
        Longest link; all links together.
    kind_a, kind_b
        Kinds of the nodes at the two ends, a the one nearer the hosts.
    through_ocs
        Whether circuits of the plant make the links.
    """

    name: str
    index: int
    count: int
    spare_ends: int
    gbps: float
    length_m: float
    total_length_m: float
    kind_a: NodeKind
    kind_b: NodeKind
    through_ocs: bool


def link_classes(fabric: Fabric) -> tuple[tuple[LinkClass, ...], tuple[Problem, ...]]:
    """Return the classes that have links, in order, and every way in which links of one class are not alike."""
    problems: list[Problem] = []
    found = [_link_class(fabric, index, problems) for index in range(len(fabric.link_class_names))]
    return tuple(one for one in found if one), tuple(problems)


def link_ends(fabric: Fabric, class_index: int) -> NDArray[np.int64]:
    """Return the nodes at the ends of a class's links, hosts and lower tiers first; shape (n_links, 2)."""
    links = np.flatnonzero(fabric.link_class == class_index)
    ends = np.column_stack((fabric.arc_tail[2 * links], fabric.arc_head[2 * links]))
    height = np.where(fabric.node_kind == NodeKind.SWITCH, 1 + fabric.node_tier, fabric.node_kind - len(NodeKind))
    swap = height[ends[:, 0]] > height[ends[:, 1]]
    ends[swap] = ends[swap, ::-1]
    return ends


def spare_end_nodes(fabric: Fabric) -> NDArray[np.int64]:
    """Return the node of every fiber end that is on an OCS port without a circuit."""
    if fabric.plant is None:
        return np.empty(0, dtype=np.int64)
    idle = np.ones(fabric.plant.n_ends, dtype=bool)
    idle[fabric.plant.circuit_ends.ravel()] = False
    return fabric.plant.end_node[idle]


def _link_class(fabric: Fabric, index: int, problems: list[Problem]) -> LinkClass | None:
    links = np.flatnonzero(fabric.link_class == index)
    if not len(links):
        return None
    name, where = fabric.link_class_names[index], f"link class '{fabric.link_class_names[index]}'"
    end_kinds = fabric.node_kind[link_ends(fabric, index)]
    kinds = [divmod(int(code), len(NodeKind)) for code in np.unique(end_kinds @ (len(NodeKind), 1))]
    capacity = np.maximum(fabric.arc_capacity_gbps[2 * links], fabric.arc_capacity_gbps[2 * links + 1])
    circuit = np.isin(links, fabric.plant.circuit_link) if fabric.plant else np.zeros(len(links), dtype=bool)
    alike = "links of one class are built alike: give the others a class of their own"
    if len(kinds) > 1:
        joined = " and ".join(f"{NodeKind(a).name.lower()} to {NodeKind(b).name.lower()}" for a, b in kinds)
        problems.append(Problem(where, f"joins {joined}", alike))
    if capacity.min() < capacity.max():
        problems.append(Problem(where, f"links of {capacity.min():g} and of {capacity.max():g} Gb/s", alike))
    if circuit.any() != circuit.all():
        problems.append(Problem(where, "only some of its links pass an OCS", alike))
    return LinkClass(
        name=name,
        index=index,
        count=len(links),
        spare_ends=_spare_ends(fabric, index),
        gbps=float(capacity.max()),
        length_m=float(fabric.link_length_m[links].max()),
        total_length_m=float(fabric.link_length_m[links].sum()),
        kind_a=NodeKind(kinds[0][0]),
        kind_b=NodeKind(kinds[0][1]),
        through_ocs=bool(circuit.all()),
    )


def _spare_ends(fabric: Fabric, index: int) -> int:
    """Ends without a circuit are built like the class that most circuits make."""
    if fabric.plant is None or not fabric.plant.n_circuits:
        return 0
    most_circuits = np.bincount(fabric.link_class[fabric.plant.circuit_link]).argmax()
    return len(spare_end_nodes(fabric)) if index == most_circuits else 0
