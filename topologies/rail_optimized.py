# SPDX-License-Identifier: Apache-2.0
"""Rail-optimized Clos: GPU r of every server of a segment has its own leaf, in one plane or several.

References: K. Qian et al., "Alibaba HPN: A Data Center Network for Large Language Model Training", SIGCOMM 2024 (two
planes: each NIC has a port into each); NVIDIA, "DGX SuperPOD: Reference Architecture" (one plane). A leaf of HPN is its
ToR, a spine its aggregation switch. Links between the GPUs of one server are not part of the fabric.

Nodes are ordered hosts (segment by segment, server by server, then GPU), then plane by plane leaves (segment by
segment, then rail), spines (pod by pod) and cores.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from optinet.fabric import Fabric, NodeKind
from topologies.clos import two_tier_links
from topologies.parameters import Count, Gbps, Meters, Parameters


class RailOptimizedParameters(Parameters):
    """Parameters of `rail_optimized`."""

    gpus_per_server: Count = Field(description="GPUs of a server, each a host on a rail of its own")
    servers_per_segment: Count = Field(description="servers that share the leaves of a segment")
    segments: Count = Field(description="segments in a pod, each with one leaf for every rail and plane")
    spines: Count = Field(description="spine switches in each plane of a pod, joined to all its leaves")
    planes: Count = Field(default=1, description="parallel planes; every host has one link into each")
    links_per_pair: Count = Field(default=1, description="parallel links between a leaf and a spine of its plane")
    pods: Count = Field(default=1, description="pods")
    cores: Annotated[int, Field(ge=0)] = Field(
        default=0, description="core switches in each plane, which join the pods; 0 for none", validate_default=True
    )
    links_spine_core: Count = Field(
        default=1, description="parallel links between a spine and each core it is joined to"
    )
    host_gbps: Gbps = Field(default=400.0, description="capacity of a host's link into one plane per direction, Gb/s")
    leaf_spine_gbps: Gbps = Field(default=400.0, description="capacity of a leaf-spine link per direction, Gb/s")
    spine_core_gbps: Gbps = Field(default=400.0, description="capacity of a spine-core link per direction, Gb/s")
    host_length_m: Meters = Field(default=3.0, description="host to leaf, m")
    leaf_spine_length_m: Meters = Field(default=50.0, description="leaf to spine, m")
    spine_core_length_m: Meters = Field(default=100.0, description="spine to core, m")

    @field_validator("cores")
    @classmethod
    def _pods_are_joined(cls, cores: int, info: ValidationInfo) -> int:
        if info.data.get("pods", 1) > 1 and not cores:
            msg = f"0, but only cores join {info.data['pods']} pods; allowed: a whole number of at least 1"
            raise ValueError(msg)
        return cores


def rail_optimized(p: RailOptimizedParameters) -> Fabric:
    """GPU servers whose rails have leaves of their own, below spines and, where wanted, cores."""
    rails, segments = p.gpus_per_server, p.pods * p.segments
    hosts_per_segment = p.servers_per_segment * rails
    hosts, leaves, spines = segments * hosts_per_segment, segments * rails, p.pods * p.spines
    first = hosts + (leaves + spines + p.cores) * np.arange(p.planes)
    host, plane = np.divmod(np.arange(hosts * p.planes), p.planes)
    host_links = np.column_stack((host, first[plane] + host // hosts_per_segment * rails + host % rails))
    parts = [host_links, *(_in_planes(links, first) for links in (_leaf_spine_links(p), _spine_core_links(p)))]
    sizes = [len(part) for part in parts]
    tier = np.repeat([1, 2, 3], [leaves, spines, p.cores])
    group = np.concatenate((np.repeat(np.arange(segments), rails), np.full(spines + p.cores, -1)))
    labels = [f"leaf({segment},{rail})" for segment, rail in np.ndindex(segments, rails)]
    labels += [f"spine{i}" for i in range(spines)] + [f"core{i}" for i in range(p.cores)]
    return Fabric.from_links(
        np.repeat([NodeKind.HOST, NodeKind.SWITCH], [hosts, len(tier) * p.planes]),
        np.concatenate(parts),
        capacity_gbps=np.repeat([p.host_gbps, p.leaf_spine_gbps, p.spine_core_gbps], sizes),
        length_m=np.repeat([p.host_length_m, p.leaf_spine_length_m, p.spine_core_length_m], sizes),
        link_class=np.repeat([0, 1, 2], sizes),
        link_class_names=("host-leaf", "leaf-spine", "spine-core"),
        node_tier=np.concatenate((np.zeros(hosts, dtype=np.int64), np.tile(tier, p.planes))),
        node_group=np.concatenate((np.arange(hosts) // hosts_per_segment, np.tile(group, p.planes))),
        node_names=[f"host({s},{v},{r})" for s, v, r in np.ndindex(segments, p.servers_per_segment, rails)]
        + [f"plane{q}.{label}" for q in range(p.planes) for label in labels],
    )


def _in_planes(links: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Repeat the links of one plane in all of them."""
    return (links[None] + first[:, None, None]).reshape(-1, 2)


def _leaf_spine_links(p: RailOptimizedParameters) -> NDArray[np.int64]:
    """Return the links between the leaves and the spines of each pod, as indices within a plane; shape (n, 2)."""
    per_pod = p.segments * p.gpus_per_server
    links = two_tier_links(per_pod, p.spines, p.links_per_pair)
    links[:, 1] += (p.pods - 1) * per_pod  # past the leaves of the other pods
    return (links[None] + np.arange(p.pods)[:, None, None] * np.array([per_pod, p.spines])).reshape(-1, 2)


def _spine_core_links(p: RailOptimizedParameters) -> NDArray[np.int64]:
    """Return the links between spines and cores, as indices within a plane; shape (n, 2).

    Both fall into gcd(spines, cores) groups; spine j of every pod is joined to the cores of group j mod groups.
    """
    groups = math.gcd(p.spines, p.cores)
    sizes = (p.pods * p.spines, p.cores // groups, p.links_spine_core)
    spine, rank, _ = (index.ravel() for index in np.meshgrid(*map(np.arange, sizes), indexing="ij"))
    core = spine % p.spines % groups * (p.cores // groups) + rank
    first_spine = p.pods * p.segments * p.gpus_per_server
    return np.column_stack((first_spine + spine, first_spine + p.pods * p.spines + core))
