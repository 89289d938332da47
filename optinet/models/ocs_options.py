# SPDX-License-Identifier: Apache-2.0
"""Which optical circuit switches a plant could be built of: ports, boxes, light, watts, dollars and dark time of each.

*Boxes*: devices of the plant share a box that has the ports for several of them. A mesh of blocks whose devices are too
large for a box is wired anew over more boxes, an even number of fibers of every block on each, so that every wanted set
of circuits can be wired (`optinet.wiring`). In a pod every device holds one position of all cubes; where a box is too
small for that, no number of boxes will do.

*Light*: the paths of the design with the OCS exchanged, in the worst link class. *Dark*: setting all circuits of the
fullest box anew.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optinet.design import Design
from optinet.errors import CatalogueError, Problem
from optinet.fabric import Fabric
from optinet.models.link_budget import link_budgets, worst
from optinet.models.physical_path import PathPart, PhysicalPath, physical_paths
from optinet.models.reconfiguration import control_component, switching_time_ms
from optinet.models.values import Quantity, is_yes, nominal, text_of
from optinet.structure import Blocks

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue


@dataclass(frozen=True)
class OcsOption:
    """A plant built of one kind of OCS.

    Parameters
    ----------
    ocs, technology
        Component id, and what moves the light.
    ports, ports_needed
        Of a box; of the fullest device of the plant as it is.
    boxes
        Boxes it takes; 0 if no number will do.
    more_boxes
        Boxes beyond the plant's devices, negative where several devices share one; 0 if no number will do.
    power_w, price_usd, dark_ms
        Of all boxes, typically; dark time of a change of all circuits.
    typical_margin_db, margin_3sigma_db, verdict
        Of the worst link class through the OCS.
    notes
        What is in the way.
    """

    ocs: str
    technology: str
    ports: int
    ports_needed: int
    boxes: int
    more_boxes: int
    power_w: Quantity
    price_usd: Quantity
    dark_ms: Quantity
    typical_margin_db: Quantity
    margin_3sigma_db: Quantity
    verdict: str
    notes: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether the plant can be built of it and its links close."""
        return self.boxes > 0 and self.verdict == "closes" and not self.notes


def ocs_options(fabric: Fabric, design: Design, catalogue: Catalogue) -> tuple[OcsOption, ...]:
    """Return every OCS of the catalogue as what the plant of a fabric is built of, by technology and ports.

    Parameters
    ----------
    fabric
        A fabric with an optical plant.
    design
        Its other components; the OCS it names plays no part.
    catalogue
        Values.

    Raises
    ------
    CatalogueError
        If the fabric has no plant, or the rest of the design does not fit it.
    """
    if fabric.plant is None:
        raise CatalogueError(Problem("topology", "has no optical plant", "a fabric whose links pass an OCS"))
    # the paths are found with a stand-in of as many ports as it takes; then each OCS takes its place
    devices = [ocs for ocs in catalogue.ids("ocs") if is_yes(catalogue, ocs, "bidirectional")]
    stand_in = max(devices, key=lambda ocs: nominal(catalogue, ocs, "ports"))
    wide = catalogue.with_values({f"{stand_in}.ports": max(fabric.plant.ports_needed, 1)})
    paths = physical_paths(fabric, Design({**design.roles, "ocs": stand_in}), wide)
    optical = [path for path in paths if path.through_ocs]
    options = [_option(ocs, fabric, optical, design, catalogue) for ocs in catalogue.ids("ocs")]
    return tuple(sorted(options, key=lambda option: (option.technology, option.ports)))


def _option(ocs: str, fabric: Fabric, optical: list[PhysicalPath], design: Design, catalogue: Catalogue) -> OcsOption:
    assert fabric.plant is not None
    ports, needed = int(nominal(catalogue, ocs, "ports")), fabric.plant.ports_needed
    copies = -(-max(path.strands_per_link for path in optical) // fabric.plant.ports_per_end)
    boxes, circuits = _boxes(ports, fabric)
    notes = []
    if not boxes:
        notes.append(f"{ports} ports, {needed} needed of one box")
    if text_of(catalogue, ocs, "technology") == "rotor":
        notes.append("turns through fixed matchings")
    if not is_yes(catalogue, ocs, "bidirectional") and any(
        is_yes(catalogue, p.end_a, "bidirectional") for p in optical
    ):
        notes.append("ports carry one way: needs duplex optics")
    budget = worst(link_budgets([_through(path, ocs) for path in optical], catalogue))
    assert budget is not None
    count = boxes * copies
    control = control_component(tuple(optical), design, catalogue)
    dark_ms = (
        switching_time_ms(ocs, catalogue, circuits)
        + catalogue.value(control, "reacquire_time_ms")
        + catalogue.value(control, "controller_overhead_ms")
    )
    return OcsOption(
        ocs=ocs,
        technology=text_of(catalogue, ocs, "technology"),
        ports=ports,
        ports_needed=needed,
        boxes=count,
        more_boxes=count - fabric.plant.n_ocs * copies if count else 0,
        power_w=count * catalogue.value(ocs, "power_w"),
        price_usd=count * ports * catalogue.value(ocs, "price_usd_per_port"),
        dark_ms=dark_ms if count else math.nan,
        typical_margin_db=budget.margin.margin_db,
        margin_3sigma_db=budget.margin.margin_3sigma_db,
        verdict=budget.verdict,
        notes=tuple(notes),
    )


def _boxes(ports: int, fabric: Fabric) -> tuple[int, int]:
    """Return the boxes that one copy of the plant takes and the circuits on the fullest; (0, 0) if none will do."""
    plant = fabric.plant
    assert plant is not None
    if ports >= plant.ports_needed > 0:
        devices_per_box = ports // plant.ports_needed
        circuits = devices_per_box * plant.ports_needed // (2 * plant.ports_per_end)
        return math.ceil(plant.n_ocs / devices_per_box), circuits
    if not isinstance(fabric.structure, Blocks):
        return 0, 0
    blocks = fabric.structure.blocks
    ends = ports // plant.ports_per_end // blocks // 2 * 2
    if not ends:
        return 0, 0
    most = max(int((plant.end_node == node).sum()) for node in set(plant.end_node.tolist()))
    return math.ceil((most + most % 2) / ends), blocks * ends // 2


def _through(path: PhysicalPath, ocs: str) -> PhysicalPath:
    parts = tuple(PathPart("ocs", ocs) if part.name == "ocs" else part for part in path.parts)
    return dataclasses.replace(path, parts=parts)
