# SPDX-License-Identifier: Apache-2.0
"""Racks of the network: how many boxes go into one, what it draws, and whether that is more than it carries.

A design may tell how many boxes of a place stand in a rack, and which switches stand in the racks of hosts; then that
holds, and a rack that draws more than it carries is flagged. Where it is silent, a rack takes as many boxes as fit its
height, and no more than its supply and cooling carry at full load; where power stops before height does, the rack is
flagged: it stays partly empty. Racks of hosts are told where the accelerator is known, and filled by power alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from optinet.errors import CatalogueError, Problem
from optinet.models.bom import BillOfMaterials
from optinet.models.facility import LIQUID, switch_cooling
from optinet.models.places import CHIPS, HOSTS, PLANT
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
        How many there are, how many go into a rack, and how many racks that takes; no racks of their own for switches
        that stand in the racks of hosts.
    boxes_by_height
        How many would fit by height; 0 where height does not count.
    box_w, rack_kw
        A box at full load with what is plugged into it, and a rack as filled with all that stands in it.
    limit_kw
        What the rack carries.
    is_told
        Whether the design tells how many go into a rack.
    """

    where: str
    component: str
    rack: str
    boxes: int
    boxes_per_rack: int
    racks: int
    boxes_by_height: int
    box_w: Quantity
    rack_kw: Quantity
    limit_kw: float
    is_told: bool = False

    @property
    def full_kw(self) -> Quantity:
        """Power of a rack that is filled to its height, at full load."""
        return self.boxes_by_height * self.box_w * 1e-3

    @property
    def is_over_limit(self) -> bool:
        """Whether a rack as told, or one filled to its height as far as there are boxes, draws more than it carries."""
        if self.is_told:
            return median(self.rack_kw) > self.limit_kw * (1 + 1e-9)
        return self.boxes_per_rack < min(self.boxes, self.boxes_by_height)


@dataclass(frozen=True)
class _Boxes:
    """The boxes of one place before they are put into racks; `by_height` is 0 where height does not count."""

    where: str
    component: str
    rack: str
    count: int
    by_height: int
    box_w: Quantity

    @property
    def key(self) -> str:
        """Its key of the racks of a design."""
        return self.where.replace(" ", "_")


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
        Naming every box that draws more than a whole rack carries, with the racks that would carry it, and everything
        the design tells of racks that the fabric does not have.
    """
    boxes = [*_switches_and_plant(bom, full_load_w, design, catalogue)]
    hosts = _hosts(full_load_w, n_hosts, design, catalogue)
    problems = [*_misplaced([*boxes, *([hosts] if hosts else [])], hosts, design)]
    guests = [each for each in boxes if hosts and design.racks.get(each.key) == HOSTS]
    own = [each for each in boxes if design.racks.get(each.key) != HOSTS]
    found = [_filled(each, 0.0, design, catalogue, problems) for each in own]
    if hosts:
        beside_w = sum((each.count * each.box_w for each in guests), 0.0) / hosts.count
        home = _filled(hosts, beside_w, design, catalogue, problems)
        found = [*([_guest(each, home) for each in guests] if home else []), *found, home]
    if problems:
        raise CatalogueError(problems)
    return tuple(each for each in found if each)


def rack_of(design: Design, catalogue: Catalogue, role: str = "rack") -> str:
    """Return the rack that plays a role; where a design is silent, the one that suits the cooling."""
    cooling = switch_cooling(design, catalogue) if role == "rack" else design.component("host_cooling")
    return design.get(role) or ("rack_liquid" if cooling == LIQUID else "rack_air")


def rack_notes(racks: Sequence[Racks], catalogue: Catalogue) -> Iterator[str]:
    """Yield a remark for every kind of rack that draws more than it carries, or that power keeps from being filled."""
    for each in racks:
        if each.is_told and each.racks:
            yield from _told_notes(each, catalogue)
        elif each.is_over_limit and each.racks:
            full_kw = median(each.full_kw)
            room = ", ".join(f"{name} {kw:g} kW" for name, kw in _carrying(full_kw, catalogue))
            yield (
                f"{each.where}: {each.rack} carries {each.limit_kw:g} kW and {each.boxes_by_height} {each.component}, "
                f"which fill it, draw {full_kw:.0f} kW: {each.boxes_per_rack} go into a rack"
                + (f"; a full one needs {room}" if room else "")
            )


def _told_notes(racks: Racks, catalogue: Catalogue) -> Iterator[str]:
    stand = f"{racks.where}: {racks.boxes_per_rack} {racks.component} stand in a rack"
    if racks.is_over_limit:
        rack_kw = median(racks.rack_kw)
        room = ", ".join(f"{name} {kw:g} kW" for name, kw in _carrying(rack_kw, catalogue))
        yield (
            f"{stand}, which with all in it draws {rack_kw:.0f} kW; {racks.rack} carries {racks.limit_kw:g}"
            + (f", {room}" if room else ", and no rack in the catalogue does")
        )
    if 0 < racks.boxes_by_height < racks.boxes_per_rack:
        yield f"{stand}, {racks.boxes_by_height} fit {racks.rack} by height"


def _switches_and_plant(
    bom: BillOfMaterials, full_load_w: Mapping[str, Quantity], design: Design, catalogue: Catalogue
) -> Iterator[_Boxes]:
    for line in bom.of("switch", "ocs"):
        by_height = 0
        rack = "rack_air" if line.where == PLANT else rack_of(design, catalogue)
        if has(catalogue, line.component, "rack_units"):
            units = nominal(catalogue, rack, "rack_units") / nominal(catalogue, line.component, "rack_units")
            by_height = int(units)
        elif line.where.replace(" ", "_") not in design.racks:
            continue
        box_w = unwrapped(full_load_w[line.where] / line.count)
        yield _Boxes(line.where, line.component, rack, line.count, by_height, box_w)


def _hosts(full_load_w: Mapping[str, Quantity], n_hosts: int, design: Design, catalogue: Catalogue) -> _Boxes | None:
    accelerator = design.get("accelerator")
    if accelerator is None or not n_hosts:
        return None
    at_hosts_w = sum((full_load_w.get(place, 0.0) for place in (HOSTS, CHIPS)), 0.0)
    own_w = catalogue.value(accelerator, "tdp_w") / catalogue.value(_SUPPLY, "efficiency_fraction")
    box_w = unwrapped(own_w + at_hosts_w / n_hosts)
    return _Boxes(HOSTS, accelerator, rack_of(design, catalogue, "host_rack"), n_hosts, 0, box_w)


def _misplaced(places: Sequence[_Boxes], hosts: _Boxes | None, design: Design) -> Iterator[Problem]:
    """Yield what the design tells of racks and this fabric cannot have."""
    known = tuple(each.key for each in places)
    for key, told in design.racks.items():
        if key not in known:
            needs = "; it needs design.accelerator" if key == HOSTS else ""
            yield Problem(f"racks.{key}", f"nothing here stands in such racks{needs}", ", ".join(known) or "no racks")
        elif told == HOSTS and hosts is None:
            found = "switches in the racks of hosts, whose racks are not known without design.accelerator"
            yield Problem(f"racks.{key}", found, "design.accelerator, or a whole number")


def _guest(boxes: _Boxes, home: Racks) -> Racks:
    """Return switches that stand in the racks of hosts and have none of their own."""
    return replace(
        home,
        where=boxes.where,
        component=boxes.component,
        boxes=boxes.count,
        boxes_per_rack=whole(boxes.count / home.racks),
        racks=0,
        boxes_by_height=0,
        box_w=boxes.box_w,
        is_told=True,
    )


def _filled(
    boxes: _Boxes, beside_w: Quantity, design: Design, catalogue: Catalogue, problems: list[Problem]
) -> Racks | None:
    """Put boxes into racks, each with `beside_w` of what stands in the same racks."""
    limit_kw, with_w = nominal(catalogue, boxes.rack, "power_limit_kw"), boxes.box_w + beside_w
    told = design.racks.get(boxes.key)
    if isinstance(told, int):
        per_rack = told
    else:
        box_kw = median(with_w) * 1e-3
        by_power = int(limit_kw / box_kw * (1 + 1e-12)) if box_kw > 0 else boxes.count
        per_rack = min(boxes.by_height, by_power) if boxes.by_height else by_power
        if not per_rack:
            found = (
                f"one {boxes.component} of {boxes.where} draws {box_kw:.3g} kW, {boxes.rack} carries {limit_kw:g} kW"
            )
            fitting = ", ".join(f"{name} {kw:g} kW" for name, kw in _carrying(box_kw, catalogue))
            role = "design.host_rack" if boxes.where == HOSTS else "design.rack"
            problems.append(Problem(role, found, fitting or "no rack in the catalogue carries it"))
            return None
    return Racks(
        where=boxes.where,
        component=boxes.component,
        rack=boxes.rack,
        boxes=boxes.count,
        boxes_per_rack=per_rack,
        racks=whole(boxes.count / per_rack),
        boxes_by_height=boxes.by_height,
        box_w=boxes.box_w,
        rack_kw=min(boxes.count, per_rack) * with_w * 1e-3,
        limit_kw=limit_kw,
        is_told=isinstance(told, int),
    )


def _carrying(power_kw: float, catalogue: Catalogue) -> list[tuple[str, float]]:
    """Return the racks that carry so much, the smallest first; only looked at, not recorded as used."""
    limits = ((name, catalogue[name].values["power_limit_kw"].value) for name in catalogue.ids("rack"))
    return sorted((item for item in limits if item[1] >= power_kw), key=lambda item: item[1])
