# SPDX-License-Identifier: Apache-2.0
"""Network power by category, and energy per delivered bit.

Load-dependent power (switches, chips) is taken at the load of the delivered traffic. Optics, cables, OCS, NIC and
SerDes burn full power whatever the load: PAM4 links send idle symbols. Power follows the bill of materials; every
category is its own line.

A switch box's published power is of its electronics with long-reach SerDes. Optics nearer the ASIC need less reach,
so only the difference to long reach is booked, at the link ends in use: an engine that is reached over
`electrical_loss_db` takes the least SerDes whose `max_loss_db` covers it. Optics that long reach alone covers differ
by 0. The SerDes of chips and NIC are inside their own lines and are not corrected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from optinet.fabric import Fabric, NodeKind
from optinet.link_classes import spare_end_nodes
from optinet.models.bom import BillOfMaterials
from optinet.models.facility import FacilityPower, facility_power
from optinet.models.physical_path import PhysicalPath
from optinet.models.places import power_by_place_w
from optinet.models.serdes import long_reach_serdes, serdes_for
from optinet.models.values import Quantity, nominal

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.solution import Solution

SPLIT = ("dsp", "laser", "driver", "tia", "other")
_ENDPOINT_CATEGORIES = ("nic", "chip network")


@dataclass(frozen=True)
class PowerLine:
    """Power of one category of parts in one place.

    Parameters
    ----------
    category
        switch, serdes difference, module dsp (laser, driver, tia, other), external laser, cable, ocs, nic, chip
        network.
    component
        Component id.
    where
        As in `optinet.models.bom.BomLine`.
    power_w
        May be negative for a SerDes difference, which is a saving.
    """

    category: str
    component: str
    where: str
    power_w: Quantity


@dataclass(frozen=True)
class PowerReport:
    """Power of a network.

    Parameters
    ----------
    lines
        Every part, in order of the bill of materials.
    facility
        What the building adds; not inside the network's power.
    delivered_gbps
        Delivered bits per second of all endpoints together.
    """

    lines: tuple[PowerLine, ...]
    facility: FacilityPower
    delivered_gbps: float

    @property
    def by_category_w(self) -> dict[str, Quantity]:
        """Watts of every category, in order of appearance."""
        totals: dict[str, Quantity] = {}
        for line in self.lines:
            totals[line.category] = totals.get(line.category, 0.0) + line.power_w
        return totals

    @property
    def network_w(self) -> Quantity:
        """All lines: IT power before the facility."""
        return _total(self.lines)

    @property
    def network_without_nic_and_chip_w(self) -> Quantity:
        """All lines but NIC and on-chip networks, which some fabrics have and others do not."""
        return _total([line for line in self.lines if line.category not in _ENDPOINT_CATEGORIES])

    @property
    def energy_pj_per_bit(self) -> Quantity:
        """Network power over delivered bits, each counted once end to end; NaN if nothing is delivered."""
        return self.network_w / self.delivered_gbps * 1e3 if self.delivered_gbps > 0 else np.nan


def power(
    solution: Solution, paths: tuple[PhysicalPath, ...], bom: BillOfMaterials, design: Design, catalogue: Catalogue
) -> PowerReport:
    """Return the power of a solved fabric in a design, line by line.

    Parameters
    ----------
    solution
        Gives the load of the delivered traffic on every arc.
    paths, bom
        Of the same fabric and design.
    design, catalogue
        The components and their values.
    """
    lines = [
        *_switches(solution, bom, catalogue),
        *_serdes(solution.fabric, paths, design, catalogue),
        *_optics(bom, catalogue),
    ]
    lines += [
        PowerLine(
            "external laser", line.component, line.where, line.count * external_laser_w(line.component, catalogue)
        )
        for line in bom.of("external_laser")
    ]
    for role, category, key in (
        ("ocs", "ocs", "power_w"),
        ("nic", "nic", "power_w"),
    ):
        lines += [
            PowerLine(category, line.component, line.where, line.count * catalogue.value(line.component, key))
            for line in bom.of(role)
        ]
    for line in bom.of("cable"):
        lines.append(
            PowerLine(
                "cable", line.component, line.where, 2 * line.count * catalogue.value(line.component, "end_power_w")
            )
        )
    lines += _chips(solution, bom, catalogue)
    by_place_w = power_by_place_w(lines, paths, solution.fabric)
    return PowerReport(tuple(lines), facility_power(by_place_w, design, catalogue), solution.delivered_gbps)


def full_load_w(
    report: PowerReport, paths: tuple[PhysicalPath, ...], bom: BillOfMaterials, fabric: Fabric, catalogue: Catalogue
) -> dict[str, Quantity]:
    """Return the power at every place with all switches at full load, which racks are built for."""
    boxes = {line.where: line.count * catalogue.value(line.component, "power_w") for line in bom.of("switch")}
    lines = [replace(line, power_w=boxes[line.where]) if line.category == "switch" else line for line in report.lines]
    return power_by_place_w(lines, paths, fabric)


def external_laser_w(laser: str, catalogue: Catalogue) -> Quantity:
    """Return the electrical power of an external laser module: light of its lasers over its wall-plug efficiency."""
    light_mw = nominal(catalogue, laser, "lanes") * catalogue.value(laser, "optical_power_mw")
    return light_mw * 1e-3 / catalogue.value(laser, "wall_plug_fraction")


def _total(lines: list[PowerLine] | tuple[PowerLine, ...]) -> Quantity:
    total: Quantity = 0.0
    for line in lines:
        total = total + line.power_w
    return total


def _switches(solution: Solution, bom: BillOfMaterials, catalogue: Catalogue) -> Iterator[PowerLine]:
    """``boxes * P * idle + P * (1 - idle) * load / box capacity``; the load of a switch is the mean of in and out."""
    fabric, load = solution.fabric, solution.arc_delivered_gbps
    for line in bom.of("switch"):
        box_w = catalogue.value(line.component, "power_w")
        idle_fraction = catalogue.value(line.component, "idle_power_fraction")
        of_tier = (fabric.node_kind == NodeKind.SWITCH) & (fabric.node_tier == int(line.where.removeprefix("tier ")))
        load_gbps = (load[of_tier[fabric.arc_tail]].sum() + load[of_tier[fabric.arc_head]].sum()) / 2
        boxes_at_full_load = float(load_gbps) / nominal(catalogue, line.component, "capacity_gbps")
        yield PowerLine(
            "switch",
            line.component,
            line.where,
            box_w * (line.count * idle_fraction + (1 - idle_fraction) * boxes_at_full_load),
        )


def _serdes(
    fabric: Fabric, paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue
) -> Iterator[PowerLine]:
    for path in paths:
        if path.medium == "copper":
            continue
        spare_at_switches = 0
        if path.spare_ends:
            spare_at_switches = int(np.count_nonzero(fabric.node_kind[spare_end_nodes(fabric)] == NodeKind.SWITCH))
        for module, kind, ends in (
            (path.end_a, path.kind_a, path.n_links),
            (path.end_b, path.kind_b, path.n_links + spare_at_switches),
        ):
            if kind != NodeKind.SWITCH:
                continue
            long_reach = long_reach_serdes(nominal(catalogue, design.component("switch"), "lane_gbps"))
            serdes = serdes_for(nominal(catalogue, module, "electrical_loss_db"), long_reach, catalogue)
            if serdes == long_reach:
                continue
            saved = catalogue.value(long_reach, "energy_pj_per_bit") - catalogue.value(serdes, "energy_pj_per_bit")
            yield PowerLine("serdes difference", serdes, path.link_class, -saved * (ends * path.gbps) * 1e-3)


def _optics(bom: BillOfMaterials, catalogue: Catalogue) -> Iterator[PowerLine]:
    """Modules at their total power, split in the catalogue's shares so that the parts of a draw sum to its total."""
    for line in bom.of("module"):
        parts = [catalogue.value(line.component, f"{part}_power_w") for part in SPLIT]
        share_sum: Quantity = 0.0
        for part_w in parts:
            share_sum = share_sum + part_w
        total_w = line.count * catalogue.value(line.component, "power_w")
        for name, part_w in zip(SPLIT, parts, strict=True):
            yield PowerLine(f"module {name}", line.component, line.where, total_w * part_w / share_sum)


def _chips(solution: Solution, bom: BillOfMaterials, catalogue: Catalogue) -> Iterator[PowerLine]:
    """On-chip routers and link SerDes: an idle share of their power at full capacity, the rest in proportion to load.

    A bit crosses one router per hop into a chip, and one SerDes at each end of a link that is on a chip.
    """
    fabric = solution.fabric
    is_chip = fabric.node_kind == NodeKind.CHIP
    into = is_chip[fabric.arc_head].astype(np.float64)
    ends = into + is_chip[fabric.arc_tail]
    for line in bom.of("chip"):
        router_pj_per_bit = catalogue.value(line.component, "router_pj_per_bit")
        serdes_pj_per_bit = catalogue.value(line.component, "serdes_pj_per_bit")
        idle_fraction = catalogue.value(line.component, "idle_power_fraction")

        full_w, loaded_w = (
            (float(rate_gbps @ into) * router_pj_per_bit + float(rate_gbps @ ends) * serdes_pj_per_bit) * 1e-3
            for rate_gbps in (fabric.arc_capacity_gbps, solution.arc_delivered_gbps)
        )
        yield PowerLine(
            "chip network", line.component, line.where, idle_fraction * full_w + (1 - idle_fraction) * loaded_w
        )
