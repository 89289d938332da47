# SPDX-License-Identifier: Apache-2.0
r"""Parallel planes alike are one plane as wide as all of them, exactly.

Hosts do not forward, so traffic stays in the plane it enters. Exchanging planes maps the fabric and every demand onto
themselves; averaged over these exchanges an optimal flow gives every plane the same share of every pair. It is then a
flow in one plane of that many times the capacity, where every host has all its links to one switch; and lengths of that
plane, laid on every plane, prove the same bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric
from optinet.structure import Planes

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OnePlane:
    """The wide plane, how many it stands for, and its arc for every arc of the whole fabric, shape (n_arcs,)."""

    fabric: Fabric
    planes: int
    arc_of: Ints

    @classmethod
    def of(cls, fabric: Fabric, arc_up: NDArray[np.bool_] | None) -> OnePlane | None:
        """Return the wide plane, or None if the fabric is not made of whole planes alike."""
        structure = fabric.structure
        if not isinstance(structure, Planes) or structure.planes < 2:
            return None
        hosts, planes = structure.plane.hosts, structure.planes
        per_plane = (fabric.n_nodes - hosts) // planes
        if (arc_up is not None and not np.all(arc_up)) or np.any(fabric.forwards[:hosts]):
            return None
        node = np.arange(fabric.n_nodes)
        plane = np.where(node < hosts, -1, (node - hosts) // per_plane)
        place = np.where(node < hosts, node, hosts + (node - hosts) % per_plane)
        tail, head = fabric.arc_tail[::2], fabric.arc_head[::2]
        of_link = np.maximum(plane[tail], plane[head])
        if np.any((plane[tail] != of_link) & (plane[tail] >= 0)) or np.any((plane[head] != of_link) & (head >= hosts)):
            return None
        order = np.lexsort((place[head], place[tail], of_link))
        if len(order) % planes or np.any(of_link[order] != np.repeat(np.arange(planes), len(order) // planes)):
            return None
        one = order[: len(order) // planes]
        capacity = fabric.arc_capacity_gbps.reshape(-1, 2)
        tiers = (fabric.node_tier[tail], fabric.node_tier[head])
        alike = (place[tail], place[head], capacity, fabric.link_class, fabric.link_length_m, *tiers)
        for links in order.reshape(planes, -1)[1:]:
            if any(bool(np.any(each[links] != each[one])) for each in alike):
                return None
        first = node < hosts + per_plane
        wide = Fabric.from_links(
            fabric.node_kind[first],
            np.column_stack((tail[one], head[one])),
            capacity_gbps=planes * capacity[one, 0],
            reverse_capacity_gbps=planes * capacity[one, 1],
            length_m=fabric.link_length_m[one],
            link_class=fabric.link_class[one],
            link_class_names=fabric.link_class_names,
            node_tier=fabric.node_tier[first],
            node_names=list(fabric.node_names)[: hosts + per_plane],
            structure=structure.plane,
        )
        link_of = np.empty(fabric.n_links, dtype=np.int64)
        link_of[order] = np.tile(np.arange(len(one)), planes)
        return cls(wide, planes, (2 * link_of[:, None] + np.arange(2)).ravel())
