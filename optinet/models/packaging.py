# SPDX-License-Identifier: Apache-2.0
"""The optics of every tier of switches: what a box holds, whether it fits its edge, what a failure takes down.

Counts are of the fullest box of a tier. Pluggable modules sit along the front panel (430 mm in every rack unit), near-
packaged engines around the package on the board, co-packaged ones along the edge of the ASIC's package; bandwidth over
the density of the module, or of its packaging, is the edge they need.

A failed module takes down the links it serves, a failed external laser module all links that draw light from it. A
pluggable, and the laser module, is changed while the box runs. An engine is not: the box is taken out of service, with
everything that is joined to it (Meta and Broadcom, ECOC 2025, count a blast radius of 64 x 800G on Bailly).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric, NodeKind
from optinet.link_classes import link_ends, spare_end_nodes
from optinet.models.bom import switch_boxes
from optinet.models.physical_path import PhysicalPath, is_engine
from optinet.models.power import external_laser_w
from optinet.models.serdes import long_reach_serdes, serdes_for
from optinet.models.values import Quantity, has, nominal, nominal_or_zero, text_of, unwrapped, whole

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design

FRONT_PANEL_MM = 430.0
"""Width for modules in one rack unit of a 19-inch box."""
_EDGE_KEYS = {"board": "board_edge_mm", "package": "package_edge_mm"}


@dataclass(frozen=True)
class SwitchOptics:
    """One kind of optics in the fullest box of a tier.

    Parameters
    ----------
    where
        Tier of switches.
    switch, module, packaging
        Component ids, and where the module sits.
    serdes, electrical_loss_db
        What drives the optics, and over which loss.
    modules, lasers, external_lasers
        Modules or engines in the box; laser chips in or feeding them; external laser modules.
    optics_gbps
        Bandwidth of the link ends they serve, per direction.
    optics_w
        Power of the modules and of the external lasers.
    lane_light_mw
        Light that reaches the engine for each transmit lane: of all lasers of a laser module, less the loss of the
        polarization-maintaining connector, over the lanes it feeds. NaN for optics with lasers of their own.
    edge
        "front panel", "board" or "package".
    edge_needed_mm, edge_available_mm
        Of the box's front panel, or around one ASIC; NaN where the catalogue does not say.
    module_failure_gbps, laser_failure_gbps, repair_gbps
        What is down after a failure of a module and of its light source, and while a module is replaced.
    attach_yield_fraction
        Share of boxes in which every engine works after it is attached; 1 for what is plugged.
    """

    where: str
    switch: str
    module: str
    packaging: str
    serdes: str
    electrical_loss_db: float
    modules: int
    lasers: int
    external_lasers: int
    optics_gbps: float
    optics_w: Quantity
    lane_light_mw: Quantity
    edge: str
    edge_needed_mm: Quantity
    edge_available_mm: float
    module_failure_gbps: float
    laser_failure_gbps: float
    repair_gbps: float
    attach_yield_fraction: Quantity


@dataclass(frozen=True)
class EdgeUse:
    """All optics that share one edge of the fullest switch of a tier.

    Parameters
    ----------
    where, switch, edge
        As in `SwitchOptics`.
    modules
        What sits there.
    optics_gbps
        Bandwidth of all of them, per direction.
    needed_mm, available_mm
        Edge they need together, and edge there is; NaN where the catalogue does not say.
    """

    where: str
    switch: str
    edge: str
    modules: tuple[str, ...]
    optics_gbps: float
    needed_mm: Quantity
    available_mm: float

    @property
    def utilization(self) -> Quantity:
        """Edge needed over edge available; above 1 the optics do not fit."""
        return self.needed_mm / self.available_mm


def edge_uses(optics: Iterable[SwitchOptics]) -> tuple[EdgeUse, ...]:
    """Return the edges of every tier with all that sits along them."""
    together: dict[tuple[str, str], EdgeUse] = {}
    for one in optics:
        key = one.where, one.edge
        before = together.get(key) or EdgeUse(one.where, one.switch, one.edge, (), 0.0, 0.0, one.edge_available_mm)
        together[key] = replace(
            before,
            modules=(*before.modules, one.module),
            optics_gbps=before.optics_gbps + one.optics_gbps,
            needed_mm=before.needed_mm + one.edge_needed_mm,
        )
    return tuple(together.values())


@dataclass(frozen=True)
class _Ends:
    """Link ends of one class on switches, with one kind of module."""

    path: PhysicalPath
    units: float
    nodes: NDArray[np.int64]


def switch_optics(
    fabric: Fabric, paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue
) -> tuple[SwitchOptics, ...]:
    """Return the optics of every tier of switches, module by module.

    Parameters
    ----------
    fabric, paths, design, catalogue
        As for `optinet.models.bom.bill_of_materials`.
    """
    found: list[SwitchOptics] = []
    is_switch = fabric.node_kind == NodeKind.SWITCH
    if not is_switch.any():
        return ()
    of_module: dict[str, list[_Ends]] = defaultdict(list)
    for module, one in _optical_ends(fabric, paths):
        of_module[module].append(one)
    boxes = switch_boxes(fabric, int(nominal(catalogue, design.component("switch"), "asics")))
    for tier in np.unique(fabric.node_tier[is_switch]):
        in_tier = is_switch & (fabric.node_tier == tier)
        for module, ends in of_module.items():
            here = [replace(each, nodes=each.nodes[in_tier[each.nodes]]) for each in ends]
            if any(len(each.nodes) for each in here):
                found.append(_of_tier(f"tier {tier}", module, here, fabric, boxes, design, catalogue))
    return tuple(found)


def _optical_ends(fabric: Fabric, paths: tuple[PhysicalPath, ...]) -> Iterator[tuple[str, _Ends]]:
    for path in paths:
        if path.medium == "copper":
            continue
        nodes = link_ends(fabric, path.class_index)
        spare = spare_end_nodes(fabric) if path.spare_ends else np.empty(0, dtype=np.int64)
        yield path.end_a, _Ends(path, path.units_per_end_a, nodes[:, 0])
        yield path.end_b, _Ends(path, path.units_per_end_b, np.concatenate((nodes[:, 1], spare)))


def _of_tier(
    where: str,
    module: str,
    ends: list[_Ends],
    fabric: Fabric,
    boxes: NDArray[np.int64],
    design: Design,
    catalogue: Catalogue,
) -> SwitchOptics:
    switch = design.component("switch")
    rates_gbps = [each.path.gbps for each in ends]
    units = [each.units for each in ends]
    modules, gbps = whole(_fullest(boxes, ends, units)), _fullest(boxes, ends, rates_gbps)
    served_gbps = min(max(each.path.gbps / each.units for each in ends), gbps)
    light = _light(module, _fullest(boxes, ends, units), served_gbps, design, catalogue)
    edge = _edge_of(module, catalogue)
    around_gbps = gbps if edge == "front panel" else _fullest(np.arange(fabric.n_nodes), ends, rates_gbps)
    loss_db = nominal(catalogue, module, "electrical_loss_db")
    return SwitchOptics(
        where=where,
        switch=switch,
        module=module,
        packaging=text_of(catalogue, module, "packaging"),
        serdes=serdes_for(loss_db, long_reach_serdes(nominal(catalogue, switch, "lane_gbps")), catalogue),
        electrical_loss_db=loss_db,
        modules=modules,
        lasers=light.lasers,
        external_lasers=light.laser_modules,
        optics_gbps=gbps,
        optics_w=modules * catalogue.value(module, "power_w") + light.power_w,
        lane_light_mw=light.lane_mw,
        edge=edge,
        edge_needed_mm=_needed_mm(around_gbps, module, catalogue),
        edge_available_mm=_available_mm(edge, switch, catalogue),
        module_failure_gbps=served_gbps,
        laser_failure_gbps=min(light.failure_gbps, gbps),
        repair_gbps=_joined_gbps(fabric, boxes, ends) if is_engine(module, catalogue) else served_gbps,
        attach_yield_fraction=_attach_yield(modules, module, catalogue),
    )


def _fullest(places: NDArray[np.int64], ends: list[_Ends], per_end: list[float]) -> float:
    """Largest sum over link ends in one place: a box, or a node, which is an ASIC."""
    size = int(places.max()) + 1
    sums = [n * np.bincount(places[each.nodes], minlength=size) for n, each in zip(per_end, ends, strict=True)]
    return float(np.sum(sums, axis=0).max())


@dataclass(frozen=True)
class _Light:
    """Where the light of the optics in a box comes from; power and light of a lane are of external lasers alone."""

    lasers: int
    laser_modules: int
    power_w: Quantity
    lane_mw: Quantity
    failure_gbps: float


def _light(module: str, modules: float, served_gbps: float, design: Design, catalogue: Catalogue) -> _Light:
    lanes = nominal_or_zero(catalogue, module, "external_laser_lanes")
    if not lanes:
        return _Light(whole(whole(modules) * nominal(catalogue, module, "lasers")), 0, 0.0, np.nan, served_gbps)
    laser = design.component("external_laser")
    fed, lasers = nominal(catalogue, laser, "tx_lanes_fed"), int(nominal(catalogue, laser, "lanes"))
    count = whole(modules * lanes / fed)
    passed = 10.0 ** (-catalogue.value(design.component("pm_connector"), "loss_db") / 10.0)
    lane_mw = unwrapped(lasers * catalogue.value(laser, "optical_power_mw") * passed / fed)
    power_w = count * external_laser_w(laser, catalogue)
    return _Light(count * lasers, count, power_w, lane_mw, served_gbps * fed / lanes)


def _joined_gbps(fabric: Fabric, boxes: NDArray[np.int64], ends: list[_Ends]) -> float:
    """Bandwidth of everything joined to the fullest of the boxes that hold these link ends."""
    of_box = np.bincount(boxes[fabric.arc_tail] + 1, weights=fabric.arc_capacity_gbps)
    return max(float(of_box[boxes[each.nodes] + 1].max(initial=0.0)) for each in ends)


def _packaging(module: str, catalogue: Catalogue) -> str:
    return f"packaging_{text_of(catalogue, module, 'packaging')}"


def _edge_of(module: str, catalogue: Catalogue) -> str:
    if not is_engine(module, catalogue):
        return "front panel"
    return "board" if text_of(catalogue, module, "packaging") == "npo" else "package"


def _needed_mm(gbps: float, module: str, catalogue: Catalogue) -> Quantity:
    key = "bandwidth_density_tbps_per_mm"
    for component in (module, _packaging(module, catalogue)):
        if component in catalogue and has(catalogue, component, key):
            return unwrapped(gbps * 1e-3 / catalogue.value(component, key))
    return np.nan


def _available_mm(edge: str, switch: str, catalogue: Catalogue) -> float:
    if edge == "front panel":
        return (nominal_or_zero(catalogue, switch, "rack_units") or np.nan) * FRONT_PANEL_MM
    return nominal_or_zero(catalogue, switch, _EDGE_KEYS[edge]) or np.nan


def _attach_yield(modules: int, module: str, catalogue: Catalogue) -> Quantity:
    packaging = _packaging(module, catalogue)
    if packaging not in catalogue or not has(catalogue, packaging, "attach_yield_fraction"):
        return 1.0
    return unwrapped(catalogue.value(packaging, "attach_yield_fraction") ** modules)
