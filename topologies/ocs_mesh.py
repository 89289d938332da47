# SPDX-License-Identifier: Apache-2.0
"""Blocks of hosts joined directly to one another through optical circuit switches, without an electrical spine.

Reference: L. Poutievski et al., "Jupiter Evolving: Transforming Google's Datacenter Network via Optical Circuit
Switches and Software-Defined Networking", SIGCOMM 2022. A block is one leaf switch here, with its uplinks spread
evenly over the OCS: `ends_per_ocs` fibers of every block on every OCS, an even number, so that every wanted set of
circuits can be wired (see `optinet.wiring`).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind
from optinet.plant import OpticalPlant
from optinet.structure import Blocks
from optinet.wiring import wire
from topologies.parameters import Count, Gbps, Meters, Parameters

Circuits = tuple[tuple[Annotated[int, Field(ge=0)], ...], ...]


class OcsMeshParameters(Parameters):
    """Parameters of `ocs_mesh`."""

    blocks: Annotated[int, Field(ge=2)] = Field(description="blocks, each one leaf switch with its hosts")
    hosts_per_block: Count = Field(description="hosts in each block")
    uplinks_per_block: Count = Field(description="fiber ends of each block on the OCS layer")
    circuits: Literal["uniform"] | Circuits = Field(
        default="uniform",
        description="'uniform' (equal trunks between all pairs, the rest spare) or a symmetric matrix of circuits",
    )
    ocs_ports: Annotated[int, Field(ge=4)] = Field(default=136, description="ports of each OCS that may be used")
    host_gbps: Gbps = Field(default=800.0, description="capacity of a host link per direction, Gb/s")
    uplink_gbps: Gbps = Field(default=800.0, description="capacity of a circuit per direction, Gb/s")
    host_length_m: Meters = Field(default=3.0, description="host to block switch, m")
    ocs_leg_length_m: Meters = Field(
        default=50.0, description="fiber from a block to an OCS, m; a link through an OCS has two legs"
    )


def ocs_mesh(p: OcsMeshParameters) -> Fabric:
    """Blocks joined block to block by circuits through an OCS layer."""
    hosts = p.blocks * p.hosts_per_block
    plant, pairs = _plant(p, circuit_counts(p), first_block=hosts, first_link=hosts)
    host_links = np.column_stack((np.arange(hosts), hosts + np.arange(hosts) // p.hosts_per_block))
    sizes = [hosts, len(pairs)]
    return Fabric.from_links(
        np.repeat([NodeKind.HOST, NodeKind.SWITCH], [hosts, p.blocks]),
        np.concatenate((host_links, hosts + pairs)),
        capacity_gbps=np.repeat([p.host_gbps, p.uplink_gbps], sizes),
        length_m=np.repeat([p.host_length_m, 2 * p.ocs_leg_length_m], sizes),
        link_class=np.repeat([0, 1], sizes),
        link_class_names=("host-leaf", "block-ocs"),
        node_tier=np.repeat([0, 1], [hosts, p.blocks]),
        node_group=np.concatenate((np.arange(hosts) // p.hosts_per_block, np.arange(p.blocks))),
        node_names=[f"host{i}" for i in range(hosts)] + [f"block{i}" for i in range(p.blocks)],
        structure=Blocks(p.blocks, p.hosts_per_block),
        plant=plant,
    )


def circuit_counts(p: OcsMeshParameters) -> NDArray[np.int64]:
    """Return how many circuits join each pair of blocks; shape (blocks, blocks), symmetric, zero diagonal."""
    if p.circuits == "uniform":
        per_pair = p.uplinks_per_block // (p.blocks - 1)
        if per_pair == 0:
            raise TopologyError(
                Problem(
                    "uplinks_per_block",
                    f"{p.uplinks_per_block} uplinks cannot reach {p.blocks - 1} other blocks",
                    f"at least {p.blocks - 1} for a uniform mesh",
                )
            )
        return per_pair * (1 - np.eye(p.blocks, dtype=np.int64))
    rows = {len(row) for row in p.circuits}
    if len(p.circuits) != p.blocks or rows != {p.blocks}:
        raise TopologyError(
            Problem("circuits", f"{len(p.circuits)} rows of {sorted(rows)} entries", f"{p.blocks} x {p.blocks}")
        )
    counts = np.array(p.circuits, dtype=np.int64)
    problems = []
    if np.any(counts != counts.T):
        a, b = np.argwhere(counts != counts.T)[0]
        problems.append(
            Problem(
                f"circuits[{a}][{b}]", f"{counts[a, b]} but circuits[{b}][{a}] is {counts[b, a]}", "a symmetric matrix"
            )
        )
    if np.any(np.diag(counts)):
        problems.append(Problem("circuits", "a block joined to itself", "a zero diagonal"))
    over = np.flatnonzero(counts.sum(axis=1) > p.uplinks_per_block)
    if len(over):
        problems.append(
            Problem(
                "circuits",
                f"block {over[0]} has {counts[over[0]].sum()} circuits",
                f"at most its {p.uplinks_per_block} uplinks",
            )
        )
    if problems:
        raise TopologyError(problems)
    return counts


def _plant(
    p: OcsMeshParameters, counts: NDArray[np.int64], first_block: int, first_link: int
) -> tuple[OpticalPlant, NDArray[np.int64]]:
    """Return the plant and the two blocks of each circuit."""
    ends_per_ocs = min(p.ocs_ports // p.blocks, p.uplinks_per_block + p.uplinks_per_block % 2) // 2 * 2
    if ends_per_ocs < 2:
        raise TopologyError(
            Problem(
                "ocs_ports",
                f"{p.ocs_ports} ports hold fewer than 2 fibers of each of {p.blocks} blocks",
                f"at least {2 * p.blocks}",
            )
        )
    # two by two over the OCS; an odd uplink is plugged like an even number, less one end that no circuit needs
    uplinks = p.uplinks_per_block + p.uplinks_per_block % 2
    n_ocs = math.ceil(uplinks / ends_per_ocs)
    ends = np.full((p.blocks, n_ocs), ends_per_ocs)
    ends[:, -1] = uplinks - ends_per_ocs * (n_ocs - 1)
    wiring = wire(counts, ends)
    spare = ends - wiring.count.sum(axis=2).T
    if p.uplinks_per_block % 2:
        last = n_ocs - 1 - np.argmax(spare[:, ::-1] > 0, axis=1)
        spare[np.arange(p.blocks), last] -= 1
    # one end for each side of each circuit, on the circuit's OCS, then the spare ones
    ocs, *sides = wiring.circuits.T
    pairs = np.column_stack(sides)
    spare_block, spare_device = np.nonzero(spare)
    left = spare[spare_block, spare_device]
    block = np.concatenate((pairs.ravel(), np.repeat(spare_block, left)))
    device = np.concatenate((np.repeat(ocs, 2), np.repeat(spare_device, left)))
    plant = OpticalPlant(
        n_ocs=n_ocs,
        end_ocs=device,
        end_port=block * ends_per_ocs + _rank_within(block * n_ocs + device),
        end_node=first_block + block,
        end_gbps=np.full(len(block), p.uplink_gbps),
        end_leg_m=np.full(len(block), p.ocs_leg_length_m),
        circuit_ends=np.arange(2 * len(pairs)).reshape(-1, 2),
        circuit_link=first_link + np.arange(len(pairs)),
    )
    return plant, pairs


def _rank_within(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each entry how many earlier entries have the same key."""
    order = np.argsort(key, kind="stable")
    start = np.concatenate(([True], np.diff(key[order]) != 0))
    position = np.arange(len(key))
    rank = np.empty_like(key)
    rank[order] = position - np.maximum.accumulate(np.where(start, position, 0))
    return rank
