# SPDX-License-Identifier: Apache-2.0
"""Halves of the endpoints of a fabric with few links cut: a heuristic for any size, an exact search for small ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.fabric import Fabric, NodeKind
from optinet.kernels.partition import refine

Ints = NDArray[np.int64]

_RANDOM_STARTS = 8
_PASSES = 20


def links_cut(fabric: Fabric, side: NDArray[np.bool_]) -> int:
    """Return how many links in use have their ends on different sides."""
    crosses = side[fabric.arc_tail[::2]] != side[fabric.arc_head[::2]]
    return int(np.count_nonzero(crosses & in_use(fabric)))


def in_use(fabric: Fabric) -> NDArray[np.bool_]:
    """Return which links have capacity in some direction; shape (n_links,)."""
    used: NDArray[np.bool_] = (fabric.arc_capacity_gbps[::2] > 0) | (fabric.arc_capacity_gbps[1::2] > 0)
    return used


@dataclass(frozen=True, eq=False)
class Halving:
    """The graph that is halved, without the endpoints that hang on one link: they are counted where they hang.

    Parameters
    ----------
    fabric
        Where it comes from.
    node
        shape (n_nodes,): the fabric's node of each node here.
    weight, loose
        shape (n_nodes,): endpoints at each node, and those of them that hang there, each on one link.
    hangs_on
        shape (n_fabric_nodes,): the node here that each fabric node is or hangs on.
    links
        shape (n_nodes, n_nodes), symmetric: parallel links.
    """

    fabric: Fabric
    node: Ints
    weight: Ints
    loose: Ints
    hangs_on: Ints
    links: sparse.csr_array

    @classmethod
    def of(cls, fabric: Fabric) -> Halving:
        """Return the graph of a fabric's links in use."""
        used = in_use(fabric)
        tail, head = fabric.arc_tail[::2][used], fabric.arc_head[::2][used]
        n = fabric.n_nodes
        degree = np.bincount(tail, minlength=n) + np.bincount(head, minlength=n)
        endpoint = fabric.node_kind != NodeKind.SWITCH
        hangs = np.zeros(n, dtype=bool)
        holder = np.arange(n)
        for near, far in ((tail, head), (head, tail)):
            end = endpoint[near] & (degree[near] == 1) & (degree[far] > 1)
            hangs[near[end]] = True
            holder[near[end]] = far[end]
        node = np.flatnonzero(~hangs)
        place = np.cumsum(~hangs) - 1
        hangs_on = place[holder]
        loose = np.bincount(hangs_on[hangs], minlength=len(node))
        weight = loose + endpoint[node]
        inner = ~hangs[tail] & ~hangs[head]
        ends = (place[tail[inner]], place[head[inner]])
        links = sparse.coo_array((np.ones(int(inner.sum()), dtype=np.int64), ends), shape=(len(node),) * 2)
        return cls(fabric, node, weight, loose, hangs_on, sparse.csr_array(links + links.T))

    @property
    def n_nodes(self) -> int:
        """Nodes of the graph."""
        return len(self.weight)

    def best_side(self) -> NDArray[np.bool_]:
        """Return the best halving found from the order of the nodes, eigenvectors and random orders."""
        rng = np.random.default_rng(0)
        orders = [np.arange(self.n_nodes), *self._spectral_orders()]
        orders += [rng.permutation(self.n_nodes) for _ in range(_RANDOM_STARTS)]
        best, least = np.zeros(self.fabric.n_nodes, dtype=bool), -1
        indptr, indices = self.links.indptr.astype(np.int64), self.links.indices.astype(np.int64)
        for order in orders:
            side = np.zeros(self.n_nodes, dtype=np.int64)
            side[order] = 2 * np.cumsum(self.weight[order]) > self.weight.sum()
            refine(side, self.weight, self.loose, indptr, indices, self.links.data, _PASSES)
            whole = self._whole(side.astype(bool))
            cut = links_cut(self.fabric, whole)
            if least < 0 or cut < least:
                best, least = whole, cut
        return best

    def search(self, lower: int, time_budget_s: float) -> tuple[int, NDArray[np.bool_]]:
        """Return a proven lower bound and the best halving found by integer programming.

        Variables: the side of each node, whether each bundle of links is cut, and how many loose endpoints of each
        node are on side 1; those on the other side than their node are cut off one by one.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp  # slow to load

        n, pairs = self.n_nodes, sparse.triu(self.links).tocoo()
        a, b = pairs.coords
        m = len(pairs.data)
        x, y, k, c = 0, n, n + m, 2 * n + m  # first variable of each kind
        one = sparse.identity(n, format="csr")
        cut = sparse.identity(m, format="csr")
        differ = sparse.csr_array((np.ones(m), (np.arange(m), a)), shape=(m, n))
        differ = differ - sparse.csr_array((np.ones(m), (np.arange(m), b)), shape=(m, n))
        loose = sparse.diags_array(self.loose.astype(float), format="csr")
        fixed = sparse.csr_array((self.weight - self.loose).astype(float)[None])
        wide = sparse.csr_array(pairs.data[None].astype(float))
        each = sparse.csr_array(np.ones((1, n)))
        blocks: list[list[Any]] = [
            [-differ, cut, None, None],
            [differ, cut, None, None],
            [loose, None, -one, one],
            [-loose, None, one, one],
            [fixed, None, each, None],
            [None, wide, None, each],
        ]
        rows = sparse.block_array(blocks, format="csr")
        half = int(self.weight.sum()) // 2
        low = np.concatenate((np.zeros(2 * m + 2 * n), [half, lower]))
        high = np.concatenate((np.full(2 * m + 2 * n, np.inf), [half, np.inf]))
        objective = np.concatenate((np.zeros(n), pairs.data, np.zeros(n), np.ones(n)))
        top = np.concatenate((np.ones(n + m), self.loose, self.loose)).astype(float)
        whole = np.repeat([1, 0, 1, 0], [n, m, n, n])
        answer = milp(
            objective,
            constraints=LinearConstraint(rows, low, high),
            bounds=Bounds(0, top),
            integrality=whole,
            options={"time_limit": time_budget_s},
        )
        proven = lower if answer.mip_dual_bound is None else max(lower, math.ceil(answer.mip_dual_bound - 1e-6))
        if answer.x is None:
            return proven, self.best_side()
        side = answer.x[x:y] > 0.5
        return proven, self._whole(side, np.rint(answer.x[k:c]).astype(np.int64))

    def _spectral_orders(self) -> list[Ints]:
        if self.n_nodes < 4 or self.n_nodes > 1500:
            return []
        dense = self.links.toarray().astype(float)
        _, vectors = np.linalg.eigh(np.diag(dense.sum(axis=1)) - dense)
        return [np.argsort(vectors[:, i], kind="stable") for i in range(1, 4)]

    def _whole(self, side: NDArray[np.bool_], ones: Ints | None = None) -> NDArray[np.bool_]:
        """Return the sides of all nodes of the fabric; `ones` of those that hang on a node are on side 1.

        Whatever is left uneven is mended by moving endpoints, those that hang first.
        """
        fabric = self.fabric
        result = side[self.hangs_on]
        hanging = np.setdiff1d(np.arange(fabric.n_nodes), self.node)
        if ones is not None:
            for place in np.flatnonzero(self.loose):
                mine = hanging[self.hangs_on[hanging] == place]
                result[mine] = np.arange(len(mine)) < ones[place]
        held = int(result[fabric.endpoints].sum())
        half = fabric.n_endpoints // 2
        heavy = held > fabric.n_endpoints - half
        excess = held - (fabric.n_endpoints - half) if heavy else half - held
        able = np.concatenate((hanging, np.setdiff1d(fabric.endpoints, hanging)))
        able = able[result[able] == heavy]
        result[able[: max(0, excess)]] = not heavy
        return result
