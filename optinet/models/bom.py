# SPDX-License-Identifier: Apache-2.0
"""Bill of materials: how many of each component a design takes.

Counts follow from the fabric and the physical paths alone and are the same in every Monte Carlo draw. Modules and
cables shared by links slower than themselves are counted per bit and rounded up once per link class. A switch node is
one ASIC: a box of several ASICs holds one ASIC of each plane in a fabric of planes, else consecutive switches of one
tier. A link of s strands through an OCS needs s parallel copies of the plant, half as many where it is duplex. Every
external laser module feeds one box, by a polarization-maintaining fiber from each of its lasers.

Fibers end in the connector of a jumper at every module, and in connectors in a row of patch panels near each end. The
fibers of a link stay together: a connector takes whole links, or a link takes whole connectors. Panels are counted in
rack units. Every engine has its own fiber arrays, for its data and its laser fibers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric, NodeKind
from optinet.link_classes import link_ends, spare_end_nodes
from optinet.models.physical_path import PhysicalPath, is_engine, module_fibers
from optinet.models.values import nominal, nominal_or_zero, text_of, whole
from optinet.structure import Planes

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design


@dataclass(frozen=True)
class BomLine:
    """One line of the bill.

    Parameters
    ----------
    role
        What it is there for: a role of the design; optics at either end are "module", copper is "cable", "laser"
        counts light sources inside modules and external laser modules, "jumper" their connectors to the panels.
    component
        Component id.
    where
        Link class, tier of switches, "hosts", "chips" or "plant".
    count
        Pieces; strands for fiber, rack units for panels.
    length_m
        Length of all strands together; 0 for everything but fiber.
    """

    role: str
    component: str
    where: str
    count: int
    length_m: float = 0.0


@dataclass(frozen=True)
class BillOfMaterials:
    """Everything a design takes.

    Parameters
    ----------
    lines
        The bill, in order of switches, links, plant and endpoints.
    ocs_ports_used
        Ports taken on all OCS together, spare ends included.
    """

    lines: tuple[BomLine, ...]
    ocs_ports_used: int = 0

    def of(self, *roles: str) -> tuple[BomLine, ...]:
        """Return the lines of some roles."""
        return tuple(line for line in self.lines if line.role in roles)

    def count(self, *roles: str, where: str | None = None) -> int:
        """Return the pieces of some roles, everywhere or in one place."""
        return sum(line.count for line in self.of(*roles) if where in (None, line.where))

    @property
    def fibers(self) -> int:
        """Installed strands of single-mode fiber; a link through an OCS has two segments."""
        return self.count("fiber")


def bill_of_materials(
    fabric: Fabric, paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue
) -> BillOfMaterials:
    """Count the components of a design.

    Parameters
    ----------
    fabric, design, catalogue
        As given to `optinet.models.physical_path.physical_paths`.
    paths
        What it returned.
    """
    lines = [*_switches(fabric, design, catalogue)]
    for path in paths:
        lines += _copper(path) if path.medium == "copper" else _fiber(path, design, catalogue)
    lines += _external_lasers(fabric, paths, design, catalogue)
    lines += _endpoints(fabric, design, catalogue)
    optical = [path for path in paths if path.through_ocs]
    used = 0
    if fabric.plant is not None and optical:
        copies = -(-max(path.strands_per_link for path in optical) // fabric.plant.ports_per_end)
        ocs = design.component("ocs")
        lines.append(BomLine("ocs", ocs, "plant", fabric.plant.n_ocs * copies))
        used = sum((2 * path.n_links + path.spare_ends) * path.strands_per_link for path in optical)
    return BillOfMaterials(tuple(line for line in lines if line.count), used)


def asics_per_box(design: Design, catalogue: Catalogue) -> int:
    """Return how many switches, each one ASIC, stand in a box of a design; 1 where it names none."""
    switch = design.get("switch")
    return int(nominal(catalogue, switch, "asics")) if switch else 1


def switch_boxes(fabric: Fabric, asics: int) -> NDArray[np.int64]:
    """Return the box of every node, numbered from 0, and -1 for hosts and chips; shape (n_nodes,).

    Parameters
    ----------
    fabric
        Its switches, each one ASIC, are put into boxes that never mix tiers.
    asics
        ASICs in a box, >= 1.
    """
    nodes = np.flatnonzero(fabric.node_kind == NodeKind.SWITCH)
    if isinstance(fabric.structure, Planes):
        plane, position = np.divmod(np.arange(len(nodes)), sum(fabric.structure.plane.tiers))
        key = np.column_stack((position, plane // asics))
    else:
        tier = fabric.node_tier[nodes]
        order = np.argsort(tier, kind="stable")
        rank = np.empty_like(order)
        _, first, sizes = np.unique(tier[order], return_index=True, return_counts=True)
        rank[order] = np.arange(len(nodes)) - np.repeat(first, sizes)
        key = np.column_stack((tier, rank // asics))
    boxes = np.full(fabric.n_nodes, -1, dtype=np.int64)
    boxes[nodes] = np.unique(key, axis=0, return_inverse=True)[1].ravel()
    return boxes


def _switches(fabric: Fabric, design: Design, catalogue: Catalogue) -> Iterator[BomLine]:
    is_switch = fabric.node_kind == NodeKind.SWITCH
    if not is_switch.any():
        return
    switch = design.component("switch")
    boxes = switch_boxes(fabric, int(nominal(catalogue, switch, "asics")))
    for tier in np.unique(fabric.node_tier[is_switch]):
        count = len(np.unique(boxes[is_switch & (fabric.node_tier == tier)]))
        yield BomLine("switch", switch, f"tier {tier}", count)


def _copper(path: PhysicalPath) -> Iterator[BomLine]:
    yield BomLine("cable", path.end_a, path.link_class, whole(path.n_links * path.units_per_end_a))


def _fiber(path: PhysicalPath, design: Design, catalogue: Catalogue) -> Iterator[BomLine]:
    where, ends = path.link_class, 2 * path.n_links + path.spare_ends
    if path.end_a == path.end_b:
        modules = [(path.end_a, whole(ends * path.units_per_end_a))]
    else:
        modules = [
            (path.end_a, whole(path.n_links * path.units_per_end_a)),
            (path.end_b, whole(path.n_links * path.units_per_end_b)),
        ]
    for module, count in modules:
        yield BomLine("module", module, where, count)
        fibers, jumper = module_fibers(module, catalogue), _jumper(module, design, catalogue)
        yield BomLine("jumper", jumper, where, count * whole(fibers / nominal(catalogue, jumper, "fibers")))
        if is_engine(module, catalogue):
            array = design.component("fiber_array")
            held = fibers + nominal_or_zero(catalogue, module, "lasers")
            yield BomLine("fiber_array", array, where, count * whole(held / nominal(catalogue, array, "fibers")))
        if not nominal_or_zero(catalogue, module, "external_laser_lanes"):
            yield BomLine("laser", module, where, whole(count * nominal(catalogue, module, "lasers")))

    segments = path.segments * path.n_links + path.spare_ends  # a spare end has the one leg to its OCS
    legs_m = path.total_length_m + path.spare_ends * path.length_m / path.segments
    yield BomLine(
        "fiber", design.component("fiber"), where, segments * path.strands_per_link, legs_m * path.strands_per_link
    )

    # a part at an end is passed by every strand of every link, and at each spare end by half of what a link passes
    links = path.n_links + path.spare_ends / 2
    for name in ("connector", "shuffle", "circulator"):
        for component in dict.fromkeys(part.component for part in path.parts if part.name == name):
            passes = sum(part.component == component for part in path.parts) * links
            takes = 1.0 if name == "circulator" else nominal(catalogue, component, "fibers")
            if name == "connector":
                yield BomLine(name, component, where, _connectors(passes, path.strands_per_link, takes))
            else:
                yield BomLine(name, component, where, whole(passes * path.strands_per_link / takes))
    panel = design.component("panel")
    positions = path.count("connector") * links * path.strands_per_link
    yield BomLine("panel", panel, where, whole(positions / nominal(catalogue, panel, "fibers_per_rack_unit")))


def _jumper(module: str, design: Design, catalogue: Catalogue) -> str:
    """Return the connector at a module: LC, or the multi-fiber one that holds all its fibers."""
    if text_of(catalogue, module, "connector") == "lc":
        return design.component("lc_connector")
    small = design.component("connector_12")
    fits = module_fibers(module, catalogue) <= nominal(catalogue, small, "fibers")
    return small if fits else design.component("connector")


def _connectors(passes: float, strands: int, fibers: float) -> int:
    """Return the connectors at which links of so many strands pass: whole links in each, or whole ones for each."""
    if strands > fibers:
        return whole(passes * whole(strands / fibers))
    return whole(passes / (fibers // strands))


def fed_lanes(fabric: Fabric, paths: tuple[PhysicalPath, ...], catalogue: Catalogue) -> NDArray[np.float64]:
    """Return how many transmit lanes of every node draw light from external lasers; shape (n_nodes,)."""
    lanes = np.zeros(fabric.n_nodes)
    for path in paths:
        if path.medium == "copper":
            continue
        nodes = link_ends(fabric, path.class_index)
        ends = [(path.end_a, path.units_per_end_a, nodes[:, 0]), (path.end_b, path.units_per_end_b, nodes[:, 1])]
        if path.spare_ends:
            ends.append((path.end_b, path.units_per_end_b, spare_end_nodes(fabric)))
        for module, units, at in ends:
            fed_per_end = units * nominal_or_zero(catalogue, module, "external_laser_lanes")
            lanes += fed_per_end * np.bincount(at, minlength=fabric.n_nodes)
    return lanes


def _external_lasers(
    fabric: Fabric, paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue
) -> Iterator[BomLine]:
    lanes = fed_lanes(fabric, paths, catalogue)
    if not lanes.any():
        return
    laser = design.component("external_laser")
    per_laser, lasers = nominal(catalogue, laser, "tx_lanes_fed"), int(nominal(catalogue, laser, "lanes"))
    boxes = switch_boxes(fabric, asics_per_box(design, catalogue))
    is_switch = boxes >= 0
    places = [("hosts", fabric.node_kind == NodeKind.HOST), ("chips", fabric.node_kind == NodeKind.CHIP)]
    places += [
        (f"tier {tier}", is_switch & (fabric.node_tier == tier)) for tier in np.unique(fabric.node_tier[is_switch])
    ]
    for where, nodes in places:
        # a host or chip is a box of its own
        of_box = np.bincount(boxes[nodes], weights=lanes[nodes]) if where.startswith("tier") else lanes[nodes]
        count = int(np.ceil(of_box / per_laser - 1e-9).sum())
        yield BomLine("external_laser", laser, where, count)
        yield BomLine("laser", laser, where, count * lasers)
        # one polarization-maintaining fiber leaves each laser
        yield BomLine("pm_fiber", design.component("pm_fiber"), where, count * lasers)
        yield BomLine("pm_connector", design.component("pm_connector"), where, count)


def _endpoints(fabric: Fabric, design: Design, catalogue: Catalogue) -> Iterator[BomLine]:
    hosts = fabric.node_kind == NodeKind.HOST
    if hosts.any():
        nic = design.component("nic")
        out_gbps = np.bincount(fabric.arc_tail, weights=fabric.arc_capacity_gbps, minlength=fabric.n_nodes)[hosts]
        yield BomLine("nic", nic, "hosts", int(np.ceil(out_gbps / nominal(catalogue, nic, "rate_gbps") - 1e-9).sum()))
    chips = int(np.count_nonzero(fabric.node_kind == NodeKind.CHIP))
    if chips:
        yield BomLine("chip", design.component("chip"), "chips", chips)
