# SPDX-License-Identifier: Apache-2.0
"""What failed parts leave of a fabric, and which of its endpoints are still served.

Endpoints that are down, or in another component than most, are not served: they neither send nor receive.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.failure_masks import FailureMasks, Flags
from optinet.failures import among, arcs_up, ends_up, nodes_down
from optinet.flows.link_loads import link_loads
from optinet.flows.loads import LinkLoads
from optinet.reliability.parts import failure_of
from optinet.reliability.settings import FailedParts, RiskGroup
from optinet.traffic.demand import Demand

if TYPE_CHECKING:
    from optinet.solution import Solution

FALLBACK = "ecmp"
"""Routing where that asked for finds no path over what is left: dimension order on a torus with a hole, for one."""


def masks_left(
    fabric: Fabric, parts: FailedParts, named: Mapping[str, RiskGroup] | None = None
) -> Iterator[FailureMasks]:
    """Yield the masks of failed parts.

    First with the endpoints of all components served that hold half of them, as planes do, then with those of the
    largest alone.

    Parameters
    ----------
    fabric, parts, named
        As in `optinet.reliability.parts.failure_of`, which says what is raised.
    """
    failure = failure_of(fabric, parts, named=named)
    arc_up, node_up = arcs_up(fabric, failure), ~nodes_down(fabric, failure)
    end_up = ends_up(fabric, failure) if fabric.plant is not None else np.zeros(0, dtype=bool)
    for served in served_nodes(fabric, arc_up, node_up):
        yield FailureMasks(parts.text, arc_up, node_up, end_up, served[fabric.endpoints])


def solved_left(
    masks: Iterable[FailureMasks], routing: str, solve: Callable[[FailureMasks, str], Solution]
) -> Solution:
    """Return the solution that serves most endpoints, by the routing asked for or else by shortest paths.

    Parameters
    ----------
    masks
        As `masks_left` yields them.
    routing
        The routing asked for.
    solve
        (masks, routing) -> solution; raises `SolverError` where there is no path.

    Raises
    ------
    SolverError
        If the endpoints that are left have nothing to send each other, or no way.
    """
    for each in masks:
        for name in dict.fromkeys((routing, FALLBACK)):
            with contextlib.suppress(SolverError):
                found = solve(each, name)
                if found.demand.total_gbps > 0.0:
                    return dataclasses.replace(found, failed=each)
    why = "no two endpoints that send each other something reach each other with these parts down"
    raise SolverError(Problem("failed", why, "parts that leave some of the traffic a way"))


def served_nodes(fabric: Fabric, arc_up: Flags, node_up: Flags) -> Iterator[Flags]:
    """Yield which nodes are endpoints served: of all components that hold half of them, then of the largest alone."""
    tail, head, forwards = fabric.arc_tail, fabric.arc_head, fabric.forwards
    up = arc_up & (fabric.arc_capacity_gbps > 0)
    inner = np.flatnonzero(up & forwards[tail] & forwards[head])
    size = fabric.n_nodes
    graph = sparse.csr_array((np.ones(len(inner), dtype=np.int8), (tail[inner], head[inner])), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    leaf = np.flatnonzero(up & ~forwards[tail] & forwards[head])  # hosts and what they are attached to
    chips = fabric.endpoints[forwards[fabric.endpoints] & node_up[fabric.endpoints]]
    node, of = np.concatenate((tail[leaf], chips)), np.concatenate((component[head[leaf]], component[chips]))
    pairs = np.unique(node * np.int64(size) + of)
    node, of = pairs // size, pairs % size
    count = np.bincount(of, minlength=1)
    most = int(count.max(initial=0))
    last = None
    for least in (most - most // 2, most):
        large = count[of] >= max(least, 1)
        if least == most:
            large &= of == int(count.argmax())
        served = np.zeros(size, dtype=bool)
        served[node[large]] = True
        if last is None or not np.array_equal(served, last):
            yield served
        last = served


@dataclass(frozen=True, eq=False)
class Left:
    """What a fabric with parts down carries.

    Parameters
    ----------
    demand
        What the endpoints served send each other.
    loads
        Its loads.
    served
        shape (n_endpoints,): which endpoints are served.
    """

    demand: Demand
    loads: LinkLoads
    served: Flags

    @property
    def delivered_gbps(self) -> float:
        """All endpoints together, each bit counted once."""
        return min(1.0, self.loads.throughput) * self.demand.total_gbps


def what_is_left(
    fabric: Fabric, demand: Demand, routing: str, arc_up: Flags, node_up: Flags, **options: Any
) -> Left | None:
    """Route what the endpoints that still reach each other send; None where nothing is left.

    Parameters
    ----------
    fabric, demand
        The intact fabric and its demand.
    routing, options
        As in `optinet.link_loads`; where it finds no way over what is left, shortest paths are taken.
    arc_up, node_up
        shape (n_arcs,) and (n_nodes,): what is up.
    """
    for served in served_nodes(fabric, arc_up, node_up):
        at = served[fabric.endpoints]
        # nothing passes a host, so that links of those not served are no matter
        matters = (fabric.forwards | served)[fabric.arc_tail] & (fabric.forwards | served)[fabric.arc_head]
        mask = None if arc_up[matters].all() else arc_up  # without a mask symmetry and what is remembered can be used
        part = among(fabric, demand, at)
        if part.total_gbps <= 0.0:
            continue
        for name in dict.fromkeys((routing, FALLBACK)):
            given = options if name == routing else {}
            with contextlib.suppress(SolverError):  # no path over what is left
                return Left(part, link_loads(fabric, part, name, arc_up=mask, **given), at)
    return None
