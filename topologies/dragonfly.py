# SPDX-License-Identifier: Apache-2.0
"""Dragonfly: fully joined groups of switches, with a global link between every two groups.

Reference: J. Kim, W. J. Dally, S. Scott, D. Abts, "Technology-Driven, Highly-Scalable Dragonfly Topology", ISCA 2008;
in its letters a = switches_per_group, h = global_links_per_switch, p = hosts_per_switch, g = groups.

The a h global ports of a group are numbered switch by switch; port n is on switch n // h of the group. In a dragonfly
of g = a h + 1 groups, port n of group i is joined to group (i + n + 1) mod g, at its port a h - 1 - n. With fewer
groups this wiring of g - 1 ports is repeated on each further g - 1, and ports that are left over stay free.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from optinet.fabric import Fabric
from optinet.structure import Dragonfly
from topologies.direct import HostGbps, HostLength, HostsPerSwitch, LinkClass, axis_links, direct_fabric
from topologies.parameters import Count, Gbps, Meters, Parameters


class DragonflyParameters(Parameters):
    """Parameters of `dragonfly`."""

    switches_per_group: Count = Field(description="switches in a group, each joined to all others of the group")
    global_links_per_switch: Count = Field(description="ports of each switch for links to other groups")
    groups: Annotated[int, Field(ge=2)] | None = Field(
        default=None,
        description="groups; switches_per_group x global_links_per_switch + 1, the most there can be, when not given",
    )
    hosts_per_switch: HostsPerSwitch = 0
    host_gbps: HostGbps = 800.0
    local_gbps: Gbps = Field(default=800.0, description="capacity of a link within a group per direction, Gb/s")
    global_gbps: Gbps = Field(default=800.0, description="capacity of a link between groups per direction, Gb/s")
    host_length_m: HostLength = 3.0
    local_length_m: Meters = Field(default=5.0, description="switch to switch within a group, m")
    global_length_m: Meters = Field(default=100.0, description="group to group, m")

    @field_validator("groups")
    @classmethod
    def _reachable(cls, groups: int | None, info: ValidationInfo) -> int | None:
        size, per_switch = (info.data.get(key) for key in ("switches_per_group", "global_links_per_switch"))
        if groups and size and per_switch and groups > size * per_switch + 1:
            ports = size * per_switch
            msg = f"{groups}, but the {ports} global ports of a group reach no more others; allowed: 2 to {ports + 1}"
            raise ValueError(msg)
        return groups


def dragonfly(p: DragonflyParameters) -> Fabric:
    """Groups of switches: a full mesh within each group, and links between every two groups."""
    size = p.switches_per_group
    groups = p.groups or size * p.global_links_per_switch + 1
    links = [
        LinkClass("local", axis_links((groups, size), 1), p.local_gbps, p.local_length_m),
        LinkClass("global", global_links(groups, size, p.global_links_per_switch), p.global_gbps, p.global_length_m),
    ]
    group = np.repeat(np.arange(groups), size)
    return direct_fabric(
        p,
        links,
        switches=groups * size,
        switch_names=[f"({g},{r})" for g, r in np.ndindex(groups, size)],
        switch_group=group,
        structure=Dragonfly(groups, size, p.hosts_per_switch),
    )


def global_links(groups: int, switches_per_group: int, links_per_switch: int) -> NDArray[np.int64]:
    """Return the links between groups, as indices among the switches, each from the lower group; shape (n, 2)."""
    others = groups - 1
    copies = switches_per_group * links_per_switch // others
    group, copy, port = (i.ravel() for i in np.meshgrid(*map(np.arange, (groups, copies, others)), indexing="ij"))
    peer = (group + port + 1) % groups
    tail = group * switches_per_group + (copy * others + port) // links_per_switch
    head = peer * switches_per_group + (copy * others + others - 1 - port) // links_per_switch
    return np.column_stack((tail, head))[group < peer]  # the other half is the same links seen from the other end
