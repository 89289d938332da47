# SPDX-License-Identifier: Apache-2.0
"""Valiant load balancing: every packet goes to a random intermediate first, then to its target, by ECMP on both legs.

Reference: L. G. Valiant, "A Scheme for Fast Parallel Communication", SIAM J. Computing 11 (1982). Intermediates are
the chips or the switches hosts are attached to, each equally likely, source and target included; traffic between
hosts attached alike stays at their switch. Loads depend on what each endpoint sends and receives alone, so any demand
costs two rank-one solves. On a full mesh of n equal nodes a permutation gets n / (2 (n - 1)) of its capacity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.kernels.signatures import sample_walks
from optinet.routing import ecmp
from optinet.routing.core_graph import CoreGraph, Floats, Ints, sum_by
from optinet.routing.path_codes import PathCodes
from optinet.routing.signatures import PathSignatures
from optinet.traffic.demand import Demand

N_SAMPLES = 200_000


def loads(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None) -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
    core = CoreGraph.of(fabric, arc_up, merge=True)
    core.require_attached(demand)
    out, into = _leaving(core, demand)
    via = np.zeros(core.n_nodes)
    via[intermediates(core)] = 1.0 / len(intermediates(core))
    # both legs are uniform on a torus when every endpoint sends and receives alike, whatever the demand between them
    alike = bool(np.ptp(out) <= 1e-12 * out.max(initial=0)) and bool(np.ptp(into) <= 1e-12 * into.max(initial=0))
    torus = ecmp.symmetric_torus(core, Demand.uniform(fabric)) if alike else None
    load = ecmp.rank_one_load(core, out, via, torus) + ecmp.rank_one_load(core, via, into, torus)
    return ecmp.to_fabric(core, demand, load)


def intermediates(core: CoreGraph) -> NDArray[np.int64]:
    """Return the core nodes traffic may turn at: chips, and switches with hosts."""
    turning = np.zeros(core.n_nodes, dtype=bool)
    at = core.group_node[core.group_node >= 0]
    turning[at[core.forwards[at]]] = True
    off = ~core.forwards
    for node in np.flatnonzero(off):
        turning[core.head[core.out_offsets[node] : core.out_offsets[node + 1]]] = True
    found = np.flatnonzero(turning & core.forwards)
    if not len(found):
        raise SolverError(
            Problem("routing", "valiant has no chip or switch to turn at", "a fabric with forwarding nodes")
        )
    return found


def _leaving(core: CoreGraph, demand: Demand) -> tuple[Floats, Floats]:
    """Return what leaves and enters each core node, traffic within one node excluded; shapes (n_core,)."""
    if demand.is_rank_one:
        assert demand.source_gbps is not None and demand.target_share is not None
        source, share = (core.by_node(core.by_group(vector)) for vector in (demand.source_gbps, demand.target_share))
        return source * (share.sum() - share), share * (source.sum() - source)
    by_group = core.group_matrix(demand).tocoo()
    row, column = (core.group_node[index] for index in by_group.coords)
    away = row != column
    gbps, n = by_group.data[away], core.n_nodes
    return sum_by(row[away], gbps, n), sum_by(column[away], gbps, n)


def signatures(
    fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None, seed: int = 0
) -> PathSignatures:
    """Return how the traffic's paths are composed, from seeded sampled packets."""
    core = CoreGraph.of(fabric, arc_up, merge=True)
    core.require_attached(demand)
    codes = PathCodes.of(fabric)
    rng = np.random.default_rng(seed)
    source, target = (core.group_of[endpoint] for endpoint in sample_pairs(demand, N_SAMPLES, rng))
    start, end = core.group_node[source], core.group_node[target]
    via = rng.choice(intermediates(core), len(start))
    via = np.where(start == end, end, via)
    up_code, up_length = codes.of_attachments(core, "up")
    down_code, down_length = codes.of_attachments(core, "down")
    code, length = up_code[source] + down_code[target], up_length[source] + down_length[target]
    _add_local(core, codes, source[start == end], code, length, np.flatnonzero(start == end), rng)
    arcs = codes.arc_code[core.fabric_arc], fabric.arc_length_m[core.fabric_arc]
    for leg, (a, b) in enumerate(((start, via), (via, end))):
        order = np.argsort(b, kind="stable")
        leg_code, leg_length = np.zeros(len(a), dtype=np.int64), np.zeros(len(a))
        lost = sample_walks(seed + leg, a[order], b[order], *core.graph, *arcs, leg_code, leg_length)
        if lost >= 0:
            core.require_paths((int(a[order][lost]), int(b[order][lost])))
        code[order] += leg_code
        length[order] += leg_length
    return codes.decode(code, np.ones(len(code)), length, f"{len(code)} sampled packets")


def _add_local(
    core: CoreGraph, codes: PathCodes, group: Ints, code: Ints, length: Floats, packet: Ints, rng: np.random.Generator
) -> None:
    """Give packets between members of a merged node their two hops: up any arc and down its counterpart."""
    for each in np.unique(group[core.merged[group]]):
        attachment = core.attachments[each]
        assert attachment is not None
        mine = packet[group == each]
        way = rng.integers(attachment.up.shape[1], size=len(mine))
        for arcs in (attachment.up[0], attachment.down[0]):
            code[mine] += codes.arc_code[arcs[way]]
            length[mine] += codes.length_m[arcs[way]]


def sample_pairs(demand: Demand, n: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw endpoint pairs in proportion to the demand between them."""
    if demand.total_gbps <= 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if demand.matrix is not None:
        entries = demand.matrix.tocoo()
        drawn = _draw(entries.data, n, rng)
        return entries.coords[0][drawn].astype(np.int64), entries.coords[1][drawn].astype(np.int64)
    assert demand.source_gbps is not None and demand.target_share is not None
    source, target = _draw(demand.source_gbps, 2 * n, rng), _draw(demand.target_share, 2 * n, rng)
    keep = np.flatnonzero(source != target)[:n]
    return source[keep], target[keep]


def _draw(weight: Floats, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    cumulative = np.cumsum(weight)
    return np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right").astype(np.int64)
