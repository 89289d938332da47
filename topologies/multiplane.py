# SPDX-License-Identifier: Apache-2.0
"""Parallel planes of a two-tier Clos that meet only at the hosts, as in Quantum-X800 Photonics fabrics.

Reference: NVIDIA Quantum-X800 Q3450-LD (144 ports of 800 Gb/s, each split over the box's four ASICs, so one box
serves four planes). Every host has one link into every plane; planes never exchange traffic. Nodes are ordered hosts,
then plane by plane leaves and spines.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from optinet.fabric import Fabric, NodeKind
from optinet.structure import Clos, Planes
from topologies.clos import clos_nodes, two_tier_links
from topologies.parameters import Count, Gbps, Meters, Parameters


class MultiplaneParameters(Parameters):
    """Parameters of `multiplane`."""

    planes: Count = Field(description="parallel planes")
    leaves: Count = Field(description="leaf switches in each plane")
    spines: Count = Field(description="spine switches in each plane")
    hosts_per_leaf: Count = Field(description="hosts below each leaf")
    links_per_pair: Count = Field(default=1, description="parallel links between each leaf and each spine of a plane")
    host_gbps: Gbps = Field(default=200.0, description="capacity of a host's link into one plane per direction, Gb/s")
    uplink_gbps: Gbps = Field(default=200.0, description="capacity of a leaf-spine link per direction, Gb/s")
    host_length_m: Meters = Field(default=3.0, description="host to leaf, m")
    uplink_length_m: Meters = Field(default=50.0, description="leaf to spine, m")


def multiplane(p: MultiplaneParameters) -> Fabric:
    """Several parallel leaf-spine planes that share the hosts."""
    hosts = p.leaves * p.hosts_per_leaf
    plane = Clos(hosts, (p.leaves, p.spines))
    per_plane = p.leaves + p.spines
    first = hosts + per_plane * np.arange(p.planes)
    host, plane_of = np.divmod(np.arange(hosts * p.planes), p.planes)
    host_links = np.column_stack((host, first[plane_of] + host // p.hosts_per_leaf))
    uplinks = (two_tier_links(p.leaves, p.spines, p.links_per_pair)[None] + first[:, None, None]).reshape(-1, 2)
    tier, _, labels = clos_nodes(plane)
    sizes = [len(host_links), len(uplinks)]
    return Fabric.from_links(
        np.repeat([NodeKind.HOST, NodeKind.SWITCH], [hosts, per_plane * p.planes]),
        np.concatenate((host_links, uplinks)),
        capacity_gbps=np.repeat([p.host_gbps, p.uplink_gbps], sizes),
        length_m=np.repeat([p.host_length_m, p.uplink_length_m], sizes),
        link_class=np.repeat([0, 1], sizes),
        link_class_names=("host-leaf", "leaf-spine"),
        node_tier=np.concatenate((np.zeros(hosts, dtype=np.int64), np.tile(tier, p.planes))),
        node_group=np.concatenate((np.full(hosts, -1), np.repeat(np.arange(p.planes), per_plane))),
        node_names=[f"host{i}" for i in range(hosts)]
        + [f"plane{q}.{label}" for q in range(p.planes) for label in labels],
        structure=Planes(p.planes, plane),
    )
