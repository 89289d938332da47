# SPDX-License-Identifier: Apache-2.0
"""NetGraph (ngraph): the largest scale of a demand that it places in full, one demand after the other."""

from __future__ import annotations

import numpy as np

from experiments.benchmarks.measure import Work
from experiments.benchmarks.peers.ngraph_loads import NAME, version

__all__ = ["NAME", "supported", "version"]

_PRESET = "TE_WCMP_UNLIM"
"""Its traffic engineering without a limit on paths: each demand over whatever capacity those before it left."""
_PROBES = 10


def supported(
    topology: str, parameters: dict[str, object], workload: dict[str, object], failed_fraction: float
) -> Work:
    """Return the work: bisect for the scale, by placing the whole demand anew at each probe.

    Parameters
    ----------
    topology, parameters, workload
        As `experiments.benchmarks.inputs.demanded` takes them.
    failed_fraction
        Links between switches that are left out.
    """
    from netgraph_core import FlowGraph
    from ngraph import Link, Network, Node
    from ngraph.analysis import build_demand_placement_inputs, place_demands

    from experiments.benchmarks.inputs import demanded, failed

    fabric, demand = demanded(topology, parameters, workload)
    up = np.ones(fabric.n_links, dtype=bool)
    up[failed(fabric, failed_fraction)] = False
    network = Network()
    for node in range(fabric.n_nodes):
        network.add_node(Node(f"n{node}"))
    for link in np.flatnonzero(up):
        ends = fabric.arc_tail[2 * link], fabric.arc_head[2 * link]
        network.add_link(Link(f"n{ends[0]}", f"n{ends[1]}", capacity=float(fabric.arc_capacity_gbps[2 * link]), cost=1))
    pairs = demand.matrix.tocoo()
    ends = fabric.endpoints
    demands = [
        {
            "source": f"^n{ends[a]}$",
            "target": f"^n{ends[b]}$",
            "volume": float(gbps),
            "mode": "pairwise",
            "flow_policy": _PRESET,
        }
        for a, b, gbps in zip(*pairs.coords, pairs.data, strict=True)
    ]

    def work() -> np.ndarray:
        context, expansion, ids = build_demand_placement_inputs(network, demands)
        nodes, edges = context.build_node_mask(set()), context.build_edge_mask(set())
        volumes = np.array([one.volume for one in expansion.demands])

        def fits(scale: float) -> bool:
            flows = FlowGraph(context.multidigraph)
            placed = place_demands(
                expansion.demands, (scale * volumes).tolist(), flows, context, nodes, edges, resolved_ids=ids
            )
            return bool(placed.summary.total_placed >= (1.0 - 1e-6) * scale * volumes.sum())

        # the demand as it is may fit: the hosts' own links allow no more
        low, high = (1.0, 1.0) if fits(1.0) else (0.0, 1.0)
        for _ in range(_PROBES):
            middle = (low + high) / 2.0
            low, high = (middle, high) if fits(middle) else (low, middle)
        return np.array([low])

    return work
