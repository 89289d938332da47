# SPDX-License-Identifier: Apache-2.0
"""What a bill of materials supplies against what the fabric needs of it: lanes, fibers, fiber ends, ports.

The bill is counted part by part; here each count is confronted with the fabric, its plant or another part, so that no
fiber can begin without ending and no port be used twice. Every run keeps the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optinet.fabric import Fabric, NodeKind
from optinet.models.bom import BillOfMaterials, fed_lanes
from optinet.models.physical_path import PhysicalPath, module_fibers
from optinet.models.values import nominal, nominal_or_zero

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design


@dataclass(frozen=True)
class Balance:
    """One thing that must suffice, or come out even.

    Parameters
    ----------
    where
        Link class, "hosts", "switches" or "plant".
    what
        What is counted, with its unit.
    needed, supplied
        By the fabric, and by the bill of materials.
    exact
        Whether the two must be equal; else no less may be supplied than is needed.
    """

    where: str
    what: str
    needed: float
    supplied: float
    exact: bool = False

    @property
    def holds(self) -> bool:
        """Whether what is supplied is enough, or equal."""
        slack = 1e-9 * max(abs(self.needed), 1.0)
        return abs(self.supplied - self.needed) <= slack if self.exact else self.supplied >= self.needed - slack


def balances(
    fabric: Fabric, paths: tuple[PhysicalPath, ...], bom: BillOfMaterials, design: Design, catalogue: Catalogue
) -> tuple[Balance, ...]:
    """Return all balances of a design.

    Parameters
    ----------
    fabric, paths, bom, design, catalogue
        The bill of materials and what it was made from.
    """
    found: list[Balance] = []
    for path in paths:
        found += _copper(path, bom, catalogue) if path.medium == "copper" else _fiber(path, bom, catalogue)
    return (*found, *_plant(fabric, bom, catalogue), *_nodes(fabric, paths, bom, design, catalogue))


def _copper(path: PhysicalPath, bom: BillOfMaterials, catalogue: Catalogue) -> Iterator[Balance]:
    carried_gbps = bom.count("cable", where=path.link_class) * nominal(catalogue, path.end_a, "rate_gbps")
    yield Balance(path.link_class, "Gb/s of cables", path.n_links * path.gbps, carried_gbps)


def _fiber(path: PhysicalPath, bom: BillOfMaterials, catalogue: Catalogue) -> Iterator[Balance]:
    where, link_ends = path.link_class, 2 * path.n_links + path.spare_ends
    strand_ends = link_ends * path.strands_per_link

    def holds(role: str, key: str) -> float:
        """What the pieces of a role hold together."""
        lines = (line for line in bom.of(role) if line.where == where)
        return sum(line.count * nominal(catalogue, line.component, key) for line in lines)

    modules = [line for line in bom.of("module") if line.where == where]
    of_modules = sum(line.count * module_fibers(line.component, catalogue) for line in modules)
    yield Balance(where, "Gb/s of modules", link_ends * path.gbps, holds("module", "rate_gbps"))
    yield Balance(where, "lanes of modules", link_ends * path.lanes_per_link, holds("module", "lanes"))
    yield Balance(where, "fibers of modules", strand_ends, of_modules)
    yield Balance(where, "fibers of jumpers", of_modules, holds("jumper", "fibers"))
    # every strand has two ends: one at a module or its panel, the other there too or at an OCS
    at_ocs = strand_ends if path.through_ocs else 0
    yield Balance(where, "ends of fibers", strand_ends + at_ocs, 2 * bom.count("fiber", where=where), exact=True)
    panels = strand_ends / 2 * path.count("connector")
    yield Balance(where, "fibers of connectors", panels, holds("connector", "fibers"))
    yield Balance(where, "fibers of panels", panels, holds("panel", "fibers_per_rack_unit"))
    yield Balance(where, "fibers of shuffles", strand_ends / 2 * path.count("shuffle"), holds("shuffle", "fibers"))
    yield Balance(
        where,
        "circulators",
        strand_ends / 2 * path.count("circulator"),
        bom.count("circulator", where=where),
        exact=True,
    )
    if path.count("fiber_array"):
        engines = [line for line in modules if nominal_or_zero(catalogue, line.component, "external_laser_lanes")]
        held = sum(
            line.count * (module_fibers(line.component, catalogue) + nominal(catalogue, line.component, "lasers"))
            for line in engines
        )
        yield Balance(where, "fibers of fiber arrays", held, holds("fiber_array", "fibers"))


def _plant(fabric: Fabric, bom: BillOfMaterials, catalogue: Catalogue) -> Iterator[Balance]:
    lines = bom.of("ocs")
    if fabric.plant is None or not lines:
        return
    copies = lines[0].count / fabric.plant.n_ocs
    supplied = sum(line.count * nominal(catalogue, line.component, "ports") for line in lines)
    yield Balance("plant", "ports of OCS in use", fabric.plant.n_ends * copies, bom.ocs_ports_used, exact=True)
    yield Balance("plant", "ports of OCS", bom.ocs_ports_used, supplied)


def _nodes(
    fabric: Fabric, paths: tuple[PhysicalPath, ...], bom: BillOfMaterials, design: Design, catalogue: Catalogue
) -> Iterator[Balance]:
    is_switch, is_host = fabric.node_kind == NodeKind.SWITCH, fabric.node_kind == NodeKind.HOST
    boxes = bom.of("switch")
    if boxes:
        asics = sum(line.count * nominal(catalogue, line.component, "asics") for line in boxes)
        in_links_gbps = float(fabric.arc_capacity_gbps[is_switch[fabric.arc_tail]].sum())
        capacity_gbps = sum(line.count * nominal(catalogue, line.component, "capacity_gbps") for line in boxes)
        yield Balance("switches", "ASICs", int(np.count_nonzero(is_switch)), asics)
        yield Balance("switches", "Gb/s of switches", in_links_gbps, capacity_gbps)
    nics = bom.of("nic")
    if nics:
        out_gbps = float(fabric.arc_capacity_gbps[is_host[fabric.arc_tail]].sum())
        rate_gbps = sum(line.count * nominal(catalogue, line.component, "rate_gbps") for line in nics)
        yield Balance("hosts", "Gb/s of NIC", out_gbps, rate_gbps)
    lasers = bom.count("external_laser")
    if lasers:
        laser = design.component("external_laser")
        fed = float(fed_lanes(fabric, paths, catalogue).sum())
        yield Balance("lasers", "lanes fed", fed, lasers * nominal(catalogue, laser, "tx_lanes_fed"))
        fibers = lasers * nominal(catalogue, laser, "lanes")
        yield Balance("lasers", "polarization-maintaining fibers", fibers, bom.count("pm_fiber"), exact=True)
