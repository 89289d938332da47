# SPDX-License-Identifier: Apache-2.0
"""The smallest folded Clos for a number of endpoints: one, two or three tiers of switches of one radix.

Two tiers of radix R without oversubscription carry R^2 / 2 endpoints, three R^3 / 4 (M. Al-Fares, A. Loukissas, A.
Vahdat, SIGCOMM 2008); beyond each limit a tier is added, which is where cost and power jump. Only leaves are
oversubscribed. Of all ways to split the ports of leaves that fit, the one with the fewest switches is taken; hosts are
spread over the leaves as evenly as they go.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind
from optinet.structure import Clos
from topologies.clos import clos_nodes, two_tier_links
from topologies.parameters import Count, Gbps, Meters, Parameters

_CLASSES = {1: ("host-leaf",), 2: ("host-leaf", "leaf-spine"), 3: ("host-leaf", "leaf-agg", "agg-core")}


class SizedClosParameters(Parameters):
    """Parameters of `sized_clos`."""

    endpoints: Count = Field(description="hosts")
    radix: Annotated[int, Field(ge=2, le=4096)] = Field(description="ports of every switch")
    oversubscription: Annotated[float, Field(ge=1.0, le=64.0)] = Field(
        default=1.0, description="most hosts of a leaf for each of its uplinks"
    )
    link_gbps: Gbps = Field(default=800.0, description="capacity of every link per direction, Gb/s")
    host_length_m: Meters = Field(default=3.0, description="host to leaf, m")
    lower_length_m: Meters = Field(default=50.0, description="leaf to the switches above it, m")
    upper_length_m: Meters = Field(default=100.0, description="aggregation switch to core, m")


class _Shape(NamedTuple):
    """A Clos that fits. Pods of one tier or two are one pod; without a third tier there are no cores."""

    tiers: int
    pods: int
    leaves_per_pod: int
    aggs_per_pod: int
    links_leaf_agg: int
    cores: int
    links_agg_core: int

    @property
    def switches(self) -> int:
        return self.pods * (self.leaves_per_pod + self.aggs_per_pod) + self.cores

    @property
    def links(self) -> int:
        lower = self.pods * self.leaves_per_pod * self.aggs_per_pod * self.links_leaf_agg
        return lower + self.pods * self.cores * self.links_agg_core


def sized_clos(p: SizedClosParameters) -> Fabric:
    """Smallest Clos of one, two or three tiers for a number of endpoints.

    Raises
    ------
    TopologyError
        If three tiers are too few, naming the radix that would do.
    """
    shape = smallest(p.endpoints, p.radix, p.oversubscription)
    if shape is None:
        found = f"{p.endpoints} endpoints are too many for three tiers of {p.radix} ports at {p.oversubscription:g}:1"
        enough = next(r for r in range(p.radix + 1, 4097) if smallest(p.endpoints, r, p.oversubscription))
        raise TopologyError(Problem("radix", found, f"{enough} ports or more"))
    leaves = shape.pods * shape.leaves_per_pod
    hosts = np.arange(p.endpoints)
    leaf_of = hosts * leaves // p.endpoints
    even = p.endpoints % leaves == 0
    links = [np.column_stack((hosts, p.endpoints + leaf_of)), *_switch_links(shape, p.endpoints)]
    sizes = [len(part) for part in links]
    tiers = tuple(n for n in (leaves, shape.pods * shape.aggs_per_pod, shape.cores) if n)
    structure = Clos(p.endpoints, tiers, shape.pods)
    tier, group, labels = _nodes(structure)
    lengths_m = (p.host_length_m, p.lower_length_m, p.upper_length_m)[: len(links)]
    return Fabric.from_links(
        np.repeat([NodeKind.HOST, NodeKind.SWITCH], [p.endpoints, len(tier)]),
        np.concatenate(links),
        capacity_gbps=np.full(sum(sizes), p.link_gbps),
        length_m=np.repeat(lengths_m, sizes),
        link_class=np.repeat(np.arange(len(links)), sizes),
        link_class_names=_CLASSES[shape.tiers],
        node_tier=np.concatenate((np.zeros(p.endpoints, dtype=np.int64), tier)),
        node_group=np.concatenate((leaf_of // shape.leaves_per_pod, group)),
        node_names=[f"host{i}" for i in range(p.endpoints)] + labels,
        structure=structure if even and shape.tiers > 1 else None,
    )


def smallest(endpoints: int, radix: int, oversubscription: float) -> _Shape | None:
    """Return the Clos with the fewest switches, then links, in as few tiers as will do; None if three are too few."""
    if endpoints <= radix:
        return _Shape(1, 1, 1, 0, 0, 0, 0)
    for shapes in (_two_tiers, _three_tiers):
        found = min(shapes(endpoints, radix, oversubscription), key=lambda s: (s.switches, s.links), default=None)
        if found:
            return found
    return None


def _splits(endpoints: int, radix: int, oversubscription: float) -> Iterator[tuple[int, int]]:
    """Yield every number of uplinks of a leaf with the leaves that it takes."""
    for uplinks in range(1, radix):
        hosts_per_leaf = min(radix - uplinks, math.floor(oversubscription * uplinks + 1e-9))
        if hosts_per_leaf:
            yield uplinks, -(-endpoints // hosts_per_leaf)


def _two_tiers(endpoints: int, radix: int, oversubscription: float) -> Iterator[_Shape]:
    for uplinks, leaves in _splits(endpoints, radix, oversubscription):
        for spines in _divisors(uplinks):
            if leaves * (uplinks // spines) <= radix:
                yield _Shape(2, 1, leaves, spines, uplinks // spines, 0, 0)
                break


def _three_tiers(endpoints: int, radix: int, oversubscription: float) -> Iterator[_Shape]:
    for uplinks, leaves in _splits(endpoints, radix, oversubscription):
        for aggs in _divisors(uplinks):
            parallel = uplinks // aggs
            most = radix // (2 * parallel)
            if not most:
                continue
            pods = -(-leaves // most)
            leaves_per_pod = -(-leaves // pods)
            up = leaves_per_pod * parallel
            for cores in _divisors(up):  # of each aggregation switch; those of one place in their pods share them
                if pods * (up // cores) <= radix:
                    yield _Shape(3, pods, leaves_per_pod, aggs, parallel, aggs * cores, up // cores)
                    break


def _divisors(n: int) -> Iterator[int]:
    return (i for i in range(1, n + 1) if n % i == 0)


def _switch_links(shape: _Shape, first: int) -> Iterator[NDArray[np.int64]]:
    """Yield the links between switches, tier by tier, in node order leaves, aggregation switches, cores."""
    if shape.tiers == 1:
        return
    leaves, aggs = shape.pods * shape.leaves_per_pod, shape.pods * shape.aggs_per_pod
    pod = two_tier_links(shape.leaves_per_pod, shape.aggs_per_pod, shape.links_leaf_agg)
    pod[:, 1] += leaves - shape.leaves_per_pod
    step = np.array([shape.leaves_per_pod, shape.aggs_per_pod])
    yield first + (pod[None] + np.arange(shape.pods)[:, None, None] * step).reshape(-1, 2)
    if shape.tiers == 3:
        each = shape.cores // shape.aggs_per_pod
        agg, rank, _ = np.meshgrid(np.arange(aggs), np.arange(each), np.arange(shape.links_agg_core), indexing="ij")
        core = agg % shape.aggs_per_pod * each + rank
        yield first + leaves + np.column_stack((agg.ravel(), aggs + core.ravel()))


def _nodes(structure: Clos) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    if len(structure.tiers) == 1:
        return np.ones(1, dtype=np.int64), np.full(1, -1), ["leaf0"]
    return clos_nodes(structure)
