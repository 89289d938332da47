# SPDX-License-Identifier: Apache-2.0
"""The physical path of each link class: the ordered parts that one link crosses in a design.

What a link is made of follows from what it joins. A link that a circuit of the plant makes has `ocs_optics` at both
ends. Else a host's link is the design's `host_link` (a cable, or a module at the host and `optics` at the switch), a
link between chips is `cube_link`, and every other link has optics at both ends.

The fibers of a near- or co-packaged engine are coupled by a fiber array; its loss is inside the engine's launch power
and sensitivity, which are those at the front panel.

Connectors: a direct fiber link crosses two patch panels, one near each end; each leg to an OCS crosses one. The loss
of a box includes its own front connectors, so the OCS adds none, and a shuffle box, which takes the place of a patch
panel, adds none either. In a fabric of planes whose switch box holds several ASICs, the port of the box carries one
lane group of every plane and a shuffle spreads them over the ASICs: one pass at every optical link end at such a box.

A module is shared by links slower than itself: `units_per_end` is the larger of link rate over module rate and of the
link's fibers over the module's, and its power and price are taken by that share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from optinet.design import missing_role
from optinet.errors import CatalogueError, Problem
from optinet.fabric import Fabric, NodeKind
from optinet.link_classes import LinkClass, link_classes
from optinet.models.design_fit import (
    cable_problems,
    module_problems,
    ocs_problems,
    rate_problems,
    reach_problems,
    switch_problems,
)
from optinet.models.values import is_yes, nominal, nominal_or_zero, text_of, whole
from optinet.structure import Planes

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design


ENGINES = ("npo", "cpo_2d", "cpo_2p5d", "cpo_3d")
"""Packagings of optics beside or on the package of the switch."""


@dataclass(frozen=True)
class PathPart:
    """One thing on the way of the light or the current.

    Parameters
    ----------
    name
        transmitter, receiver, fiber_array, connector, shuffle, circulator, fiber, ocs or cable.
    component
        Component id.
    length_m
        Length of a fiber or cable, 0 for everything else.
    """

    name: str
    component: str
    length_m: float = 0.0


@dataclass(frozen=True)
class PhysicalPath:
    """What the links of one class are made of.

    Parameters
    ----------
    link_class, class_index
        Name of the class and its place in the fabric's `link_class_names`.
    n_links
        Links of the class.
    spare_ends
        Fiber ends on OCS ports without a circuit; they have optics and fiber like the others.
    gbps
        Capacity of a link per direction.
    length_m, total_length_m
        Longest link, from end to end; all links together.
    medium
        "fiber" or "copper".
    end_a, end_b
        Components at the two ends, a the one nearer the hosts; both are the cable if the link is copper.
    kind_a, kind_b
        Kinds of the nodes at the two ends.
    through_ocs
        Whether circuits of the plant make the links.
    lanes_per_link, strands_per_link
        Lanes per direction; fibers of one segment in both directions together. 0 in copper.
    pairs_per_link
        Differential pairs of copper in both directions together; 0 in fiber, and where the cable tells no lane rate.
    segments
        Fibers in a row: 2 through an OCS, else 1.
    units_per_end_a, units_per_end_b
        Modules per link end, or cables per link: the share of its rate or of its fibers, whichever is larger.
    parts
        Everything that is crossed from end a to end b.
    """

    link_class: str
    class_index: int
    n_links: int
    spare_ends: int
    gbps: float
    length_m: float
    total_length_m: float
    medium: Literal["fiber", "copper"]
    end_a: str
    end_b: str
    kind_a: NodeKind
    kind_b: NodeKind
    through_ocs: bool
    lanes_per_link: int
    strands_per_link: int
    pairs_per_link: int
    segments: int
    units_per_end_a: float
    units_per_end_b: float
    parts: tuple[PathPart, ...]

    def count(self, name: str) -> int:
        """Return how many parts of a name one link crosses."""
        return sum(part.name == name for part in self.parts)


def physical_paths(fabric: Fabric, design: Design, catalogue: Catalogue) -> tuple[PhysicalPath, ...]:
    """Return the physical path of every link class that has links, in order of class.

    Raises
    ------
    CatalogueError
        Naming every role that is missing and everything that does not fit: links of one class that are not alike,
        copper and fiber beyond their reach, cables, modules and switch ports too slow, lane rates that do not match,
        switches with more links than their ASIC has capacity for, and an OCS with too few ports.
    """
    classes, unlike = link_classes(fabric)
    missing = [missing_role(role) for role in _roles_needed(fabric, classes, design, catalogue) if not design.get(role)]
    if unlike or missing:
        raise CatalogueError([*unlike, *missing])
    problems: list[Problem] = []
    paths = [_path(links, fabric, design, catalogue, problems) for links in classes]
    problems += ocs_problems(fabric, design, catalogue)
    problems += switch_problems(fabric, design, catalogue)
    if problems:
        raise CatalogueError(problems)
    return tuple(paths)


def _end_roles(links: LinkClass, design: Design, catalogue: Catalogue) -> tuple[str, str]:
    """Roles of the components at ends a and b."""
    if links.through_ocs or NodeKind.HOST not in (links.kind_a, links.kind_b):
        role = "optics"
        if links.through_ocs and design.get("ocs_optics"):
            role = "ocs_optics"
        elif not links.through_ocs and links.kind_a == links.kind_b == NodeKind.CHIP:
            role = "cube_link"
        return role, role
    component = design.get("host_link")
    optical = component is not None and catalogue[component].kind == "module"
    return "host_link", "optics" if optical and links.kind_b != NodeKind.HOST else "host_link"


def _roles_needed(fabric: Fabric, classes: tuple[LinkClass, ...], design: Design, catalogue: Catalogue) -> list[str]:
    roles = [role for links in classes for role in _end_roles(links, design, catalogue)]
    roles += [
        role
        for role, kind in (("switch", NodeKind.SWITCH), ("chip", NodeKind.CHIP))
        if np.any(fabric.node_kind == kind)
    ]
    roles += ["ocs"] if fabric.plant else []
    return list(dict.fromkeys(roles))


def _path(
    links: LinkClass, fabric: Fabric, design: Design, catalogue: Catalogue, problems: list[Problem]
) -> PhysicalPath:
    roles = _end_roles(links, design, catalogue)
    end_a, end_b = (design.component(role) for role in roles)
    copper = catalogue[end_a].kind == "cable"
    ends = dict(zip(roles, (end_a, end_b), strict=True))
    problems += rate_problems(links, design, catalogue, ends)
    problems += reach_problems(links, design, catalogue, ends)
    if copper:
        problems += cable_problems(links, design, catalogue, roles[0], end_a)
        lanes = strands = 0
        lane_gbps = nominal_or_zero(catalogue, end_a, "lane_gbps")
        pairs = 2 * whole(links.gbps / lane_gbps) if lane_gbps else 0
        parts: tuple[PathPart, ...] = (PathPart("cable", end_a, links.length_m),)
    else:
        problems += module_problems(links, design, catalogue, roles, (end_a, end_b))
        lanes = whole(links.gbps / nominal(catalogue, end_a, "lane_gbps"))
        fibers = whole(lanes / nominal(catalogue, end_a, "lanes_per_fiber"))
        strands = fibers if is_yes(catalogue, end_a, "bidirectional") else 2 * fibers
        pairs = 0
        parts = tuple(_fiber_parts(links, fabric, design, catalogue, (end_a, end_b)))
    return PhysicalPath(
        link_class=links.name,
        class_index=links.index,
        n_links=links.count,
        spare_ends=links.spare_ends,
        gbps=links.gbps,
        length_m=links.length_m,
        total_length_m=links.total_length_m,
        medium="copper" if copper else "fiber",
        end_a=end_a,
        end_b=end_b,
        kind_a=links.kind_a,
        kind_b=links.kind_b,
        through_ocs=links.through_ocs,
        lanes_per_link=lanes,
        strands_per_link=strands,
        pairs_per_link=pairs,
        segments=2 if links.through_ocs else 1,
        units_per_end_a=_units_per_end(links, catalogue, end_a, strands),
        units_per_end_b=_units_per_end(links, catalogue, end_b, strands),
        parts=parts,
    )


def _units_per_end(links: LinkClass, catalogue: Catalogue, component: str, strands: int) -> float:
    """Share of a cable or module that one link end takes: of its rate, or of its fibers where those run out first."""
    share = links.gbps / nominal(catalogue, component, "rate_gbps")
    if catalogue[component].kind == "cable":
        return share
    return max(share, strands / module_fibers(component, catalogue))


def module_fibers(module: str, catalogue: Catalogue) -> int:
    """Return the fibers of a module, both directions together."""
    fibers = whole(nominal(catalogue, module, "lanes") / nominal(catalogue, module, "lanes_per_fiber"))
    return fibers if is_yes(catalogue, module, "bidirectional") else 2 * fibers


def is_engine(module: str, catalogue: Catalogue) -> bool:
    """Whether a module sits beside or on the package of its switch, so that it cannot be plugged."""
    return text_of(catalogue, module, "packaging") in ENGINES


def _fiber_parts(
    links: LinkClass, fabric: Fabric, design: Design, catalogue: Catalogue, ends: tuple[str, str]
) -> Iterator[PathPart]:
    shuffled = isinstance(fabric.structure, Planes) and nominal(catalogue, design.component("switch"), "asics") > 1
    panels = []
    for module, kind in zip(ends, (links.kind_a, links.kind_b), strict=True):
        role = "lc_connector" if text_of(catalogue, module, "connector") == "lc" else "connector"
        shuffle = shuffled and kind == NodeKind.SWITCH
        panels.append(
            PathPart("shuffle", design.component("shuffle"))
            if shuffle
            else PathPart("connector", design.component(role))
        )
    apart = [
        is_yes(catalogue, module, "bidirectional") and not is_yes(catalogue, module, "circulator_inside")
        for module in ends
    ]
    circulator = PathPart("circulator", design.component("circulator"))
    arrays = [PathPart("fiber_array", design.component("fiber_array"))]
    coupled = [is_engine(module, catalogue) for module in ends]
    legs = 2 if links.through_ocs else 1
    leg = PathPart("fiber", design.component("fiber"), links.length_m / legs)

    yield PathPart("transmitter", ends[0])
    yield from arrays * coupled[0]
    yield from [circulator] * apart[0]
    yield panels[0]
    yield leg
    if links.through_ocs:
        yield PathPart("ocs", design.component("ocs"))
        yield leg
    yield panels[1]
    yield from [circulator] * apart[1]
    yield from arrays * coupled[1]
    yield PathPart("receiver", ends[1])
