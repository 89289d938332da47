# SPDX-License-Identifier: Apache-2.0
"""Blocks of hosts joined directly to one another through optical circuit switches, without an electrical spine.

Reference: L. Poutievski et al., "Jupiter Evolving: Transforming Google's Datacenter Network via Optical Circuit
Switches and Software-Defined Networking", SIGCOMM 2022. A block is one leaf switch here, with its uplinks spread
evenly over the OCS, an even number on each, so that every wanted set of circuits can be wired where blocks are alike
(see `optinet.wiring`). Blocks of several generations may differ in uplinks and in speed. Circuits are a mesh, or
chosen for a forecast of the demand (see `optinet.engineering.topology`).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from optinet.engineering.topology import BlockLayer, engineer_topology, uniform_circuits
from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric, NodeKind
from optinet.plant import OpticalPlant
from optinet.structure import Blocks
from optinet.traffic.blocks import Gravity, Skewed, block_rates
from optinet.wiring import wire
from topologies.parameters import Count, Gbps, Meters, Parameters

Matrix = tuple[tuple[Annotated[int, Field(ge=0)], ...], ...]


class GravityForecast(Gravity):
    """A gravity demand to choose circuits for."""

    name: Literal["gravity"]
    seed: Annotated[int, Field(ge=0)] = 0


class SkewedForecast(Skewed):
    """A skewed demand to choose circuits for."""

    name: Literal["skewed"]
    seed: Annotated[int, Field(ge=0)] = 0


Forecast = Annotated[GravityForecast | SkewedForecast, Field(discriminator="name")]


class OcsMeshParameters(Parameters):
    """Parameters of `ocs_mesh`."""

    blocks: Annotated[int, Field(ge=2)] = Field(description="blocks, each one leaf switch with its hosts")
    hosts_per_block: Count = Field(description="hosts in each block")
    uplinks_per_block: Count | tuple[Count, ...] = Field(
        description="fiber ends of each block on the OCS layer; one number, or one for each block"
    )
    circuits: Literal["uniform", "full", "engineered"] | Matrix = Field(
        default="uniform",
        description="'uniform' (equal trunks between all pairs, the rest spare), 'full' (as even as whole circuits "
        "allow, nothing spare), 'engineered' (for the forecast), or a symmetric matrix of circuits",
    )
    forecast: Forecast | None = Field(
        default=None, description="demand that engineered circuits are for: a workload's name, parameters and seed"
    )
    hedge_fraction: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0, description="share of the uplinks that engineered circuits keep in a full mesh"
    )
    ocs_ports: Annotated[int, Field(ge=4)] = Field(default=136, description="ports of each OCS that may be used")
    host_gbps: Gbps = Field(default=800.0, description="capacity of a host link per direction, Gb/s")
    uplink_gbps: Gbps | tuple[Gbps, ...] = Field(
        default=800.0,
        description="speed of uplinks per direction, Gb/s; one number, or one for each block: a circuit runs at the "
        "slower of its two ends",
    )
    host_length_m: Meters = Field(default=3.0, description="host to block switch, m")
    ocs_leg_length_m: Meters = Field(
        default=50.0, description="fiber from a block to an OCS, m; a link through an OCS has two legs"
    )


def ocs_mesh(p: OcsMeshParameters) -> Fabric:
    """Blocks joined block to block by circuits through an OCS layer."""
    hosts = p.blocks * p.hosts_per_block
    layer = block_layer(p)
    plant, pairs = _plant(p, layer, circuit_counts(p), first_block=hosts, first_link=hosts)
    host_links = np.column_stack((np.arange(hosts), hosts + np.arange(hosts) // p.hosts_per_block))
    gbps = layer.circuit_gbps[pairs[:, 0], pairs[:, 1]]
    rates, of_rate = np.unique(gbps, return_inverse=True)
    names = ["block-ocs"] if len(rates) <= 1 else [f"block-ocs-{rate:g}g" for rate in rates]
    return Fabric.from_links(
        np.repeat([NodeKind.HOST, NodeKind.SWITCH], [hosts, p.blocks]),
        np.concatenate((host_links, hosts + pairs)),
        capacity_gbps=np.concatenate((np.full(hosts, p.host_gbps), gbps)),
        length_m=np.repeat([p.host_length_m, 2 * p.ocs_leg_length_m], [hosts, len(pairs)]),
        link_class=np.concatenate((np.zeros(hosts, dtype=np.int64), 1 + of_rate)),
        link_class_names=("host-leaf", *names),
        node_tier=np.repeat([0, 1], [hosts, p.blocks]),
        node_group=np.concatenate((np.arange(hosts) // p.hosts_per_block, np.arange(p.blocks))),
        node_names=[f"host{i}" for i in range(hosts)] + [f"block{i}" for i in range(p.blocks)],
        structure=Blocks(p.blocks, p.hosts_per_block),
        plant=plant,
    )


def block_layer(p: OcsMeshParameters) -> BlockLayer:
    """Return the blocks' uplinks and speeds; `TopologyError` if there is not one for each block."""
    problems = [
        Problem(name, f"has {len(values)} entries", f"one number, or {p.blocks}, one for each block")
        for name, values in (("uplinks_per_block", p.uplinks_per_block), ("uplink_gbps", p.uplink_gbps))
        if isinstance(values, tuple) and len(values) != p.blocks
    ]
    if problems:
        raise TopologyError(problems)
    return BlockLayer.of(p.blocks, p.uplinks_per_block, p.uplink_gbps)


def circuit_counts(p: OcsMeshParameters) -> NDArray[np.int64]:
    """Return how many circuits join each pair of blocks; shape (blocks, blocks), symmetric, zero diagonal."""
    layer = block_layer(p)
    if p.circuits == "uniform":
        return _equal_trunks(layer)
    if p.circuits == "full":
        return uniform_circuits(layer)
    if p.circuits == "engineered":
        if p.forecast is None:
            raise TopologyError(
                Problem("forecast", "is missing", 'what circuits are engineered for, such as {name = "gravity"}')
            )
        rates = block_rates(p.forecast.shares(p.blocks, p.forecast.seed), p.hosts_per_block, p.host_gbps)
        return engineer_topology(rates, layer, "prices", p.hedge_fraction).circuits
    return _given_circuits(p, layer)


def _equal_trunks(layer: BlockLayer) -> NDArray[np.int64]:
    fewest, others = int(layer.uplinks.min()), layer.n_blocks - 1
    if fewest < others:
        raise TopologyError(
            Problem(
                "uplinks_per_block",
                f"{fewest} uplinks cannot reach {others} other blocks",
                f"at least {others} for a uniform mesh",
            )
        )
    return fewest // others * (1 - np.eye(layer.n_blocks, dtype=np.int64))


def _given_circuits(p: OcsMeshParameters, layer: BlockLayer) -> NDArray[np.int64]:
    assert not isinstance(p.circuits, str)
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
    over = np.flatnonzero(counts.sum(axis=1) > layer.uplinks)
    if len(over):
        problems.append(
            Problem(
                "circuits",
                f"block {over[0]} has {counts[over[0]].sum()} circuits",
                f"at most its {layer.uplinks[over[0]]} uplinks",
            )
        )
    if problems:
        raise TopologyError(problems)
    return counts


def _ends(p: OcsMeshParameters, layer: BlockLayer) -> NDArray[np.int64]:
    """Return the fiber ends of each block on each OCS, an even number; shape (blocks, n_ocs).

    An odd uplink is plugged like an even number, less one end that no circuit needs.
    """
    even = layer.uplinks + layer.uplinks % 2
    most = min(p.ocs_ports // p.blocks, int(even.max())) // 2 * 2
    if most < 2:
        raise TopologyError(
            Problem(
                "ocs_ports",
                f"{p.ocs_ports} ports hold fewer than 2 fibers of each of {p.blocks} blocks",
                f"at least {2 * p.blocks}",
            )
        )
    if even.min() == even.max():
        n_ocs = math.ceil(even[0] / most)
        ends = np.full((p.blocks, n_ocs), most)
        ends[:, -1] = even[0] - most * (n_ocs - 1)
        return ends
    # blocks of different sizes: two by two around the OCS, each block starting where the one before ended
    n_ocs = math.ceil(even.sum() / (p.ocs_ports // 2 * 2))
    turn = np.repeat(np.arange(p.blocks), even // 2)
    ends = np.zeros((p.blocks, n_ocs), dtype=np.int64)
    np.add.at(ends, (turn, np.arange(len(turn)) % n_ocs), 2)
    return ends


def _plant(
    p: OcsMeshParameters, layer: BlockLayer, counts: NDArray[np.int64], first_block: int, first_link: int
) -> tuple[OpticalPlant, NDArray[np.int64]]:
    """Return the plant and the two blocks of each circuit."""
    ends = _ends(p, layer)
    n_ocs = ends.shape[1]
    wiring = wire(counts, ends)
    spare = ends - wiring.count.sum(axis=2).T
    odd = np.flatnonzero(layer.uplinks % 2)
    last = n_ocs - 1 - np.argmax(spare[odd, ::-1] > 0, axis=1)
    spare[odd, last] -= 1
    # links in the order of their blocks, whatever device a circuit is on: plants of one mesh share its solution
    ocs, *sides = wiring.circuits[np.lexsort(wiring.circuits.T[[0, 2, 1]])].T
    pairs = np.column_stack(sides)
    # one end for each side of each circuit, on the circuit's OCS, then the spare ones
    spare_block, spare_device = np.nonzero(spare)
    left = spare[spare_block, spare_device]
    block = np.concatenate((pairs.ravel(), np.repeat(spare_block, left)))
    device = np.concatenate((np.repeat(ocs, 2), np.repeat(spare_device, left)))
    plant = OpticalPlant(
        n_ocs=n_ocs,
        end_ocs=device,
        end_port=(np.cumsum(ends, axis=0) - ends)[block, device] + _rank_within(block * n_ocs + device),
        end_node=first_block + block,
        end_gbps=layer.uplink_gbps[block],
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
