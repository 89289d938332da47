# SPDX-License-Identifier: Apache-2.0
"""Racks of the network: how many boxes go into one, what it draws, and whether that is more than it carries.

A rack takes as many boxes as fit its height, and no more than its supply and cooling carry at full load. Where power
stops before height does, the rack is flagged: it stays partly empty. Racks of accelerators are not the network's; with
an accelerator in the design they are counted by power alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optinet.errors import CatalogueError, Problem
from optinet.models.bom import BillOfMaterials
from optinet.models.facility import LIQUID, switch_cooling
from optinet.models.places import HOSTS, PLANT
from optinet.models.values import Quantity, has, median, nominal, unwrapped, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optinet.catalogue import Catalogue
    from optinet.design import Design

_SUPPLY = "psu_vrm"


@dataclass(frozen=True)
class Racks:
    """The racks of one place.

    Parameters
    ----------
    where
        "tier 1" and so on, "plant" or "hosts".
    component, rack
        The box and the rack.
    boxes, boxes_per_rack, racks
        How many there are, how many go into a rack, and how many racks that takes.
    boxes_by_height
        How many would fit by height; 0 where height does not count.
    box_w, rack_kw
        A box at full load with what is plugged into it, and a rack as filled.
    limit_kw
        What the rack carries.
    """

    where: str
    component: str
    rack: str
    boxes: int
    boxes_per_rack: int
    racks: int
    boxes_by_height: int
    box_w: Quantity
    limit_kw: float

    @property
    def rack_kw(self) -> Quantity:
        """Power of a rack as filled, at full load."""
        return min(self.boxes, self.boxes_per_rack) * self.box_w * 1e-3

    @property
    def full_kw(self) -> Quantity:
        """Power of a rack that is filled to its height, at full load."""
        return self.boxes_by_height * self.box_w * 1e-3

    @property
    def is_over_limit(self) -> bool:
        """Whether a rack filled to its height draws more than it carries."""
        return self.boxes_per_rack < self.boxes_by_height


def network_racks(
    bom: BillOfMaterials,
    full_load_w: Mapping[str, Quantity],
    n_hosts: int,
    design: Design,
    catalogue: Catalogue,
) -> tuple[Racks, ...]:
    """Return the racks of every tier of switches, of the optical plant, and of hosts where the accelerator is known.

    Parameters
    ----------
    bom
        Gives the boxes.
    full_load_w
        Power by place at full load.
    n_hosts
        Hosts and chips.
    design, catalogue
        Give the racks. Boxes whose height the catalogue does not list are left out.

    Raises
    ------
    CatalogueError
        Naming every box that draws more than a whole rack carries, and the racks that would carry it.
    """
    problems: list[Problem] = []
    found = [*_boxes(bom, full_load_w, design, catalogue, problems)]
    found += _hosts(full_load_w, n_hosts, design, catalogue, problems)
    if problems:
        raise CatalogueError(problems)
    return tuple(found)


def rack_of(design: Design, catalogue: Catalogue, role: str = "rack") -> str:
    """Return the rack that plays a role; where a design is silent, the one that suits the cooling."""
    cooling = switch_cooling(design, catalogue) if role == "rack" else design.component("host_cooling")
    return design.get(role) or ("rack_liquid" if cooling == LIQUID else "rack_air")


def rack_notes(racks: Sequence[Racks], catalogue: Catalogue) -> Iterator[str]:
    """Yield a remark for every kind of rack that power keeps from being filled."""
    for each in racks:
        if each.is_over_limit:
            full_kw = median(each.full_kw)
            room = ", ".join(f"{name} {kw:g} kW" for name, kw in _carrying(full_kw, catalogue))
            yield (
                f"{each.where}: {each.rack} carries {each.limit_kw:g} kW and {each.boxes_by_height} {each.component}, "
                f"which fill it, draw {full_kw:.0f} kW: {each.boxes_per_rack} go into a rack"
                + (f"; a full one needs {room}" if room else "")
            )


def _boxes(
    bom: BillOfMaterials,
    full_load_w: Mapping[str, Quantity],
    design: Design,
    catalogue: Catalogue,
    problems: list[Problem],
) -> Iterator[Racks]:
    for line in bom.of("switch", "ocs"):
        if not has(catalogue, line.component, "rack_units"):
            continue
        rack = "rack_air" if line.where == PLANT else rack_of(design, catalogue)
        box_w = unwrapped(full_load_w[line.where] / line.count)
        units = nominal(catalogue, rack, "rack_units") / nominal(catalogue, line.component, "rack_units")
        yield from _filled(line.where, line.component, rack, line.count, int(units), box_w, catalogue, problems)


def _hosts(
    full_load_w: Mapping[str, Quantity],
    n_hosts: int,
    design: Design,
    catalogue: Catalogue,
    problems: list[Problem],
) -> Iterator[Racks]:
    accelerator = design.get("accelerator")
    if accelerator is None or not n_hosts:
        return
    at_hosts_w = sum((full_load_w.get(place, 0.0) for place in (HOSTS, "chips")), 0.0)
    own_w = catalogue.value(accelerator, "tdp_w") / catalogue.value(_SUPPLY, "efficiency_fraction")
    box_w = unwrapped(own_w + at_hosts_w / n_hosts)
    rack = rack_of(design, catalogue, "host_rack")
    yield from _filled(HOSTS, accelerator, rack, n_hosts, 0, box_w, catalogue, problems)


def _filled(
    where: str,
    component: str,
    rack: str,
    boxes: int,
    by_height: int,
    box_w: Quantity,
    catalogue: Catalogue,
    problems: list[Problem],
) -> Iterator[Racks]:
    limit_kw, box_kw = nominal(catalogue, rack, "power_limit_kw"), median(box_w) * 1e-3
    by_power = int(limit_kw / box_kw * (1 + 1e-12)) if box_kw > 0 else boxes
    per_rack = min(by_height, by_power) if by_height else by_power
    if not per_rack:
        found = f"one {component} of {where} draws {box_kw:.3g} kW, {rack} carries {limit_kw:g} kW"
        fitting = ", ".join(f"{name} {kw:g} kW" for name, kw in _carrying(box_kw, catalogue))
        role = "design.host_rack" if where == HOSTS else "design.rack"
        problems.append(Problem(role, found, fitting or "no rack in the catalogue carries it"))
        return
    yield Racks(where, component, rack, boxes, per_rack, whole(boxes / per_rack), by_height, box_w, limit_kw)


def _carrying(power_kw: float, catalogue: Catalogue) -> list[tuple[str, float]]:
    """Return the racks that carry so much, the smallest first; only looked at, not recorded as used."""
    limits = ((name, catalogue[name].values["power_limit_kw"].value) for name in catalogue.ids("rack"))
    return sorted((item for item in limits if item[1] >= power_kw), key=lambda item: item[1])
