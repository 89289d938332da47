# SPDX-License-Identifier: Apache-2.0
"""Hop-by-hop equal-cost multi-path: every node splits equally over the arcs that start a shortest path to the target.

Shortest is by the links' routing cost; parallel arcs count one each. The split is what switches do (and what NetGraph
calls equal split); it is not the equal split over whole paths. On a torus with uniform demand one cell of targets
stands for all, because every translation by a cell maps the fabric, the demand and this routing onto themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.fabric import Fabric
from optinet.kernels.ecmp import ecmp_loads
from optinet.kernels.signatures import path_signatures
from optinet.kernels.splits import split_loads
from optinet.routing.core_graph import CoreGraph, Floats, Ints, NodeDemand, sum_by
from optinet.routing.path_codes import PathCodes
from optinet.routing.signatures import PathSignatures
from optinet.routing.symmetry import over_translations
from optinet.routing.torus_holes import torus_load
from optinet.structure import Planes, Torus
from optinet.traffic.demand import Demand

# targets x arcs beyond which path statistics are taken over a sample of targets: about two seconds of work
_SIGNATURE_WORK = 4e8


def loads(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None) -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
    core = _core(fabric, demand, arc_up)
    core.require_attached(demand)
    targets, between = node_demand(core, demand)
    return to_fabric(core, demand, _node_loads(core, targets, between, symmetric_torus(core, demand)))


def _core(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None) -> CoreGraph:
    """Return the core graph, hosts with the same attachment merged where their arcs carry even shares.

    That is so for rank-one demands, and for any demand on intact planes that are all alike: every host splits evenly
    over its planes whatever the target, and traffic stays in its plane.
    """
    intact = bool(np.all(fabric.arc_capacity_gbps > 0)) and (arc_up is None or bool(np.all(arc_up)))
    alike = isinstance(fabric.structure, Planes) and intact and bool(np.all(fabric.link_cost == fabric.link_cost[0]))
    return CoreGraph.of(fabric, arc_up, merge=demand.is_rank_one or alike)


def node_demand(core: CoreGraph, demand: Demand) -> tuple[Ints, NodeDemand]:
    """Return the target nodes and the demand between core nodes."""
    none, no_entries = np.zeros(0), np.zeros(0, dtype=np.int64)
    if demand.matrix is None:
        assert demand.source_gbps is not None and demand.target_share is not None
        source, share = (core.by_node(core.by_group(v)) for v in (demand.source_gbps, demand.target_share))
        return np.flatnonzero(share), (no_entries, no_entries, none, source, share)
    row, column = (core.group_node[core.group_of[index]] for index in demand.pairs)
    away = row != column
    by_node = sparse.csc_array(
        (demand.matrix.data[away], (row[away], column[away])), shape=(core.n_nodes, core.n_nodes)
    )
    offsets = by_node.indptr.astype(np.int64)
    return np.flatnonzero(np.diff(offsets)), (offsets, by_node.indices.astype(np.int64), by_node.data, none, none)


def rank_one_load(core: CoreGraph, source: Floats, share: Floats, torus: Torus | None) -> Floats:
    """Return the load on the core arcs of traffic ``source[s] * share[t]`` between core nodes; shape (n_core_arcs,).

    `torus` is the fabric's structure if its translations map fabric, failures and this demand onto themselves.
    """
    none, no_entries = np.zeros(0), np.zeros(0, dtype=np.int64)
    return _node_loads(core, np.flatnonzero(share), (no_entries, no_entries, none, source, share), torus)


def _node_loads(core: CoreGraph, targets: Ints, between: NodeDemand, torus: Torus | None) -> Floats:
    if torus is None and (found := torus_load(core, between)) is not None:
        core.require_paths(found[1])
        return found[0]
    load = np.zeros(len(core.head))
    core.require_paths(equal_split(core, torus.cell_nodes() if torus else targets, between, load))
    return over_translations(torus, core.fabric_arc, load) if torus else load


def equal_split(core: CoreGraph, targets: Ints, between: NodeDemand, load: Floats) -> tuple[int, int]:
    """Add to `load`, shape (n_core_arcs,), the traffic to some nodes; return two nodes without a path, or (-1, -1)."""
    forwards, out_offsets, head, in_offsets, in_tail, *_ = core.graph
    if core.unit_cost:
        return ecmp_loads(targets, *between, forwards, out_offsets, head, in_offsets, in_tail, load)
    none = np.zeros(0)
    return split_loads(targets, *between, *core.graph, none, none, 1.0, load)


def symmetric_torus(core: CoreGraph, demand: Demand) -> Torus | None:
    """Return the torus, if any, whose translations map fabric, failures and demand onto themselves."""
    torus, whole = core.fabric.structure, len(core.head) == core.fabric.n_arcs
    return torus if isinstance(torus, Torus) and whole and core.unit_cost and demand.is_uniform else None


def to_fabric(core: CoreGraph, demand: Demand, load: Floats) -> Floats:
    """Spread core loads over the fabric's arcs, adding those between hosts and where they join the core graph."""
    result = np.zeros(core.fabric.n_arcs)
    result[core.fabric_arc] = load
    for (arc, endpoint, n_alike), gbps in zip(core.host_hops, (demand.out_gbps, demand.in_gbps), strict=True):
        result[arc] = gbps[endpoint] / n_alike
    if not core.merged.any():
        return result
    local_out, local_in = local_traffic(core, demand)
    for group in np.flatnonzero(core.merged):
        attachment = core.attachments[group]
        assert attachment is not None
        members, up, down = attachment.members, attachment.up, attachment.down
        out, into = demand.out_gbps[members], demand.in_gbps[members]
        # members carry their share of what the merged node carries; traffic among members goes over all arcs alike
        among, back = local_out[members], local_in[members]
        result[up] = _share(out - among)[:, None] * result[up[0]] + (among / up.shape[1])[:, None]
        result[down] = _share(into - back)[:, None] * result[down[0]] + (back / down.shape[1])[:, None]
    return result


def local_traffic(core: CoreGraph, demand: Demand) -> tuple[Floats, Floats]:
    """Return what each endpoint sends to and receives from others of its own group; shapes (n_endpoints,)."""
    group = core.group_of
    if demand.matrix is not None:
        row, column = demand.pairs
        local = group[row] == group[column]
        gbps, n = demand.matrix.data[local], demand.n_endpoints
        return sum_by(row[local], gbps, n), sum_by(column[local], gbps, n)
    assert demand.source_gbps is not None and demand.target_share is not None
    source, share = demand.source_gbps, demand.target_share
    return source * (core.by_group(share)[group] - share), share * (core.by_group(source)[group] - source)


def signatures(
    fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None, seed: int = 0
) -> PathSignatures:
    """Return how the traffic's paths are composed; targets are sampled (seeded) where all would take too long."""
    core = _core(fabric, demand, arc_up)
    core.require_attached(demand)
    codes = PathCodes.of(fabric)
    up_code, up_length = codes.of_attachments(core, "up")
    down_code, down_length = codes.of_attachments(core, "down")
    targets, method = _targets(core, demand, seed)
    none = np.zeros(0)
    code, mass, length = path_signatures(
        targets, *_group_demand(core, demand), core.group_node, up_code, up_length, down_code, down_length,
        *core.graph, none, none, 1.0, codes.arc_code[core.fabric_arc], fabric.arc_length_m[core.fabric_arc],
    )  # fmt: skip
    if core.merged.any():
        code, mass, length = _with_local(core, demand, codes, code, mass, length)
    return codes.decode(code, mass, length, method)


def _targets(core: CoreGraph, demand: Demand, seed: int) -> tuple[NDArray[np.int64], str]:
    if torus := symmetric_torus(core, demand):
        return torus.cell_nodes(), "exact"
    candidates = np.flatnonzero(core.by_group(demand.in_gbps) > 0)
    affordable = max(64, int(_SIGNATURE_WORK / max(1, len(core.head))))
    if len(candidates) <= affordable or not demand.is_rank_one:
        return candidates, "exact"
    chosen = np.sort(np.random.default_rng(seed).choice(candidates, affordable, replace=False))
    return chosen, f"all sources to {affordable} of {len(candidates)} sampled targets"


def _group_demand(
    core: CoreGraph, demand: Demand
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats, Floats, Floats]:
    none = np.zeros(0, dtype=np.int64)
    if demand.is_rank_one:
        assert demand.source_gbps is not None and demand.target_share is not None
        source, share = core.by_group(demand.source_gbps), core.by_group(demand.target_share)
        own = core.by_group(demand.source_gbps * demand.target_share)
        # traffic within a merged node has no path in the core graph: `_with_local` adds it
        return none, none, np.zeros(0), source, share, np.where(core.merged, source * share, own)
    by_group = core.group_matrix(demand).tocoo()
    row, column = by_group.coords
    kept = (row != column) | ~core.merged[row]
    matrix = sparse.csc_array((by_group.data[kept], (row[kept], column[kept])), shape=by_group.shape)
    zeros = np.zeros(core.n_groups)
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data, zeros, zeros, zeros


def _with_local(
    core: CoreGraph, demand: Demand, codes: PathCodes, code: NDArray[np.int64], mass: Floats, length: Floats
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Add the traffic within merged nodes: up any arc, down its counterpart to the other member."""
    local = np.where(core.merged, core.by_group(local_traffic(core, demand)[0]), 0.0)
    # of the rest there may be only a sample of targets: give it the weight of all
    scale = (demand.total_gbps - local.sum()) / mass.sum() if len(mass) else 0.0
    parts = [(code, mass * scale, length * scale)]
    for group in np.flatnonzero(local):
        attachment = core.attachments[group]
        assert attachment is not None
        up, down = attachment.up[0], attachment.down[0]
        gbps = np.full(len(up), local[group] / len(up))
        hop_code, meters = codes.arc_code[up] + codes.arc_code[down], codes.length_m[up] + codes.length_m[down]
        parts.append((hop_code, gbps, gbps * meters))
    codes_of, masses, lengths = zip(*parts, strict=True)
    return np.concatenate(codes_of), np.concatenate(masses), np.concatenate(lengths)


def _share(part: Floats) -> Floats:
    total = part.sum()
    return part / total if total > 0 else part
