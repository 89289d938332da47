# SPDX-License-Identifier: Apache-2.0
"""Several links between two neighbors: a collective library uses them all.

A switch hashes a connection onto one of parallel links, and two connections may meet there. A library knows its
neighbors: it opens a channel over every link between two of them (on an axis of size 2 of a torus, over the link ahead
and the one that wraps around), and each transfer is spread over all. What goes through other nodes on its way is hashed
like anybody's traffic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optinet.collectives.schedule import Ints
from optinet.fabric import Fabric


def striped(fabric: Fabric, offsets: Ints, arcs: Ints, arc_up: NDArray[np.bool_] | None) -> tuple[Ints, Ints, Ints]:
    """Return paths with those of one arc doubled on all arcs parallel to it that are up.

    Parameters
    ----------
    fabric, arc_up
        The fabric, and which of its arcs are up; all when None.
    offsets, arcs
        The arcs of each path, as `optinet.flow_paths` returns them.

    Returns
    -------
    offsets, arcs
        The same of all paths there are now, side by side where they are of one transfer.
    subflow_of
        shape (n_paths,): the path before that each stands for, as `optinet.simulate_flows` takes it.
    """
    joins = fabric.arc_tail * np.int64(fabric.n_nodes) + fabric.arc_head
    up = np.flatnonzero(fabric.arc_capacity_gbps > 0 if arc_up is None else arc_up & (fabric.arc_capacity_gbps > 0))
    up = up[np.argsort(joins[up], kind="stable")]
    hops, start = np.diff(offsets), offsets[:-1].copy()
    count = np.ones(len(hops), dtype=np.int64)
    single = np.flatnonzero(hops == 1)
    known = joins[up]
    ends = joins[arcs[start[single]]]
    first = np.searchsorted(known, ends)
    count[single] = np.searchsorted(known, ends, side="right") - first
    start[single] = len(arcs) + first  # in the arcs that are up, behind those of the paths
    subflow_of = np.repeat(np.arange(len(hops)), count)
    nth = np.arange(len(subflow_of)) - np.repeat(np.cumsum(count) - count, count)
    new_hops = hops[subflow_of]
    new_offsets = np.concatenate(([0], np.cumsum(new_hops)))
    place = np.repeat(start[subflow_of] + nth - new_offsets[:-1], new_hops) + np.arange(new_offsets[-1])
    return new_offsets, np.concatenate((arcs, up))[place], subflow_of
