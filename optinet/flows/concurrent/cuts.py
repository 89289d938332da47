# SPDX-License-Identifier: Apache-2.0
r"""Bounds by cuts that are plain to see: what leaves or enters one endpoint, one switch with its hosts, one group.

No scale factor fits beyond the capacity of the arcs out of a set of nodes over the demand of its endpoints to all
others, and the same inward. On a Clos whose traffic spreads evenly these cuts are the answer: a host's links, a leaf's
uplinks, a pod's links to the core.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import NodeKind
from optinet.routing.core_graph import CoreGraph, sum_by
from optinet.traffic.demand import Demand

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CutLimit:
    """What the tightest cuts allow, and lengths on the fabric's arcs that prove it, even over all cuts as tight."""

    throughput: float
    arc_length: Floats


def tightest(core: CoreGraph, demand: Demand) -> CutLimit:
    """Return the tightest of these cuts; infinite if nothing has to cross any."""
    fabric = core.fabric
    alone = np.full(fabric.n_nodes, -1)
    alone[fabric.endpoints] = np.arange(fabric.n_endpoints)
    limits = [_tightest(core, demand, label) for label in (alone, _by_switch(core), fabric.node_group)]
    return min(limits, key=lambda limit: limit.throughput)


def _by_switch(core: CoreGraph) -> Ints:
    """Label every switch and the hosts that hang on it alone; shape (n_nodes,)."""
    fabric = core.fabric
    label = np.full(fabric.n_nodes, -1)
    switches = np.flatnonzero(fabric.node_kind == NodeKind.SWITCH)
    label[switches] = switches
    forwarding = np.flatnonzero(fabric.forwards)
    for group in np.flatnonzero(core.joined):
        attachment = core.attachments[group]
        assert attachment is not None
        label[fabric.endpoints[attachment.members]] = forwarding[core.group_node[group]]
    return label


def _tightest(core: CoreGraph, demand: Demand, label: Ints) -> CutLimit:
    """Return what the tightest cuts around the nodes of one label allow; nodes labeled -1 are in none."""
    fabric = core.fabric
    n_labels = int(label.max(initial=-1)) + 1
    if n_labels == 0:
        return CutLimit(np.inf, np.zeros(fabric.n_arcs))
    capacity = np.where(core.arc_up, fabric.arc_capacity_gbps, 0.0)
    tail, head = label[fabric.arc_tail], label[fabric.arc_head]
    wanted = _leaving(demand, label[fabric.endpoints], n_labels)
    # what is left of a difference of large numbers is no demand
    needed = wanted > 1e-12 * demand.total_gbps
    crosses = (tail != head) & (capacity > 0)
    out, into = (crosses & (side >= 0) for side in (tail, head))
    room = np.stack([sum_by(side[at], capacity[at], n_labels) for side, at in ((tail, out), (head, into))])
    fits = np.divide(room, wanted, out=np.full(room.shape, np.inf), where=needed)
    tightest_of_all = float(fits.min())
    tight = fits <= tightest_of_all * (1.0 + 1e-12)
    # each of them proves the bound, and so does the mean of their lengths
    each = np.divide(1.0 / np.count_nonzero(tight), wanted, out=np.zeros(room.shape), where=tight & needed)
    length = np.where(out, each[0, tail], 0.0) + np.where(into, each[1, head], 0.0)
    return CutLimit(tightest_of_all, length)


def _leaving(demand: Demand, label: Ints, n_labels: int) -> Floats:
    """Return what the endpoints of each label send to others and receive from them; shape (2, n_labels)."""
    known = label >= 0
    if demand.matrix is not None:
        entries = demand.matrix.tocoo()
        row, column = (label[index] for index in entries.coords)
        across = row != column
        out, into = (across & (ends >= 0) for ends in (row, column))
        sides = ((row[out], entries.data[out]), (column[into], entries.data[into]))
        return np.stack([sum_by(ends, gbps, n_labels) for ends, gbps in sides])
    assert demand.source_gbps is not None and demand.target_share is not None
    sent, share = (sum_by(label[known], each[known], n_labels) for each in (demand.source_gbps, demand.target_share))
    return np.stack((sent * (demand.target_share.sum() - share), share * (demand.source_gbps.sum() - sent)))
