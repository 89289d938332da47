# SPDX-License-Identifier: Apache-2.0
"""Dimension-order routing on tori, plain and twisted.

A packet walks a shortest displacement vector axis by axis, in axis order. Where a pair has several shortest vectors
(distance k/2 on a plain ring, more on twisted tori) the tie rule decides: ``split`` shares equally over all of them,
``positive`` takes the one that is largest in axis order, so that plain rings send ties one way. The rule matters: the
worst case on an 8 x 8 torus is 2/7 with splitting and 1/4 one way.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.kernels.dor import count_vectors, dor_pairs
from optinet.routing.core_graph import Floats, Ints
from optinet.routing.path_codes import PathCodes
from optinet.routing.signatures import PathSignatures
from optinet.routing.symmetry import neighbors, over_translations
from optinet.routing.valiant import sample_pairs
from optinet.structure import Torus
from optinet.traffic.demand import Demand

Tie = Literal["split", "positive"]
_ALL_PAIRS = 4_000_000  # pairs walked one by one before path statistics turn to a sample


@dataclass(frozen=True, eq=False)
class MinimalVectors:
    """The shortest vectors of every displacement: those of d in rows ``offsets[d]`` to ``offsets[d + 1]``."""

    offsets: Ints
    vector: Ints


def torus_of(fabric: Fabric) -> Torus:
    """Return the fabric's torus structure; `SolverError` if it has none."""
    if not isinstance(fabric.structure, Torus):
        raise SolverError(
            Problem("routing", "dimension-order routing needs a torus", "ecmp or valiant on other fabrics")
        )
    return fabric.structure


@lru_cache(maxsize=16)
def minimal_vectors(torus: Torus, tie: Tie = "split") -> MinimalVectors:
    """Return the minimal vectors of every displacement of a torus.

    A displacement's vectors are its position plus integer combinations of the lattice generators
    ``dims[i] * e_i - twist[i]``; combinations of -2 to 2 hold the shortest for the twists optinet builds.
    """
    dims = np.array(torus.dims)
    n_nodes, n_axes = int(dims.prod()), len(dims)
    generator = np.diag(dims) - np.array(torus.twist)
    position = np.array(np.unravel_index(np.arange(n_nodes), torus.dims)).T
    if torus.is_twisted:
        shifts = np.array(list(itertools.product(range(-2, 3), repeat=n_axes))) @ generator
        candidates = position[:, None, :] + shifts[None]
        length = np.abs(candidates).sum(axis=2)
        node, choice = np.nonzero(length == length.min(axis=1, keepdims=True))
        vector = candidates[node, choice]
    else:
        forward = np.where(2 * position <= dims, position, position - dims)
        node, vector = np.arange(n_nodes), forward
        for axis in range(n_axes):
            tied = 2 * vector[:, axis] == dims[axis]
            other = vector[tied].copy()
            other[:, axis] *= -1
            node, vector = np.concatenate((node, node[tied])), np.concatenate((vector, other))
    order = np.lexsort((*(-vector.T[::-1]), node))
    node, vector = node[order], vector[order]
    if tie == "positive":
        _, first = np.unique(node, return_index=True)
        node, vector = node[first], vector[first]
    offsets = np.concatenate(([0], np.cumsum(np.bincount(node, minlength=n_nodes)))).astype(np.int64)
    return MinimalVectors(offsets, np.ascontiguousarray(vector, dtype=np.int64))


def loads(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None, tie: Tie = "split") -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
    torus = torus_of(fabric)
    up = _usable(fabric, arc_up)
    load = np.zeros(fabric.n_arcs)
    symmetric = demand.is_uniform and bool(up.all())
    for source, target, gbps in _pair_blocks(torus, demand, symmetric=symmetric):
        _walk(fabric, torus, source, target, gbps, up, tie, load)
    return over_translations(torus, np.arange(len(load)), load) if symmetric else load


def signatures(
    fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None, tie: Tie = "split", seed: int = 0
) -> PathSignatures:
    """Return how the traffic's paths are composed; beyond a few million pairs from a seeded sample of them."""
    torus = torus_of(fabric)
    up = _usable(fabric, arc_up)
    codes = PathCodes.of(fabric)
    method = "exact"
    blocks = _pair_blocks(torus, demand, symmetric=demand.is_uniform and bool(up.all()))
    if demand.is_rank_one and not demand.is_uniform and demand.n_endpoints**2 > _ALL_PAIRS:
        source, target = sample_pairs(demand, 200_000, np.random.default_rng(seed))
        blocks = iter([(source, target, np.ones(len(source)))])
        method = f"{len(source)} sampled packets"
    unused = np.zeros(fabric.n_arcs)
    parts = [_walk(fabric, torus, *block, up, tie, unused, codes) for block in blocks]
    code, mass, length = (np.concatenate(column) for column in zip(*parts, strict=True))
    return codes.decode(code, mass, mass * length, method)


def _usable(fabric: Fabric, arc_up: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    up: NDArray[np.bool_] = fabric.arc_capacity_gbps > 0
    return up if arc_up is None else up & arc_up


def _pair_blocks(torus: Torus, demand: Demand, *, symmetric: bool) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield (source, target, gbps) of all pairs, in blocks; one cell of sources when translations give the rest."""
    if demand.matrix is not None:
        entries = demand.matrix.tocoo()
        yield entries.coords[0].astype(np.int64), entries.coords[1].astype(np.int64), entries.data
        return
    assert demand.source_gbps is not None and demand.target_share is not None
    everyone = np.arange(demand.n_endpoints)
    for s in torus.cell_nodes() if symmetric else everyone:
        gbps = demand.source_gbps[s] * demand.target_share
        gbps[s] = 0.0
        yield np.full(demand.n_endpoints, s), everyone, gbps


def _walk(
    fabric: Fabric,
    torus: Torus,
    source: Ints,
    target: Ints,
    gbps: Floats,
    up: NDArray[np.bool_],
    tie: Tie,
    load: Floats,
    codes: PathCodes | None = None,
) -> tuple[Ints, Floats, Floats]:
    """Add the pairs' loads; return code, mass and length of each (pair, vector) when `codes` are given."""
    vectors = minimal_vectors(torus, tie)
    away = (gbps > 0) & (source != target)
    source, target, gbps = source[away], target[away], gbps[away]
    displacement = _displacement(torus, source, target)
    next_node, next_arc = neighbors(torus)
    entries = count_vectors(displacement, vectors.offsets) if codes is not None else 0
    code, length = np.zeros(entries, dtype=np.int64), np.zeros(entries)
    arc_code = codes.arc_code if codes is not None else np.zeros(0, dtype=np.int64)
    lost = dor_pairs(
        source,
        gbps,
        displacement,
        vectors.offsets,
        vectors.vector,
        next_node,
        next_arc,
        up,
        load,
        arc_code,
        fabric.arc_length_m,
        code,
        length,
    )
    if lost >= 0:
        a, b = (fabric.node_names[index[lost]] for index in (source, target))
        raise SolverError(
            Problem(
                "routing",
                f"the dimension-order path from {a!r} to {b!r} meets a failed link",
                "ecmp, which routes around failures",
            )
        )
    n_vectors = np.diff(vectors.offsets)[displacement]
    mass = np.repeat(gbps / n_vectors, n_vectors) if codes is not None else np.zeros(0)
    return code, mass, length


def _displacement(torus: Torus, source: Ints, target: Ints) -> Ints:
    """Return the node at target - source for every pair: subtract positions, then fold back into the torus."""
    dims, twist = np.array(torus.dims), np.array(torus.twist)
    position = np.array(np.unravel_index(np.arange(dims.prod()), torus.dims))
    difference = position[:, target] - position[:, source]
    if torus.is_twisted:
        # an axis that goes below 0 gains dims[i] by adding its generator, which shifts the others back by its twist
        for axis in range(len(dims)):
            difference -= np.outer(twist[axis], difference[axis] < 0)
    return np.ravel_multi_index(tuple(difference % dims[:, None]), torus.dims).astype(np.int64)
