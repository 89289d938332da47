# SPDX-License-Identifier: Apache-2.0
"""Several rings that share no link, each with an equal part of the buffer.

Rings run over *sites*: chips, or switches with the hosts that hang on them, whose ranks a ring visits one after
another. Where every site is joined to those some places on, each such distance that shares no factor with the number
of sites is a ring, and rings of different distances share no link (TopoOpt sets circuits so: W. Wang et al., NSDI
2023). Elsewhere Hamiltonian cycles are searched one after another, each on the links that those before have left, by
extending and rotating paths (L. Posa, "Hamiltonian circuits in random graphs", Discrete Mathematics 14, 1976); a cycle
of full-duplex links is two rings. Of several searches the one with most rings is kept; there may be more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from optinet.collectives.bound import by_switch
from optinet.collectives.operation import Collective
from optinet.collectives.rings import over_rings
from optinet.collectives.schedule import Ints, Phase
from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric
from optinet.kernels.rings import rotated_path
from optinet.routing.core_graph import sum_by

_MOST_SITES = 512  # searched for cycles; the search grows with their square
_SEARCHES = 40
_FEW_SITES = 32  # searched as often as where nothing is known


def multi_ring(call: Collective) -> Iterator[Phase]:
    """As many rings as are found, at least two."""
    site, ranks = _sites(call)
    strides = disjoint_strides(call.fabric, site)
    place = np.arange(site.shape[1])
    orders = [np.tile(place * stride % len(place), (len(site), 1)) for stride in strides]
    found = [_searched(_links(call.fabric, sites).tobytes(), site.shape[1], len(orders)) for sites in site]
    orders = max(orders, [np.array(rings) for rings in zip(*found, strict=False)], key=len)
    if len(orders) < 2:
        problem = f"{len(orders)} rings without a link in common found over {site.shape[1]} chips or switches"
        allowed = f"ranks whose chips or switches are joined directly; searched are at most {_MOST_SITES} of them"
        raise DemandError(Problem("groups", problem, allowed))
    rows = np.arange(len(site))[:, None]
    # every ring leaves and enters a site at another rank
    yield from over_rings(
        call, [np.roll(ranks, i, axis=2)[rows, order].reshape(len(site), -1) for i, order in enumerate(orders)]
    )


def least_s(call: Collective) -> float:
    """Return the time that no rings go below: every link of the chip or switch that has fewest to its group is full."""
    fabric = call.fabric
    try:
        site, _ = _sites(call)
    except DemandError:
        return np.inf
    group = np.full(fabric.n_nodes, -1)
    group[site] = np.arange(len(site))[:, None]
    tail, gbps = fabric.arc_tail, fabric.arc_capacity_gbps
    inside = (group[tail] >= 0) & (group[tail] == group[fabric.arc_head]) & (gbps > 0)
    room = sum_by(tail[inside], gbps[inside], fabric.n_nodes)[site]
    least = float(room.min())
    return call.size_gbit * call.bus_factor / least if least > 0 else np.inf


@lru_cache(maxsize=16)  # up to 2 MB each
def _searched(links: bytes, n: int, enough: int) -> list[Ints]:
    """Search once where groups, or calls, have the same links between their sites."""
    return disjoint_cycles(np.frombuffer(links, dtype=np.int64).reshape(n, n), enough)


def _sites(call: Collective) -> tuple[Ints, Ints]:
    """Return the nodes that are sites of every group, shape (n_groups, n), and the ranks on each, a third axis."""
    fabric = call.fabric
    label = np.where(fabric.forwards, np.arange(fabric.n_nodes), by_switch(fabric))
    nodes, ranks = list[Ints](), list[Ints]()
    for group in call.groups:
        site, first, count = np.unique(label[fabric.endpoints[group]], return_index=True, return_counts=True)
        order = np.argsort(first)
        alike = site.min() >= 0 and count.min() == count.max() and (not nodes or len(nodes[0]) == len(site))
        if not alike or len(site) < 3:
            raise DemandError(Problem("groups", "no equal shares of a group on 3 or more chips or switches"))
        nodes.append(site[order])
        by_site = np.argsort(np.argsort(first)[np.searchsorted(site, label[fabric.endpoints[group]])], kind="stable")
        ranks.append(group[by_site].reshape(len(site), -1))
    return np.array(nodes), np.array(ranks)


def disjoint_strides(fabric: Fabric, sites: Ints) -> list[int]:
    """Return the distances d such that every site has an arc to the one d places on, and these make one ring.

    Parameters
    ----------
    fabric
        The fabric.
    sites
        shape (n_groups, n): nodes, in the order of the groups.
    """
    n_groups, n = sites.shape
    group, place = np.full(fabric.n_nodes, -1), np.zeros(fabric.n_nodes, dtype=np.int64)
    group[sites], place[sites] = np.arange(n_groups)[:, None], np.arange(n)
    tail, head = fabric.arc_tail, fabric.arc_head
    inside = (group[tail] >= 0) & (group[tail] == group[head]) & (fabric.arc_capacity_gbps > 0)
    distance = (place[head] - place[tail])[inside] % n
    pairs = np.unique(np.column_stack((distance, tail[inside])), axis=0)
    per_distance = np.bincount(pairs[:, 0], minlength=n)
    return [d for d in range(1, n) if per_distance[d] == n_groups * n and math.gcd(d, n) == 1]


def disjoint_cycles(links: Ints, enough: int = 0, seed: int = 0) -> list[Ints]:
    """Return orders of all sites along cycles that share no link, each in both directions.

    Parameters
    ----------
    links
        shape (n, n): full-duplex links between every two sites.
    enough
        Rings that are known already: there is no search where no more than these are possible, and a short one else.
    seed
        Seed of the search.
    """
    most = int(links.sum(axis=1).min()) // 2
    if len(links) > _MOST_SITES or 2 * most <= enough:
        return []
    rng = np.random.default_rng(seed)
    best: list[Ints] = []
    for _ in range(_SEARCHES if enough < 2 or len(links) <= _FEW_SITES else 2):
        left, cycles = links.copy(), list[Ints]()
        while len(cycles) < most and (cycle := _cycle(left, rng)) is not None:
            ends = (cycle, np.roll(cycle, -1))
            np.subtract.at(left, ends, 1)
            np.subtract.at(left, ends[::-1], 1)
            cycles.append(cycle)
        best = max(best, cycles, key=len)
        if len(best) == most:
            break
    return [order for cycle in best for order in (cycle, cycle[::-1])]


def _links(fabric: Fabric, sites: Ints) -> Ints:
    """Return the full-duplex links between every two sites."""
    place = np.full(fabric.n_nodes, -1)
    place[sites] = np.arange(len(sites))
    ends = np.column_stack((place[fabric.arc_tail[::2]], place[fabric.arc_head[::2]]))
    duplex = (fabric.arc_capacity_gbps[::2] > 0) & (fabric.arc_capacity_gbps[1::2] > 0) & (ends >= 0).all(axis=1)
    links = np.zeros((len(sites), len(sites)), dtype=np.int64)
    np.add.at(links, tuple(ends[duplex].T), 1)
    return links + links.T


def _cycle(links: Ints, rng: np.random.Generator) -> Ints | None:
    """Return a Hamiltonian cycle, or None if the search has not found one."""
    n = len(links)
    first, before = int(rng.integers(n)), rng.bit_generator.state
    draws = rng.random(10 * n * max(4, int(math.log2(n))))
    path, length, used = rotated_path(links, first, draws)
    rng.bit_generator.state = before  # only what was used counts as drawn
    rng.random(used)
    return path if length == n else None
