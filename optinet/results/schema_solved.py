# SPDX-License-Identifier: Apache-2.0
"""Groups of a run file: what was asked, the fabric, and how its traffic flows."""

from __future__ import annotations

from optinet.results.column import Column, flag, real, text, whole

NODE_KINDS = ("host", "chip", "switch")

GROUPS: dict[str, dict[str, Column]] = {
    "scenario": {
        "toml": text("the resolved scenario, every default filled in, as a scenario file"),
        "json": text("the same as JSON"),
    },
    "nodes": {
        "kind": flag("what the node is; hosts and chips are endpoints", "node", flags=NODE_KINDS),
        "tier": whole("0 for hosts and chips, 1 for leaves, and up", "node"),
        "group": whole("pod, block or cube the node belongs to; -1 for none", "node"),
        "name": text("name of the node", "node"),
    },
    "links": {
        "tail": whole("node the even arc of the link leaves", "link"),
        "head": whole("node the even arc of the link leads to", "link"),
        "link_class": whole("row of link_classes", "link"),
        "length_m": real("length from end to end", "link"),
        "cost": real("routing metric", "link"),
    },
    "link_classes": {
        "name": text("name of the link class: links of one class are built alike", "name"),
        "n_links": whole("links of the class", "name"),
    },
    "arcs": {
        "capacity_gbps": real("capacity; arcs 2 i and 2 i + 1 are the two directions of link i", "arc"),
        "load_gbps": real("load when the whole demand is routed", "arc"),
        "utilization": real("load over capacity, 0 where the capacity is 0", "arc"),
    },
    "structure": {"json": text("what the builder knows of the fabric beyond the graph, as JSON; {} for nothing")},
    "plant": {
        "n_ocs": whole("optical circuit switches in one copy of the plant"),
        "ports_needed": whole("ports taken by the fiber ends plugged into the fullest of them"),
        "ports_per_end": whole("ports a fiber end takes: 1 bidirectional, 2 duplex"),
        "end_ocs": whole("optical circuit switch the fiber end is plugged into", "end"),
        "end_port": whole("port the fiber end is plugged into, the first of several", "end"),
        "end_node": whole("node at the far end of the fiber", "end"),
        "end_gbps": real("rate per direction of the transceiver at the far end of the fiber", "end"),
        "end_leg_m": real("length of the fiber", "end"),
        "circuit_ends": whole("the two fiber ends the circuit joins", "circuit", "side"),
        "circuit_link": whole("link the circuit makes", "circuit"),
    },
    "failed": {
        "link_up": flag("whether the link works; the failed parts by name are in the scenario", "link"),
        "node_up": flag("whether the node works", "node"),
        "endpoint_served": flag(
            "whether the host or chip, in the order of the nodes, works and reaches most others", "endpoint"
        ),
    },
    "routing": {
        "name": text("routing that was tried", "name"),
        "throughput": real("largest common scale factor of the demand that fits", "name"),
        "used": flag("whether loads and paths are of this routing", "name"),
    },
    "optimum": {
        "lower": real("throughput of a flow that fits: no routing needs to carry less"),
        "upper": real("throughput that no routing exceeds"),
        "gap_fraction": real("distance of the two over the lower"),
        "method": text("how they were found: 'symmetric' and 'lp' are exact, 'fptas' closes in on it"),
        "note": text("why the gap is larger than asked for, or why a method gave way to another"),
        "limit": text("where the limit is"),
        "link_class": text("name of the link class", "link_class"),
        "share_fraction": real(
            "share in the upper bound: what 1 % more capacity of the class adds at most, in %", "link_class"
        ),
        "deciding_arcs": whole("arcs of the class that decide the upper bound", "link_class"),
        "saturated_arcs": whole("arcs of the class that the flow fills", "link_class"),
        "best_link": whole("link beside which one more of the class could add most; -1 where none adds", "link_class"),
        "one_more_link": real("the most that it adds to the throughput", "link_class"),
        "arc_share_fraction": real("share of each arc in the upper bound", "arc"),
    },
    "paths": {
        "hops": whole("hops of each kind on the paths of a signature", "signature", "kind"),
        "length_m": real("mean length of the paths of a signature", "signature"),
        "weight": real("share of the traffic that takes paths of a signature", "signature"),
        "kind_link_class": whole("row of link_classes of the hops of a kind", "kind"),
        "kind_head_tier": whole("tier of the nodes that hops of a kind lead to", "kind"),
        "kind_head": flag("kind of the nodes that hops of a kind lead to", "kind", flags=NODE_KINDS),
        "method": text("'exact', or how the paths were sampled"),
    },
    "collective": {
        "operation": text("collective operation whose traffic the demand is"),
        "algorithm": text("how it is done; all traffic together, at line rate, is the demand"),
        "routing": text("routing of its slowest step"),
        "n_groups": whole("groups of ranks, all at once"),
        "n_ranks": whole("ranks of a group"),
        "size_gbit": real("full buffer of a rank, as nccl-tests counts it"),
        "bound_s": real("bandwidth bound that no algorithm beats"),
        "bound_reason": text("what the bound comes from"),
        "step_us": real("time that the library takes for a step"),
        "phase": text("what the steps of a phase do", "phase"),
        "n_steps": whole("steps of the phase, alike and one after another", "phase"),
        "alpha_s": real("start-up time of a step: library and latency of its longest path", "phase"),
        "transfer_s": real("time that the bits of a step take on the busiest arc", "phase"),
        "busiest": text("link class of that arc", "phase"),
        "tried": text("algorithm that was tried; those that could not win are left out", "tried"),
        "tried_s": real("time it takes", "tried"),
    },
    "replay": {
        "routing": text("routing whose hash chose the path of every flow"),
        "n_flows": whole("flows on links"),
        "makespan_s": real("when the last flow has ended"),
        "computing_s": real("computing of the endpoint that has most of it"),
        "percentile": real("share of the flows that took no longer, %", "percentile"),
        "completion_s": real("time from a flow's begin to its end", "percentile"),
        "by_library": flag("whether each flow takes the time of a step of the library"),
        "listed_s": real("time of a flow besides its bits and its way through fiber, as above"),
        "startup_s": real("other such times replayed, between which the rest is read off straight lines", "startup_s"),
        "startup_makespan_s": real("when the last flow has ended then", "startup_s"),
        "startup_completion_s": real("time from a flow's begin to its end then", "startup_s", "percentile"),
    },
}
