# SPDX-License-Identifier: Apache-2.0
"""Several rings that share no link, each with an equal part of the buffer.

Rings over circuits, as TopoOpt sets them (W. Wang et al., NSDI 2023): where ranks are joined to those 1, 3, 5, ...
places on, each distance that shares no factor with the number of ranks is a ring, and rings of different distances
share no link.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from optinet.collectives.operation import Collective
from optinet.collectives.rings import over_rings
from optinet.collectives.schedule import Ints, Phase
from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric


def multi_ring(call: Collective) -> Iterator[Phase]:
    """All rings of one distance each that the links between ranks hold."""
    strides = disjoint_strides(call.fabric, call.groups)
    if len(strides) < 2:
        raise DemandError(
            Problem("groups", f"{len(strides)} rings without a link in common", "ranks joined by at least 2")
        )
    place = np.arange(call.p)
    yield from over_rings(call, [call.groups[:, place * stride % call.p] for stride in strides])


def disjoint_strides(fabric: Fabric, groups: Ints) -> list[int]:
    """Return the distances d such that every rank has an arc to the rank d places on, and these make one ring."""
    n_groups, p = groups.shape
    group, place = np.full(fabric.n_nodes, -1), np.zeros(fabric.n_nodes, dtype=np.int64)
    nodes = fabric.endpoints[groups]
    group[nodes], place[nodes] = np.arange(n_groups)[:, None], np.arange(p)
    tail, head = fabric.arc_tail, fabric.arc_head
    inside = (group[tail] >= 0) & (group[tail] == group[head]) & (fabric.arc_capacity_gbps > 0)
    distance = (place[head] - place[tail])[inside] % p
    pairs = np.unique(np.column_stack((distance, tail[inside])), axis=0)
    per_distance = np.bincount(pairs[:, 0], minlength=p)
    return [d for d in range(1, p) if per_distance[d] == n_groups * p and math.gcd(d, p) == 1]
