# SPDX-License-Identifier: Apache-2.0
"""Parallel planes that meet only at the hosts, each a two-tier Clos or one switch.

References: NVIDIA Quantum-X800 Q3450-LD (144 ports of 800 Gb/s, each split over the box's four ASICs, so one box
serves four planes); scale-up domains, whose planes are one switch each: NVIDIA GB200 NVL72 (72 GPUs, each with one link
into each of 18 NVSwitch chips), HGX H100 (18 links of each GPU over four chips). Planes never exchange traffic. Nodes
are ordered hosts, then plane by plane leaves and spines.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from optinet.fabric import Fabric, NodeKind
from optinet.structure import Clos, Planes
from topologies.clos import clos_nodes, two_tier_links
from topologies.parameters import Count, Gbps, Meters, Parameters


class MultiplaneParameters(Parameters):
    """Parameters of `multiplane`."""

    planes: Count = Field(description="parallel planes")
    leaves: Count = Field(description="leaf switches in each plane")
    spines: Annotated[int, Field(ge=0)] = Field(
        description="spine switches in each plane; 0 where each plane is one leaf"
    )
    hosts_per_leaf: Count = Field(description="hosts below each leaf")
    links_per_pair: Count = Field(default=1, description="parallel links between each leaf and each spine of a plane")
    links_per_host: Count | tuple[Count, ...] = Field(
        default=1, description="parallel links of a host into each plane; one number, or one for each plane"
    )
    host_gbps: Gbps = Field(default=200.0, description="capacity of one such link per direction, Gb/s")
    uplink_gbps: Gbps = Field(default=200.0, description="capacity of a leaf-spine link per direction, Gb/s")
    host_length_m: Meters = Field(default=3.0, description="host to leaf, m")
    uplink_length_m: Meters = Field(default=50.0, description="leaf to spine, m")

    @model_validator(mode="after")
    def _planes_are_whole(self) -> Self:
        if self.leaves > 1 and not self.spines:
            msg = f"spines = 0, but only spines join {self.leaves} leaves; allowed: at least 1, or one leaf"
            raise ValueError(msg)
        if isinstance(self.links_per_host, tuple) and len(self.links_per_host) != self.planes:
            msg = f"links_per_host has {len(self.links_per_host)} entries; allowed: one number, or {self.planes}"
            raise ValueError(msg)
        return self


def multiplane(p: MultiplaneParameters) -> Fabric:
    """Several parallel planes, each a leaf-spine or one switch, that share the hosts."""
    hosts = p.leaves * p.hosts_per_leaf
    plane = Clos(hosts, (p.leaves, p.spines) if p.spines else (p.leaves,))
    per_plane = p.leaves + p.spines
    first = hosts + per_plane * np.arange(p.planes)
    copies = np.broadcast_to(p.links_per_host, p.planes)
    host = np.repeat(np.arange(hosts), copies.sum())
    plane_of = np.tile(np.repeat(np.arange(p.planes), copies), hosts)
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
        structure=Planes(p.planes, plane) if np.all(copies == copies[0]) else None,
    )
