# SPDX-License-Identifier: Apache-2.0
r"""Where the limit of a concurrent flow is: which arcs prove its bound, in words, and what more links would bring.

With the lengths :math:`l_a` of the proof the bound is :math:`\sum_a c_a l_a`. The share of an arc in it is
:math:`c_a l_a` over the sum: one percent more capacity there raises the bound by so many hundredths of a percent. The
lengths stay a proof when capacities change, so a further link beside link i adds at most :math:`c_i (l_{2i} +
l_{2i+1})` to the throughput, whatever else limits it; `sensitivity` solves anew to see how much it really is.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from optinet.arguments import public
from optinet.fabric import Fabric, NodeKind
from optinet.flows.concurrent.auto import concurrent_flow
from optinet.flows.concurrent.result import ConcurrentFlow
from optinet.routing.core_graph import checked_mask, sum_by
from optinet.traffic.demand import Demand

_DECIDING = 0.99  # of the bound: the arcs that make up the rest of it are not named
_ALL = 0.95  # of the arcs in use: then no place is narrower than others
_SATURATED = 1.0 - 1e-6


@dataclass(frozen=True)
class ClassLimit:
    """What one link class has to do with the bound.

    Parameters
    ----------
    link_class
        Its name.
    deciding_arcs, saturated_arcs
        Arcs of the class that decide the bound, and that the flow fills.
    share
        Of the class in the bound, 0 to 1: one percent more capacity on all its links adds at most so many percent.
    best_link
        The link beside which one more of the class could bring most; -1 if none would bring anything.
    one_more_link
        The most that it adds to the throughput.
    """

    link_class: str
    deciding_arcs: int
    saturated_arcs: int
    share: float
    best_link: int
    one_more_link: float


@dataclass(frozen=True, eq=False)
class Limit:
    """Where the limit is.

    Parameters
    ----------
    text
        In one line for people.
    arcs
        Arcs that decide the bound, those of the largest share first.
    arc_share
        shape (n_arcs,): share of each arc in the bound, summing to 1; zeros if there is no bound.
    classes
        The same by link class.
    """

    text: str
    arcs: NDArray[np.int64]
    arc_share: NDArray[np.float64]
    classes: tuple[ClassLimit, ...]


@dataclass(frozen=True)
class Gain:
    """What one more link brings, solved anew.

    Parameters
    ----------
    link_class, link
        Class of the link, and the link beside which it lies.
    at_most
        What the proof allows it to add to the throughput.
    lower, upper
        Bounds on what it adds: the difference between the answers with and without it.
    """

    link_class: str
    link: int
    at_most: float
    lower: float
    upper: float


@public
def limit_of(fabric: Fabric, flow: ConcurrentFlow, *, arc_up: NDArray[np.bool_] | None = None) -> Limit:
    """Return where the limit of a concurrent flow is.

    Parameters
    ----------
    fabric, arc_up
        As they were given to `optinet.concurrent_flow`.
    flow
        Its answer.

    Returns
    -------
    Limit
        In words, and as the arcs of the cut or the fullest arcs; "nothing limits it" where there is no demand.
    """
    capacity = _capacity(fabric, arc_up)
    worth = capacity * flow.arc_length
    total = float(worth.sum())
    if not (np.isfinite(flow.upper) and total > 0):
        return Limit("nothing limits it", np.zeros(0, dtype=np.int64), np.zeros(fabric.n_arcs), ())
    share = worth / total
    order = np.argsort(-share, kind="stable")
    # arcs of one share come together, so that which of them are named does not depend on their order
    enough = share[order[min(int(np.searchsorted(np.cumsum(share[order]), _DECIDING)), len(order) - 1)]]
    arcs = order[: int(np.count_nonzero(share >= enough * (1.0 - 1e-6)))]
    saturated = (flow.arc_flow_gbps >= _SATURATED * capacity) & (capacity > 0)
    return Limit(_text(fabric, capacity, arcs), arcs, share, _classes(fabric, share * flow.upper, arcs, saturated))


@public
def sensitivity(
    fabric: Fabric,
    demand: Demand,
    flow: ConcurrentFlow,
    *,
    gap: float = 0.01,
    arc_up: NDArray[np.bool_] | None = None,
    time_budget_s: float = 60.0,
) -> tuple[Gain, ...]:
    """Solve anew with one more link of each class that decides the bound, where it could bring most.

    Parameters
    ----------
    fabric, demand, arc_up
        As they were given to `optinet.concurrent_flow`.
    flow
        Its answer.
    gap, time_budget_s
        For each class, as in `optinet.concurrent_flow`.

    Returns
    -------
    tuple of Gain
        One for each link class of positive share, the largest `at_most` first.
    """
    gains = []
    for each in limit_of(fabric, flow, arc_up=arc_up).classes:
        if each.best_link < 0:
            continue
        # a parallel link of the same length is, for flows, a wider one
        capacity = fabric.arc_capacity_gbps.copy()
        capacity[2 * each.best_link : 2 * each.best_link + 2] *= 2.0
        wider = dataclasses.replace(fabric, arc_capacity_gbps=capacity)
        more = concurrent_flow(wider, demand, gap=gap, arc_up=arc_up, time_budget_s=time_budget_s)
        lower = max(0.0, more.lower - flow.upper)
        upper = max(lower, min(each.one_more_link + flow.upper, more.upper) - flow.lower)
        gains.append(Gain(each.link_class, each.best_link, each.one_more_link, lower, upper))
    return tuple(sorted(gains, key=lambda gain: -gain.at_most))


def _capacity(fabric: Fabric, arc_up: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    mask = checked_mask(fabric, arc_up)
    return fabric.arc_capacity_gbps if mask is None else np.where(mask, fabric.arc_capacity_gbps, 0.0)


def _classes(
    fabric: Fabric, worth: NDArray[np.float64], arcs: NDArray[np.int64], saturated: NDArray[np.bool_]
) -> tuple[ClassLimit, ...]:
    names, of_arc = fabric.link_class_names, np.repeat(fabric.link_class, 2)
    deciding = np.bincount(of_arc[arcs], minlength=len(names))
    full = np.bincount(of_arc[saturated], minlength=len(names))
    share = sum_by(of_arc, worth, len(names)) / worth.sum()
    of_link = worth.reshape(-1, 2).sum(axis=1)
    found = []
    for index, name in enumerate(names):
        links = np.flatnonzero(fabric.link_class == index)
        best = int(links[np.argmax(of_link[links])]) if len(links) and of_link[links].max() > 0 else -1
        more = float(of_link[best]) if best >= 0 else 0.0
        found.append(ClassLimit(name, int(deciding[index]), int(full[index]), float(share[index]), best, more))
    return tuple(found)


def _text(fabric: Fabric, capacity: NDArray[np.float64], arcs: NDArray[np.int64]) -> str:
    """Say whether the arcs are a cut, and of what; all arcs; or narrow places that part nothing."""
    by_class = np.bincount(np.repeat(fabric.link_class, 2)[arcs], minlength=len(fabric.link_class_names))
    named = " and ".join(
        f"{n:,} {'arc' if n == 1 else 'arcs'} of {name}"
        for n, name in zip(by_class, fabric.link_class_names, strict=True)
        if n
    )
    used = capacity > 0
    inner = used & fabric.forwards[fabric.arc_tail] & fabric.forwards[fabric.arc_head]
    if inner.any() and np.count_nonzero(inner[arcs]) >= _ALL * np.count_nonzero(inner):
        return f"no narrow place: the length of the paths over {named}"
    left = used.copy()
    left[arcs] = False
    graph = sparse.coo_array(
        (np.ones(int(left.sum())), (fabric.arc_tail[left], fabric.arc_head[left])), shape=(fabric.n_nodes,) * 2
    )
    part = connected_components(graph, directed=True, connection="strong")[1]
    held = np.bincount(part[fabric.endpoints], minlength=int(part.max()) + 1)
    held_parts = np.flatnonzero(held)
    if len(held_parts) < 2:
        return f"narrow places that are no cut: {named}"
    if len(held_parts) > 2:
        sizes = held[held_parts]
        each = f"{sizes[0]:,}" if sizes.min() == sizes.max() else f"{sizes.min():,} to {sizes.max():,}"
        return f"cuts: {named} part the endpoints into {len(held_parts):,} sets of {each}"
    smaller = int(held_parts[np.argmin(held[held_parts])])
    return f"a cut: {named} {_way(fabric, part, arcs, smaller)} {_called(fabric, part == smaller)}"


def _way(fabric: Fabric, part: NDArray[np.int32], arcs: NDArray[np.int64], smaller: int) -> str:
    out = bool(np.any(part[fabric.arc_tail[arcs]] == smaller))
    into = bool(np.any(part[fabric.arc_head[arcs]] == smaller))
    ending = "s" if len(arcs) == 1 else ""
    return f"lead{ending} out of" if out and not into else f"lead{ending} into" if into and not out else "surround"


def _called(fabric: Fabric, inside: NDArray[np.bool_]) -> str:
    endpoints = np.flatnonzero(inside & (fabric.node_kind != NodeKind.SWITCH))
    switches = np.flatnonzero(inside & (fabric.node_kind == NodeKind.SWITCH))
    ends = f"{len(endpoints):,} endpoints" if len(endpoints) > 1 else f"endpoint {fabric.node_names[endpoints[0]]}"
    if len(endpoints) > 1 and not len(switches):
        ends += f", {fabric.node_names[endpoints[0]]} among them"
    if not len(switches):
        return ends
    if len(switches) == 1:
        return f"{fabric.node_names[switches[0]]} with {ends}"
    return f"{ends} with {len(switches):,} switches, {fabric.node_names[switches[0]]} among them"
