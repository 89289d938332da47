# SPDX-License-Identifier: Apache-2.0
"""The paths between two endpoints and the exact share of their traffic on each.

Under most routings a node splits what goes to one target in the same way, wherever it comes from. The loads of one Gb/s
between the two then tell the paths: a path carries the product of the fractions at its nodes, the number of paths adds
up from the target backwards, and the largest are found best first, the best continuation of every node being known (A*
with an exact estimate; P. E. Hart, N. J. Nilsson, B. Raphael, "A Formal Basis for the Heuristic Determination of
Minimum Cost Paths", 1968). Under the other routings flows are hashed onto paths.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.fabric import Fabric
from optinet.routing import routing as routing_named
from optinet.routing import validated_options
from optinet.routing.flow_paths import flow_paths
from optinet.traffic.demand import Demand

MEMORYLESS = ("ecmp", "paths", "wcmp", "dor", "direct_transit")
"""Routings in which a node splits what goes to a target in one way, wherever it comes from."""
DRAWS = 1024  # flows hashed onto paths under the other routings; a share of 10 % is then good to a percent
_Found: TypeAlias = tuple[tuple[int, ...], float]  # the arcs of a path and its share
_LEAST = 1e-12  # share that is more than rounding
_DIGITS = 9  # of the logarithm of a share; paths alike in them are as large


@dataclass(frozen=True, eq=False)
class PairPaths:
    """The paths from one endpoint to another.

    Parameters
    ----------
    paths
        Arcs of the paths that carry most, the largest first.
    shares
        Part of the pair's traffic on each of them.
    n_paths
        How many paths there are; under a routing that is sampled, how many were met.
    arc_share
        shape (n_arcs,): part of the pair's traffic on each arc.
    is_exact
        Whether shares and number are exact, or those of `DRAWS` flows hashed onto paths.
    """

    paths: tuple[tuple[int, ...], ...]
    shares: tuple[float, ...]
    n_paths: int
    arc_share: NDArray[np.float64]
    is_exact: bool


def pair_paths(
    fabric: Fabric,
    source: int,
    target: int,
    routing: str = "ecmp",
    most: int = 32,
    arc_up: NDArray[np.bool_] | None = None,
    among: Demand | None = None,
    **options: Any,
) -> PairPaths:
    """Return the paths of the traffic from one endpoint to another.

    Parameters
    ----------
    fabric
        Any fabric.
    source, target
        Two different endpoint indices.
    routing
        One of `optinet.routing.names` but "best" and "optimal", which depend on all traffic together.
    most
        Paths listed, >= 1.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.
    among
        All traffic, which the split of direct_transit is made for; that of the pair alone when None.
    options
        Options of the routing.

    Raises
    ------
    SolverError
        For an unknown routing or option, or a pair without a path.
    """
    if routing not in MEMORYLESS:
        return _drawn(fabric, *flow_paths(fabric, [source], [target], routing, 0, DRAWS, arc_up, **options), most)
    n = fabric.n_endpoints
    alone = Demand.from_matrix(fabric, sparse.coo_array(([1.0], ([source], [target])), shape=(n, n)))
    joint = {"among": among} if routing == "direct_transit" else {}
    chosen = validated_options(routing, options)
    arc_share = routing_named(routing).loads(fabric, alone, arc_up, **joint, **chosen)
    ends = (int(fabric.endpoints[end]) for end in (source, target))
    found, n_paths = _largest(_Split.of(fabric, arc_share, *ends), most)
    return PairPaths(*_columns(found), n_paths, arc_share, is_exact=True)


def _drawn(fabric: Fabric, offsets: NDArray[np.int64], arcs: NDArray[np.int64], most: int) -> PairPaths:
    """Return the paths that flows were hashed onto, of those taken as often the shortest first."""
    drawn = Counter(tuple(arcs[first:last].tolist()) for first, last in itertools.pairwise(offsets.tolist()))
    ordered = sorted(drawn.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
    found = [(path, count / DRAWS) for path, count in ordered[:most]]
    arc_share = np.bincount(arcs, minlength=fabric.n_arcs) / DRAWS
    return PairPaths(*_columns(found), len(drawn), arc_share, is_exact=False)


def _columns(found: list[_Found]) -> tuple[tuple[tuple[int, ...], ...], tuple[float, ...]]:
    return tuple(path for path, _ in found), tuple(share for _, share in found)


@dataclass(frozen=True, eq=False)
class _Split:
    """What every node does with the traffic of one pair; `onward` holds arc, head and fraction, nodes in flow order."""

    source: int
    target: int
    onward: dict[int, list[tuple[int, int, float]]]

    @classmethod
    def of(cls, fabric: Fabric, arc_share: NDArray[np.float64], source: int, target: int) -> _Split:
        arcs = np.flatnonzero(arc_share > _LEAST)
        onward: dict[int, list[tuple[int, int, float]]] = {}
        entering: Counter[int] = Counter()
        columns = (arcs, fabric.arc_tail[arcs], fabric.arc_head[arcs], arc_share[arcs])
        for arc, tail, head, share in zip(*(column.tolist() for column in columns), strict=True):
            onward.setdefault(tail, []).append((arc, head, share))
            entering[head] += 1
        ordered, ready = {}, [source]
        while ready:
            node = ready.pop()
            leaving = onward.get(node, [])
            total = sum(share for *_, share in leaving)
            ordered[node] = [(arc, head, share / total) for arc, head, share in leaving]
            for _, head, _ in leaving:
                entering[head] -= 1
                if not entering[head]:
                    ready.append(head)
        return cls(source, target, ordered)


def _largest(split: _Split, most: int) -> tuple[list[_Found], int]:
    """Return the largest paths with their shares, and the number of all paths."""
    best, count = {split.target: 1.0}, {split.target: 1}
    for node in reversed(split.onward):
        if node != split.target:
            best[node] = max(fraction * best[head] for _, head, fraction in split.onward[node])
            count[node] = sum(count[head] for _, head, _ in split.onward[node])
    found: list[_Found] = []
    # what is left of paths as large is told by how far they are: the one that is nearly there goes first
    begun: list[tuple[float, int, tuple[int, ...], int, float]] = [(0.0, 0, (), split.source, 1.0)]
    while begun and len(found) < most:
        _, _, path, node, share = heapq.heappop(begun)
        if node == split.target:
            found.append((path, share))
            continue
        for arc, head, fraction in split.onward[node]:
            key = -round(math.log(share * fraction * best[head]), _DIGITS)
            heapq.heappush(begun, (key, -len(path) - 1, (*path, arc), head, share * fraction))
    return found, count[split.source]
