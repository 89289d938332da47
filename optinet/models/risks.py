# SPDX-License-Identifier: Apache-2.0
"""What may fail in a design: from physical paths, boxes, racks and the catalogue to the risks of a fabric.

Rates are those of the catalogue's parts, repair times and the rates of what is no part of the network (hosts, racks,
power domains, bundles of fibers) are of the component that plays the role `repair`. A link is down in both directions
when anything at or between its ends is: Ethernet takes a link down on a fault of either direction.

- **module**: a module that serves several slower links takes all of them down; a link of several modules is down when
  one is. Consecutive ends at one node share a module.
- **cable**: an active copper cable takes down its link.
- **external_laser**: a laser module takes down the links of all engines that it feeds, `tx_lanes_fed` lanes of a box.
- **box_swap**: an engine that cannot be plugged is replaced with its box, which is down for that time.
- **switch**: a box, with all its ASICs. **nic**, **host**: the endpoint.
- **ocs**: a box with all fiber ends on it, once for each parallel copy of the plant; **ocs_port**: one fiber end.
- **trunk**: all fibers of a link class between the same two racks (nodes, where racks are not known).
- **rack**: all boxes in it, hosts where the design tells how many stand in a rack. **power_domain**: racks are dealt
  out to the domains in turn, each kind of rack for itself, so that a domain takes a share of every tier; boxes and
  hosts whose racks are not known are not in any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric, NodeKind
from optinet.link_classes import link_ends
from optinet.models.bom import asics_per_box, switch_boxes
from optinet.models.physical_path import PhysicalPath, is_engine
from optinet.models.placement import Placement, boxes_of_tier, place_names, placement
from optinet.models.places import CHIPS, HOSTS, PLANT
from optinet.models.values import has, nominal, nominal_or_zero
from optinet.reliability.risks import Cause, Ints
from optinet.reliability.settings import CAUSES

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.models.racks import Racks


def repair_of(design: Design) -> str:
    """Return the component with repair times; no default of its role, because few scenarios look at failures."""
    return design.get("repair") or "field_repair"


@dataclass(frozen=True, eq=False)
class DesignRisks:
    """The causes of failure in a design.

    Parameters
    ----------
    fabric, paths, racks, design, catalogue
        As `optinet.assess` has them.
    power_domains
        Into how many domains the racks are dealt, >= 1; four as in Jupiter (L. Poutievski et al., SIGCOMM 2022).
    """

    fabric: Fabric
    paths: tuple[PhysicalPath, ...]
    racks: tuple[Racks, ...]
    design: Design
    catalogue: Catalogue
    power_domains: int = 4

    def causes(self, kinds: Sequence[str] = CAUSES) -> Iterator[Cause]:
        """Yield the causes of some kinds, in the order of `CAUSES`."""
        ends = _LinkEnds.of(self)
        for kind in CAUSES:
            if kind in kinds:
                yield from getattr(self, f"_{kind}")(ends)

    # one method for each kind, under its name

    def _module(self, ends: _LinkEnds) -> Iterator[Cause]:
        for part, where, chosen, units in ends.kinds():
            fit = self._fit(part)
            share = units if units > 1 else 1.0
            risk = ends.shared(chosen, max(1, int(1 / units + 1e-9)))
            hours = "engine_hours" if is_engine(part, self.catalogue) else "pluggable_hours"
            yield ends.cause("module", part, where, fit * share, self._repair(hours), risk, chosen)

    def _cable(self, _: _LinkEnds) -> Iterator[Cause]:
        for path in self.paths:
            if path.medium == "copper":
                links = np.flatnonzero(self.fabric.link_class == path.class_index)
                fit = self._fit(path.end_a) * max(path.units_per_end_a, 1.0)
                hours = self._repair("pluggable_hours")
                pairs = np.array([np.arange(len(links)), links])
                yield from _if_rated("cable", path.end_a, path.link_class, len(links), fit, hours, links=pairs)

    def _external_laser(self, ends: _LinkEnds) -> Iterator[Cause]:
        if not ends.fed_lanes.any():
            return
        laser = self.design.component("external_laser")
        fed = nominal(self.catalogue, laser, "tx_lanes_fed")
        fit, hours = self._fit(laser), self._repair("pluggable_hours")
        for where in dict.fromkeys(ends.place):
            chosen = np.flatnonzero((np.array(ends.place) == where) & (ends.fed_lanes > 0))
            box, lanes = ends.box[chosen], ends.fed_lanes[chosen]
            order = np.argsort(box, kind="stable")
            chosen, box, lanes = chosen[order], box[order], lanes[order]
            boxes, start = np.unique(box, return_index=True)
            total = np.cumsum(lanes)
            before = np.repeat(np.concatenate(([0.0], total))[start], np.diff(np.append(start, len(box))))
            first = np.floor((total - lanes - before) / fed + 1e-9).astype(np.int64)
            last = np.ceil((total - before) / fed - 1e-9).astype(np.int64)
            per_box = np.maximum.reduceat(last, start)
            offset = np.concatenate(([0], np.cumsum(per_box)))[np.searchsorted(boxes, box)]
            spans = np.maximum(last - first, 1)
            step = np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans)
            risk = np.repeat(offset + first, spans) + step
            yield ends.cause("external_laser", laser, where, fit, hours, risk, np.repeat(chosen, spans))

    def _box_swap(self, ends: _LinkEnds) -> Iterator[Cause]:
        engines: dict[tuple[str, str], float] = {}
        for part, _, chosen, units in ends.kinds():
            if is_engine(part, self.catalogue):
                for place in dict.fromkeys(np.array(ends.place)[chosen].tolist()):
                    count = float(np.count_nonzero(np.array(ends.place)[chosen] == place)) * units
                    engines[place, part] = engines.get((place, part), 0.0) + count
        for (place, part), count in engines.items():
            box, nodes = self._boxes(place)
            if (n := len(np.unique(box))) and place not in (HOSTS, CHIPS):
                fit, hours = self._fit(part) * count / n, self._repair("box_swap_hours")
                yield from _if_rated("box_swap", part, place, n, fit, hours, nodes=_pairs(box, nodes))

    def _switch(self, _: _LinkEnds) -> Iterator[Cause]:
        part = self.design.get("switch")
        for place in self._places() if part else ():
            box, nodes = self._boxes(place)
            fit, hours = self._fit(str(part)), self._repair("switch_hours")
            yield from _if_rated("switch", str(part), place, len(np.unique(box)), fit, hours, nodes=_pairs(box, nodes))

    def _ocs(self, _: _LinkEnds) -> Iterator[Cause]:
        plant, optical = self.fabric.plant, [path for path in self.paths if path.through_ocs]
        if plant is None or not optical:
            return
        part = self.design.component("ocs")
        if has(self.catalogue, part, "mtbf_hours"):
            copies = -(-max(path.strands_per_link for path in optical) // plant.ports_per_end)
            fit = copies * 1e9 / nominal(self.catalogue, part, "mtbf_hours")
            pairs = np.array([plant.end_ocs, np.arange(plant.n_ends)])
            yield from _if_rated("ocs", part, PLANT, plant.n_ocs, fit, self._repair("ocs_hours"), ends=pairs)

    def _ocs_port(self, _: _LinkEnds) -> Iterator[Cause]:
        plant = self.fabric.plant
        if plant is None:
            return
        for path in self.paths:
            if path.through_ocs:
                part = self.design.component("ocs")
                fit = nominal_or_zero(self.catalogue, part, "port_fit") * path.strands_per_link
                circuits = self.fabric.link_class[plant.circuit_link] == path.class_index
                of_class = plant.circuit_ends[circuits].ravel()
                pairs = np.array([np.arange(len(of_class)), of_class])
                hours = self._repair("ocs_hours")
                yield from _if_rated("ocs_port", part, path.link_class, len(of_class), fit, hours, ends=pairs)

    def _nic(self, _: _LinkEnds) -> Iterator[Cause]:
        fabric = self.fabric
        hosts = np.flatnonzero(fabric.node_kind == NodeKind.HOST)
        if len(hosts):
            nic = self.design.component("nic")
            out_gbps = np.bincount(fabric.arc_tail, weights=fabric.arc_capacity_gbps, minlength=fabric.n_nodes)[hosts]
            each = np.ceil(out_gbps / nominal(self.catalogue, nic, "rate_gbps") - 1e-9).mean()
            fit, hours = self._fit(nic) * float(each), self._repair("host_hours")
            yield from _if_rated("nic", nic, HOSTS, len(hosts), fit, hours, nodes=_pairs(hosts, hosts))

    def _host(self, _: _LinkEnds) -> Iterator[Cause]:
        for kind, place in ((NodeKind.HOST, HOSTS), (NodeKind.CHIP, CHIPS)):
            nodes = np.flatnonzero(self.fabric.node_kind == kind)
            part = self.design.get("accelerator") or place
            fit, hours = self._repair("host_fit"), self._repair("host_hours")
            yield from _if_rated("host", part, place, len(nodes), fit, hours, nodes=_pairs(nodes, nodes))

    def _trunk(self, _: _LinkEnds) -> Iterator[Cause]:
        fabric, plant = self.fabric, self.fabric.plant
        rack, device_rack, names = self._placed.node, self._placed.device, self._placed.racks
        bay = np.where(rack >= 0, rack, len(names) + np.arange(fabric.n_nodes))
        fit, hours = self._repair("trunk_fit"), self._repair("trunk_hours")
        for path in self.paths:
            if path.medium == "copper":
                continue
            where = path.link_class
            if path.through_ocs and plant is not None:
                of_class = plant.circuit_ends[fabric.link_class[plant.circuit_link] == path.class_index].ravel()
                ocs = plant.end_ocs[of_class]
                far = np.where(device_rack[ocs] >= 0, device_rack[ocs], len(names) + ocs)
                risk, n = _groups(bay[plant.end_node[of_class]], far)
                yield from _if_rated("trunk", "fiber", where, n, fit, hours, ends=np.array([risk, of_class]))
                continue
            links = np.flatnonzero(fabric.link_class == path.class_index)
            near, far = bay[fabric.arc_tail[2 * links]], bay[fabric.arc_head[2 * links]]
            apart = near != far  # inside a rack there is no tray to work in
            risk, n = _groups(np.minimum(near, far)[apart], np.maximum(near, far)[apart])
            yield from _if_rated("trunk", "fiber", where, n, fit, hours, links=np.array([risk, links[apart]]))

    def _rack(self, _: _LinkEnds) -> Iterator[Cause]:
        rack, device_rack, names = self._placed.node, self._placed.device, self._placed.racks
        fit, hours = self._repair("rack_fit"), self._repair("rack_hours")
        for place, part in dict.fromkeys(names):
            ids = np.flatnonzero([each == (place, part) for each in names])
            nodes, ends = self._in_racks(rack, device_rack, ids)
            yield from _if_rated("rack", part, place, len(ids), fit, hours, nodes=nodes, ends=ends)

    def _power_domain(self, _: _LinkEnds) -> Iterator[Cause]:
        rack, device_rack, names = self._placed.node, self._placed.device, self._placed.racks
        fit, hours = self._repair("power_domain_fit"), self._repair("power_domain_hours")
        turn = np.zeros(len(names), dtype=np.int64)
        for kind in dict.fromkeys(names):
            of_kind = np.flatnonzero([each == kind for each in names])
            turn[of_kind] = np.arange(len(of_kind)) % self.power_domains
        nodes, ends = self._in_racks(rack, device_rack, np.arange(len(names)))
        nodes[0], ends[0] = turn[nodes[0]], turn[ends[0]]
        n = self.power_domains
        yield from _if_rated("power_domain", "supply", "racks", n, fit, hours, nodes=nodes, ends=ends)

    def _in_racks(self, rack: Ints, device_rack: Ints, ids: Ints) -> tuple[Ints, Ints]:
        """Return which of some racks, from 0, takes down which node and which fiber end."""
        place = np.full(max(rack.max(initial=-1), device_rack.max(initial=-1)) + 2, -1, dtype=np.int64)
        place[ids] = np.arange(len(ids))
        nodes = np.flatnonzero(place[rack] >= 0)
        found = np.array([place[rack[nodes]], nodes])
        plant = self.fabric.plant
        if plant is None:
            return found, np.zeros((2, 0), dtype=np.int64)
        of_end = place[device_rack[plant.end_ocs]]
        ends = np.flatnonzero(of_end >= 0)
        return found, np.array([of_end[ends], ends])

    @cached_property
    def _placed(self) -> Placement:
        """In which rack everything stands."""
        return placement(self.fabric, self.racks, self._asics)

    def _boxes(self, place: str) -> tuple[Ints, Ints]:
        """Return the boxes of a tier of switches, from 0, and the nodes that are in them."""
        return boxes_of_tier(self.fabric, place, self._asics)

    @property
    def _asics(self) -> int:
        return asics_per_box(self.design, self.catalogue)

    def _places(self) -> list[str]:
        tiers = np.unique(self.fabric.node_tier[self.fabric.node_kind == NodeKind.SWITCH])
        return [f"tier {tier}" for tier in tiers]

    def _fit(self, part: str) -> float:
        return nominal_or_zero(self.catalogue, part, "fit")

    def _repair(self, key: str) -> float:
        return nominal(self.catalogue, repair_of(self.design), key)


@dataclass(frozen=True, eq=False)
class _LinkEnds:
    """The optical ends of all links that carry traffic; shapes (n,).

    Parameters
    ----------
    risks
        Whose they are.
    path
        Index of the physical path.
    thing
        The link, or the fiber end of the plant for links through an OCS.
    node, box, place
        Where it is.
    part, units, fed_lanes
        Its module, how many of it the end takes, and how many of its lanes draw light from external lasers.
    """

    risks: DesignRisks
    path: Ints
    thing: Ints
    node: Ints
    box: Ints
    place: tuple[str, ...]
    part: tuple[str, ...]
    units: NDArray[np.float64]
    fed_lanes: NDArray[np.float64]

    @classmethod
    def of(cls, risks: DesignRisks) -> _LinkEnds:
        fabric, catalogue = risks.fabric, risks.catalogue
        rows: list[tuple[int, Ints, Ints, str, float]] = []
        for index, path in enumerate(risks.paths):
            if path.medium == "copper":
                continue
            if path.through_ocs and fabric.plant is not None:
                plant = fabric.plant
                of_class = plant.circuit_ends[fabric.link_class[plant.circuit_link] == path.class_index].ravel()
                rows.append((index, of_class, plant.end_node[of_class], path.end_a, path.units_per_end_a))
            else:
                links = np.flatnonzero(fabric.link_class == path.class_index)
                nodes = link_ends(fabric, path.class_index)
                rows.append((index, links, nodes[:, 0], path.end_a, path.units_per_end_a))
                rows.append((index, links, nodes[:, 1], path.end_b, path.units_per_end_b))
        box = switch_boxes(fabric, asics_per_box(risks.design, catalogue))
        # a host or chip is a box of its own
        box = np.where(box >= 0, box, box.max(initial=0) + 1 + np.arange(fabric.n_nodes))
        sizes = [len(row[1]) for row in rows]
        things, nodes = (np.concatenate([_EMPTY, *(row[i] for row in rows)]).astype(np.int64) for i in (1, 2))
        units = np.repeat(np.array([row[4] for row in rows], dtype=np.float64), sizes)
        lanes = [nominal_or_zero(catalogue, row[3], "external_laser_lanes") for row in rows]
        names = place_names(fabric)
        return cls(
            risks=risks,
            path=np.repeat(np.array([row[0] for row in rows], dtype=np.int64), sizes),
            thing=things,
            node=nodes,
            box=box[nodes],
            place=tuple(names[nodes].tolist()),
            part=tuple(row[3] for row, size in zip(rows, sizes, strict=True) for _ in range(size)),
            units=units,
            fed_lanes=units * np.repeat(np.array(lanes, dtype=np.float64), sizes),
        )

    def kinds(self) -> Iterator[tuple[str, str, Ints, float]]:
        """Yield module, link class, ends and units of every kind of end."""
        part = np.array(self.part)
        for index in np.unique(self.path):
            for name in dict.fromkeys(part[self.path == index].tolist()):
                chosen = np.flatnonzero((self.path == index) & (part == name))
                yield name, self.risks.paths[index].link_class, chosen, float(self.units[chosen[0]])

    def shared(self, chosen: Ints, per_module: int) -> Ints:
        """Return the module of some ends, from 0, when so many at one node share one."""
        node = self.node[chosen]
        order = np.argsort(node, kind="stable")
        _, start, sizes = np.unique(node[order], return_index=True, return_counts=True)
        rank = np.empty(len(node), dtype=np.int64)
        rank[order] = np.arange(len(node)) - np.repeat(start, sizes)
        return _groups(node, rank // per_module)[0]

    def cause(self, kind: str, part: str, where: str, fit: float, hours: float, risk: Ints, chosen: Ints) -> Cause:
        """Return a cause whose risks take down some ends, one after the other in `risk` and `chosen`."""
        through = np.array([path.through_ocs for path in self.risks.paths], dtype=bool)[self.path[chosen]]
        links = np.array([risk[~through], self.thing[chosen[~through]]])
        ends = np.array([risk[through], self.thing[chosen[through]]])
        return Cause(kind, part, where, int(risk.max(initial=-1)) + 1 if fit > 0 else 0, fit, hours, links, ends=ends)


_EMPTY = np.zeros(0, dtype=np.int64)


def _if_rated(kind: str, part: str, where: str, count: int, fit: float, hours: float, **down: Ints) -> Iterator[Cause]:
    """Yield a cause, unless it never fails or takes no time to repair."""
    if count and fit > 0 and hours > 0:
        yield Cause(kind, part, where, count, fit, hours, **down)


def _pairs(box: Ints, nodes: Ints) -> Ints:
    return np.array([np.unique(box, return_inverse=True)[1].ravel(), nodes], dtype=np.int64)


def _groups(a: Ints, b: Ints) -> tuple[Ints, int]:
    """Number the distinct pairs (a, b) from 0; return the number of each, and how many there are."""
    if not len(a):
        return _EMPTY, 0
    distinct, number = np.unique(np.column_stack((a, b)), axis=0, return_inverse=True)
    return number.ravel(), len(distinct)
