# SPDX-License-Identifier: Apache-2.0
"""Direct networks on a grid: hypercube, full mesh, HyperX; and what all direct networks share.

Reference: J. H. Ahn, N. Binkert, A. Davis, M. McLaren, R. S. Schreiber, "HyperX: Topology, Routing, and Packaging of
Efficient Large-Scale Networks", SC 2009. A HyperX joins every switch to all others along each axis of a grid; the
hypercube (all axes of size 2) and the full mesh (one axis) are special cases, and so is the 4-D full mesh of UB-Mesh
(H. Liao et al., "UB-Mesh", arXiv:2503.20377, 2025), dims (8, 8, 4, 4).

In a direct network every switch serves hosts; with ``hosts_per_switch = 0`` the switches are chips, endpoints that
forward. Nodes are ordered hosts (switch by switch), then switches, row-major.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, ValidationInfo, field_validator

from optinet.fabric import Fabric, NodeKind
from optinet.structure import HyperX, Structure
from topologies.parameters import Count, Gbps, Meters, Parameters

HostsPerSwitch: TypeAlias = Annotated[
    int, Field(ge=0, description="hosts at each switch; 0 for switches that are endpoints themselves")
]
HostGbps: TypeAlias = Annotated[Gbps, Field(description="capacity of a host link per direction, Gb/s")]
HostLength: TypeAlias = Annotated[Meters, Field(description="host to switch, m")]
LinkGbps: TypeAlias = Annotated[Gbps, Field(description="capacity of a link between switches per direction, Gb/s")]
LinkLength: TypeAlias = Annotated[Meters, Field(description="switch to switch, m")]

Value = TypeVar("Value", int, float)


class HypercubeParameters(Parameters):
    """Parameters of `hypercube`."""

    dimensions: Annotated[int, Field(ge=1, le=20)] = Field(description="dimensions; 2^dimensions switches")
    hosts_per_switch: HostsPerSwitch = 0
    host_gbps: HostGbps = 800.0
    link_gbps: LinkGbps = 800.0
    host_length_m: HostLength = 3.0
    link_length_m: LinkLength = 50.0


def hypercube(p: HypercubeParameters) -> Fabric:
    """Switches numbered in binary, each joined to those whose number differs in one bit."""
    dims = (2,) * p.dimensions
    ends = np.concatenate([axis_links(dims, axis) for axis in range(p.dimensions)])
    links = [LinkClass("hypercube", ends, p.link_gbps, p.link_length_m)]
    return direct_fabric(p, links, switches=2**p.dimensions, structure=HyperX(dims, p.hosts_per_switch))


class FullMeshParameters(Parameters):
    """Parameters of `full_mesh`."""

    switches: Count = Field(description="switches")
    links_per_pair: Count = Field(default=1, description="parallel links between each two switches")
    hosts_per_switch: HostsPerSwitch = 0
    host_gbps: HostGbps = 800.0
    link_gbps: LinkGbps = 800.0
    host_length_m: HostLength = 3.0
    link_length_m: LinkLength = 50.0


def full_mesh(p: FullMeshParameters) -> Fabric:
    """Every switch is joined to every other."""
    ends = np.repeat(axis_links((p.switches,), 0), p.links_per_pair, axis=0)
    links = [LinkClass("mesh", ends, p.link_gbps, p.link_length_m)]
    return direct_fabric(p, links, switches=p.switches, structure=HyperX((p.switches,), p.hosts_per_switch))


class HyperXParameters(Parameters):
    """Parameters of `hyperx`; what may differ between axes is one value for all or one for each."""

    dims: Annotated[tuple[Count, ...], Field(min_length=1, max_length=16)] = Field(
        description="switches along each axis"
    )
    links_per_pair: Count | tuple[Count, ...] = Field(
        default=1, description="parallel links between each two switches of a line; one number, or one for each axis"
    )
    hosts_per_switch: HostsPerSwitch = 0
    host_gbps: HostGbps = 800.0
    link_gbps: Gbps | tuple[Gbps, ...] = Field(
        default=800.0, description="capacity of a link per direction, Gb/s; one number, or one for each axis"
    )
    host_length_m: HostLength = 3.0
    link_length_m: Meters | tuple[Meters, ...] = Field(
        default=50.0, description="switch to switch, m; one number, or one for each axis"
    )

    @field_validator("links_per_pair", "link_gbps", "link_length_m")
    @classmethod
    def _one_for_each_axis(cls, value: Value | tuple[Value, ...], info: ValidationInfo) -> Value | tuple[Value, ...]:
        dims = info.data.get("dims", ())  # missing when wrong itself
        if dims and isinstance(value, tuple) and len(value) != len(dims):
            msg = f"{len(value)} given for {len(dims)} axes; allowed: one number, or one for each axis"
            raise ValueError(msg)
        return value


def hyperx(p: HyperXParameters) -> Fabric:
    """Switches on a grid, each joined to all others along every axis; every axis is a link class of its own."""
    copies = _each_axis(p.links_per_pair, p.dims)
    gbps, length_m = _each_axis(p.link_gbps, p.dims), _each_axis(p.link_length_m, p.dims)
    links = [
        LinkClass(f"axis{axis}", np.repeat(axis_links(p.dims, axis), copies[axis], axis=0), gbps[axis], length_m[axis])
        for axis in range(len(p.dims))
    ]
    names = [f"({','.join(map(str, position))})" for position in np.ndindex(*p.dims)]
    structure = HyperX(p.dims, p.hosts_per_switch)
    return direct_fabric(p, links, switches=len(names), switch_names=names, structure=structure)


def _each_axis(value: Value | tuple[Value, ...], dims: tuple[int, ...]) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,) * len(dims)


def axis_links(dims: tuple[int, ...], axis: int) -> NDArray[np.int64]:
    """Return the links that join every two nodes of a row-major grid that differ along `axis` alone; shape (n, 2)."""
    lines = np.moveaxis(np.arange(int(np.prod(dims))).reshape(dims), axis, -1).reshape(-1, dims[axis])
    a, b = np.triu_indices(dims[axis], 1)
    return np.stack((lines[:, a], lines[:, b]), axis=-1).reshape(-1, 2)


class LinkClass(NamedTuple):
    """Links between switches that are built alike.

    Parameters
    ----------
    name
        What the links are.
    ends
        shape (n, 2): indices among the switches.
    gbps, length_m
        Capacity per direction and length.
    """

    name: str
    ends: NDArray[np.int64]
    gbps: float
    length_m: float


class HostParameters(Protocol):
    """What the parameters of every direct network say of its hosts."""

    @property
    def hosts_per_switch(self) -> int:
        """Hosts at each switch, >= 0."""
        ...

    @property
    def host_gbps(self) -> float:
        """Capacity of a host's link per direction."""
        ...

    @property
    def host_length_m(self) -> float:
        """Length of a host's link."""
        ...


def direct_fabric(
    p: HostParameters,
    links: Sequence[LinkClass],
    *,
    switches: int,
    switch_names: Sequence[str] | None = None,
    switch_group: ArrayLike = -1,
    structure: Structure | None = None,
) -> Fabric:
    """Put a direct network together: the switches joined as given, and the hosts of each.

    Parameters
    ----------
    p
        Parameters that say how many hosts each switch has and how they are joined.
    links
        The links between switches, class by class.
    switches
        Number of switches.
    switch_names
        What follows "chip" or "switch" in each name; the number by default.
    switch_group
        Group of each switch, and of its hosts; a scalar or shape (switches,).
    structure
        What the builder knows beyond the graph.
    """
    hosts = switches * p.hosts_per_switch
    if hosts:
        # indices among the switches: hosts come before them
        ends = np.column_stack((np.arange(-hosts, 0), np.arange(hosts) // p.hosts_per_switch))
        links = [LinkClass("host-switch", ends, p.host_gbps, p.host_length_m), *links]
    sizes = [len(part.ends) for part in links]
    group = np.broadcast_to(np.asarray(switch_group, dtype=np.int64), switches)
    word = "switch" if hosts else "chip"
    return Fabric.from_links(
        np.repeat([NodeKind.HOST, NodeKind.SWITCH if hosts else NodeKind.CHIP], [hosts, switches]),
        hosts + np.concatenate([part.ends for part in links]),
        capacity_gbps=np.repeat([part.gbps for part in links], sizes),
        length_m=np.repeat([part.length_m for part in links], sizes),
        link_class=np.repeat(np.arange(len(links)), sizes),
        link_class_names=[part.name for part in links],
        node_tier=np.repeat([0, 1 if hosts else 0], [hosts, switches]),
        node_group=np.concatenate((np.repeat(group, p.hosts_per_switch), group)),
        node_names=[f"host{i}" for i in range(hosts)] + [f"{word}{name}" for name in switch_names or range(switches)],
        structure=structure,
    )
