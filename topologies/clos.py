# SPDX-License-Identifier: Apache-2.0
"""Folded Clos fabrics: leaf-spine, three-tier Clos, fat-tree.

References: C. Clos, "A Study of Non-Blocking Switching Networks", Bell System Technical Journal 32 (1953); M. Al-Fares,
A. Loukissas, A. Vahdat, "A Scalable, Commodity Data Center Network Architecture", SIGCOMM 2008 (the k-ary fat-tree).
Nodes are ordered hosts, leaves, aggregation switches (pod by pod), cores.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from optinet.fabric import Fabric, NodeKind
from optinet.structure import Clos
from topologies.parameters import Count, Gbps, Meters, Parameters

TIER_NAMES = {1: ("leaf",), 2: ("leaf", "spine"), 3: ("leaf", "agg", "core")}


class LeafSpineParameters(Parameters):
    """Parameters of `leaf_spine`."""

    leaves: Count = Field(description="leaf switches")
    spines: Count = Field(description="spine switches")
    hosts_per_leaf: Count = Field(description="hosts below each leaf")
    links_per_pair: Count = Field(default=1, description="parallel links between each leaf and each spine")
    host_gbps: Gbps = Field(default=800.0, description="capacity of a host link per direction, Gb/s")
    uplink_gbps: Gbps = Field(default=800.0, description="capacity of a leaf-spine link per direction, Gb/s")
    host_length_m: Meters = Field(default=3.0, description="host to leaf, m")
    uplink_length_m: Meters = Field(default=50.0, description="leaf to spine, m")


def leaf_spine(p: LeafSpineParameters) -> Fabric:
    """Two-tier Clos: every leaf is joined to every spine."""
    hosts = p.leaves * p.hosts_per_leaf
    links = two_tier_links(p.leaves, p.spines, p.links_per_pair) + hosts
    host_links = np.column_stack((np.arange(hosts), hosts + np.arange(hosts) // p.hosts_per_leaf))
    return assemble(
        Clos(hosts, (p.leaves, p.spines)),
        [host_links, links],
        class_names=("host-leaf", "leaf-spine"),
        capacity_gbps=(p.host_gbps, p.uplink_gbps),
        length_m=(p.host_length_m, p.uplink_length_m),
    )


class Clos3Parameters(Parameters):
    """Parameters of `clos3`."""

    pods: Count = Field(description="pods")
    leaves_per_pod: Count = Field(description="leaf switches in a pod")
    aggs_per_pod: Count = Field(description="aggregation switches in a pod")
    cores: Count = Field(description="core switches")
    hosts_per_leaf: Count = Field(description="hosts below each leaf")
    links_leaf_agg: Count = Field(
        default=1, description="parallel links between each leaf and each aggregation switch of its pod"
    )
    links_agg_core: Count = Field(
        default=1, description="parallel links between an aggregation switch and each core it is joined to"
    )
    host_gbps: Gbps = Field(default=800.0, description="capacity of a host link per direction, Gb/s")
    leaf_agg_gbps: Gbps = Field(default=800.0, description="capacity of a leaf-agg link per direction, Gb/s")
    agg_core_gbps: Gbps = Field(default=800.0, description="capacity of an agg-core link per direction, Gb/s")
    host_length_m: Meters = Field(default=3.0, description="host to leaf, m")
    leaf_agg_length_m: Meters = Field(default=50.0, description="leaf to aggregation switch, m")
    agg_core_length_m: Meters = Field(default=100.0, description="aggregation switch to core, m")


def clos3(p: Clos3Parameters) -> Fabric:
    """Three-tier Clos of pods.

    Aggregation switches and cores fall into gcd(aggs_per_pod, cores) groups; aggregation switch j of every pod is
    joined to the cores of group j mod groups.
    """
    leaves, aggs = p.pods * p.leaves_per_pod, p.pods * p.aggs_per_pod
    hosts = leaves * p.hosts_per_leaf
    first_agg, first_core = hosts + leaves, hosts + leaves + aggs
    host_links = np.column_stack((np.arange(hosts), hosts + np.arange(hosts) // p.hosts_per_leaf))
    pod = two_tier_links(p.leaves_per_pod, p.aggs_per_pod, p.links_leaf_agg)
    step = np.array([p.leaves_per_pod, p.aggs_per_pod])
    pod[:, 1] += -p.leaves_per_pod + first_agg - hosts
    leaf_links = hosts + (pod[None] + np.arange(p.pods)[:, None, None] * step).reshape(-1, 2)
    groups = math.gcd(p.aggs_per_pod, p.cores)
    agg, rank, _ = np.meshgrid(
        np.arange(aggs), np.arange(p.cores // groups), np.arange(p.links_agg_core), indexing="ij"
    )
    core = (agg % p.aggs_per_pod % groups) * (p.cores // groups) + rank
    core_links = np.column_stack(((first_agg + agg).ravel(), (first_core + core).ravel()))
    return assemble(
        Clos(hosts, (leaves, aggs, p.cores), p.pods),
        [host_links, leaf_links, core_links],
        class_names=("host-leaf", "leaf-agg", "agg-core"),
        capacity_gbps=(p.host_gbps, p.leaf_agg_gbps, p.agg_core_gbps),
        length_m=(p.host_length_m, p.leaf_agg_length_m, p.agg_core_length_m),
    )


class FatTreeParameters(Parameters):
    """Parameters of `fat_tree`."""

    k: Count = Field(description="ports of every switch, even; k^3/4 hosts")
    capacity_gbps: Gbps = Field(default=800.0, description="capacity of every link per direction, Gb/s")
    host_length_m: Meters = Field(default=3.0, description="host to leaf, m")
    leaf_agg_length_m: Meters = Field(default=50.0, description="leaf to aggregation switch, m")
    agg_core_length_m: Meters = Field(default=100.0, description="aggregation switch to core, m")

    @model_validator(mode="after")
    def _even(self) -> FatTreeParameters:
        if self.k % 2:
            msg = f"k = {self.k} is odd: half the ports of a switch point up; allowed: an even number"
            raise ValueError(msg)
        return self


def fat_tree(p: FatTreeParameters) -> Fabric:
    """k-ary fat-tree of Al-Fares et al.: k pods of k/2 leaves and k/2 aggregation switches, (k/2)^2 cores."""
    half = p.k // 2
    return clos3(
        Clos3Parameters(
            pods=p.k,
            leaves_per_pod=half,
            aggs_per_pod=half,
            cores=half * half,
            hosts_per_leaf=half,
            host_gbps=p.capacity_gbps,
            leaf_agg_gbps=p.capacity_gbps,
            agg_core_gbps=p.capacity_gbps,
            host_length_m=p.host_length_m,
            leaf_agg_length_m=p.leaf_agg_length_m,
            agg_core_length_m=p.agg_core_length_m,
        )
    )


def two_tier_links(lower: int, upper: int, copies: int) -> NDArray[np.int64]:
    """Return the links of a complete bipartite graph: lower switches 0.., upper switches ``lower``..; shape (n, 2)."""
    a, b, _ = np.meshgrid(np.arange(lower), lower + np.arange(upper), np.arange(copies), indexing="ij")
    return np.column_stack((a.ravel(), b.ravel()))


def clos_nodes(structure: Clos) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """Return tier, group and name of the switches of a Clos, in node order without the hosts."""
    tier = np.repeat(np.arange(1, len(structure.tiers) + 1), structure.tiers)
    group, labels = [], []
    for name, count in zip(TIER_NAMES[len(structure.tiers)], structure.tiers, strict=True):
        top = name in ("spine", "core")
        group.append(np.full(count, -1) if top else np.arange(count) // (count // structure.pods))
        labels += [f"{name}{i}" for i in range(count)]
    return tier, np.concatenate(group), labels


def assemble(
    structure: Clos,
    links: list[NDArray[np.int64]],
    *,
    class_names: tuple[str, ...],
    capacity_gbps: tuple[float, ...],
    length_m: tuple[float, ...],
) -> Fabric:
    """Put a Clos together from the links of each class."""
    sizes = [len(part) for part in links]
    tier, group, labels = clos_nodes(structure)
    hosts_per_pod = structure.hosts // structure.pods
    return Fabric.from_links(
        np.repeat([NodeKind.HOST, NodeKind.SWITCH], [structure.hosts, len(tier)]),
        np.concatenate(links),
        capacity_gbps=np.repeat(capacity_gbps, sizes),
        length_m=np.repeat(length_m, sizes),
        link_class=np.repeat(np.arange(len(links)), sizes),
        link_class_names=class_names,
        node_tier=np.concatenate((np.zeros(structure.hosts, dtype=np.int64), tier)),
        node_group=np.concatenate((np.arange(structure.hosts) // hosts_per_pod, group)),
        node_names=[f"host{i}" for i in range(structure.hosts)] + labels,
        structure=structure,
    )
