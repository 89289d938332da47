# SPDX-License-Identifier: Apache-2.0
"""The physical path of each link class: the ordered parts that one link crosses in a design.

What a link is made of follows from what it joins. A link that a circuit of the plant makes has `ocs_optics` at both
ends. Else a host's link is the design's `host_link` (a cable, or a module at the host and `optics` at the switch), a
link between chips is `cube_link`, and every other link has optics at both ends.

Connectors: a direct fiber link crosses two patch panels, one near each end; each leg to an OCS crosses one. The loss
of a box includes its own front connectors, so the OCS adds none, and a shuffle box, which takes the place of a patch
panel, adds none either. In a fabric of planes whose switch box holds several ASICs, the port of the box carries one
lane group of every plane and a shuffle spreads them over the ASICs: one pass at every optical link end at such a box.

A module is shared by links slower than itself: `units_per_end` is link rate over module rate, and its power and
price are taken per bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from optinet.design import missing_role
from optinet.errors import CatalogueError, Problem
from optinet.fabric import Fabric, NodeKind
from optinet.models.values import is_yes, nominal, text_of, whole
from optinet.structure import Planes

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design


@dataclass(frozen=True)
class PathPart:
    """One thing on the way of the light or the current.

    Parameters
    ----------
    name
        transmitter, receiver, connector, shuffle, circulator, fiber, ocs or cable.
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
    segments
        Fibers in a row: 2 through an OCS, else 1.
    units_per_end_a, units_per_end_b
        Modules per link end, or cables per link: link rate over rate of the module or cable.
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
    segments: int
    units_per_end_a: float
    units_per_end_b: float
    parts: tuple[PathPart, ...]

    def count(self, name: str) -> int:
        """Return how many parts of a name one link crosses."""
        return sum(part.name == name for part in self.parts)


@dataclass(frozen=True)
class _Links:
    """What the fabric alone says of one link class."""

    name: str
    index: int
    count: int
    spare_ends: int
    gbps: float
    length_m: float
    total_length_m: float
    kind_a: NodeKind
    kind_b: NodeKind
    through_ocs: bool


def link_ends(fabric: Fabric, class_index: int) -> NDArray[np.int64]:
    """Return the nodes at the ends of a class's links, hosts and lower tiers first; shape (n_links, 2)."""
    links = np.flatnonzero(fabric.link_class == class_index)
    ends = np.column_stack((fabric.arc_tail[2 * links], fabric.arc_head[2 * links]))
    height = np.where(fabric.node_kind == NodeKind.SWITCH, 1 + fabric.node_tier, fabric.node_kind - len(NodeKind))
    swap = height[ends[:, 0]] > height[ends[:, 1]]
    ends[swap] = ends[swap, ::-1]
    return ends


def spare_end_nodes(fabric: Fabric) -> NDArray[np.int64]:
    """Return the node of every fiber end that is on an OCS port without a circuit."""
    if fabric.plant is None:
        return np.empty(0, dtype=np.int64)
    idle = np.ones(fabric.plant.n_ends, dtype=bool)
    idle[fabric.plant.circuit_ends.ravel()] = False
    return fabric.plant.end_node[idle]


def physical_paths(fabric: Fabric, design: Design, catalogue: Catalogue) -> tuple[PhysicalPath, ...]:
    """Return the physical path of every link class that has links, in order of class.

    Raises
    ------
    CatalogueError
        Naming every role that is missing and everything that does not fit: links of one class that are not alike,
        copper and fiber beyond their reach, cables and switch ports too slow, lane rates that do not match, and
        switches with more links than their ASIC has capacity for.
    """
    problems: list[Problem] = []
    classes = [links for index in range(len(fabric.link_class_names)) if (links := _links(fabric, index, problems))]
    missing = [missing_role(role) for role in _roles_needed(fabric, classes, design, catalogue) if not design.get(role)]
    if problems or missing:
        raise CatalogueError(problems + missing)
    paths = [_path(links, fabric, design, catalogue, problems) for links in classes]
    problems += _switch_problems(fabric, design, catalogue)
    if problems:
        raise CatalogueError(problems)
    return tuple(paths)


def _links(fabric: Fabric, index: int, problems: list[Problem]) -> _Links | None:
    links = np.flatnonzero(fabric.link_class == index)
    if not len(links):
        return None
    name, where = fabric.link_class_names[index], f"link class '{fabric.link_class_names[index]}'"
    kinds = np.unique(fabric.node_kind[link_ends(fabric, index)], axis=0)
    capacity = np.unique(np.maximum(fabric.arc_capacity_gbps[2 * links], fabric.arc_capacity_gbps[2 * links + 1]))
    circuit = np.isin(links, fabric.plant.circuit_link) if fabric.plant else np.zeros(len(links), dtype=bool)
    alike = "links of one class are built alike: give the others a class of their own"
    if len(kinds) > 1:
        joined = " and ".join(f"{NodeKind(a).name.lower()} to {NodeKind(b).name.lower()}" for a, b in kinds)
        problems.append(Problem(where, f"joins {joined}", alike))
    if len(capacity) > 1:
        problems.append(Problem(where, f"links of {capacity[0]:g} and of {capacity[-1]:g} Gb/s", alike))
    if circuit.any() != circuit.all():
        problems.append(Problem(where, "only some of its links pass an OCS", alike))
    return _Links(
        name=name,
        index=index,
        count=len(links),
        spare_ends=_spare_ends(fabric, index),
        gbps=float(capacity[-1]),
        length_m=float(fabric.link_length_m[links].max()),
        total_length_m=float(fabric.link_length_m[links].sum()),
        kind_a=NodeKind(int(kinds[0][0])),
        kind_b=NodeKind(int(kinds[0][1])),
        through_ocs=bool(circuit.all()),
    )


def _spare_ends(fabric: Fabric, index: int) -> int:
    """Ends without a circuit are built like the class that most circuits make."""
    if fabric.plant is None or not fabric.plant.n_circuits:
        return 0
    most_circuits = np.bincount(fabric.link_class[fabric.plant.circuit_link]).argmax()
    return len(spare_end_nodes(fabric)) if index == most_circuits else 0


def _end_roles(links: _Links, design: Design, catalogue: Catalogue) -> tuple[str, str]:
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


def _roles_needed(fabric: Fabric, classes: list[_Links], design: Design, catalogue: Catalogue) -> list[str]:
    roles = [role for links in classes for role in _end_roles(links, design, catalogue)]
    roles += [
        role
        for role, kind in (("switch", NodeKind.SWITCH), ("chip", NodeKind.CHIP))
        if np.any(fabric.node_kind == kind)
    ]
    roles += ["ocs"] if fabric.plant else []
    return list(dict.fromkeys(roles))


def _path(links: _Links, fabric: Fabric, design: Design, catalogue: Catalogue, problems: list[Problem]) -> PhysicalPath:
    roles = _end_roles(links, design, catalogue)
    end_a, end_b = (design.component(role) for role in roles)
    copper = catalogue[end_a].kind == "cable"
    problems += _reach_problems(links, design, catalogue, dict(zip(roles, (end_a, end_b), strict=True)))
    if copper:
        problems += _cable_problems(links, catalogue, roles[0], end_a)
        lanes = strands = 0
        parts: tuple[PathPart, ...] = (PathPart("cable", end_a, links.length_m),)
    else:
        problems += _module_problems(links, design, catalogue, roles, (end_a, end_b))
        lanes = whole(links.gbps / nominal(catalogue, end_a, "lane_gbps"))
        fibers = whole(lanes / nominal(catalogue, end_a, "lanes_per_fiber"))
        strands = fibers if is_yes(catalogue, end_a, "bidirectional") else 2 * fibers
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
        segments=2 if links.through_ocs else 1,
        units_per_end_a=links.gbps / nominal(catalogue, end_a, "rate_gbps"),
        units_per_end_b=links.gbps / nominal(catalogue, end_b, "rate_gbps"),
        parts=parts,
    )


def _fiber_parts(
    links: _Links, fabric: Fabric, design: Design, catalogue: Catalogue, ends: tuple[str, str]
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
    legs = 2 if links.through_ocs else 1
    leg = PathPart("fiber", design.component("fiber"), links.length_m / legs)

    yield PathPart("transmitter", ends[0])
    yield from [circulator] * apart[0]
    yield panels[0]
    yield leg
    if links.through_ocs:
        yield PathPart("ocs", design.component("ocs"))
        yield leg
    yield panels[1]
    yield from [circulator] * apart[1]
    yield PathPart("receiver", ends[1])


def _reach_problems(links: _Links, design: Design, catalogue: Catalogue, ends: dict[str, str]) -> Iterator[Problem]:
    for role, component in ends.items():
        reach_m = nominal(catalogue, component, "reach_m")
        if links.length_m > reach_m * (1 + 1e-9):
            found = f"{links.name} is {links.length_m:g} m, {component} reaches {reach_m:g} m"
            yield Problem(f"design.{role}", found, _what_reaches(links, role, design, catalogue))


def _what_reaches(links: _Links, role: str, design: Design, catalogue: Catalogue) -> str:
    switch = design.get("switch")
    fastest_gbps = catalogue[switch].values["lane_gbps"].value if switch else np.inf
    fitting = []
    for kind in ("cable",) if role == "cube_link" else ("cable", "module") if role == "host_link" else ("module",):
        for component in catalogue.ids(kind):
            values = {key: value.value for key, value in catalogue[component].values.items()}
            enough = values["rate_gbps"] >= links.gbps and values["reach_m"] >= links.length_m
            if enough and values.get("lane_gbps", 0.0) <= fastest_gbps:
                fitting.append((values["reach_m"], component))
    listed = ", ".join(f"{component} {reach_m:g} m" for reach_m, component in sorted(fitting)[:6])
    return f"what reaches: {listed}" if fitting else "shorter links; nothing in the catalogue reaches that far"


def _cable_problems(links: _Links, catalogue: Catalogue, role: str, cable: str) -> Iterator[Problem]:
    rate_gbps = nominal(catalogue, cable, "rate_gbps")
    if links.gbps > rate_gbps * (1 + 1e-9):
        yield Problem(
            f"design.{role}", f"{links.name} runs {links.gbps:g} Gb/s, {cable} carries {rate_gbps:g}", "a faster cable"
        )


def _module_problems(
    links: _Links, design: Design, catalogue: Catalogue, roles: tuple[str, str], ends: tuple[str, str]
) -> Iterator[Problem]:
    for key, what in (("lane_gbps", "Gb/s lanes"), ("lanes_per_fiber", "lanes per fiber")):
        a, b = (nominal(catalogue, end, key) for end in ends)
        if a != b:
            found = f"{ends[0]} has {a:g} {what} and {ends[1]} has {b:g}, so {links.name} cannot join them"
            yield Problem(f"design.{roles[0]}", found, f"a module with {b:g} {what}")
    if is_yes(catalogue, ends[0], "bidirectional") != is_yes(catalogue, ends[1], "bidirectional"):
        yield Problem(
            f"design.{roles[0]}", f"{links.name} joins a bidirectional module and one that is not", "two alike"
        )
    for role, end, kind in zip(roles, ends, (links.kind_a, links.kind_b), strict=True):
        if kind != NodeKind.SWITCH:
            continue
        switch = design.component("switch")
        lane_gbps, fastest_gbps = nominal(catalogue, end, "lane_gbps"), nominal(catalogue, switch, "lane_gbps")
        if lane_gbps > fastest_gbps:
            found = f"{end} has {lane_gbps:g} Gb/s lanes, {switch} only {fastest_gbps:g}"
            yield Problem(f"design.{role}", found, f"a module with lanes of at most {fastest_gbps:g} Gb/s")
            return  # both ends would say the same


def _switch_problems(fabric: Fabric, design: Design, catalogue: Catalogue) -> Iterator[Problem]:
    is_switch = fabric.node_kind == NodeKind.SWITCH
    if not is_switch.any():
        return
    switch = design.component("switch")
    asic_gbps, port_gbps, lane_gbps = (
        nominal(catalogue, switch, key) for key in ("asic_capacity_gbps", "max_port_gbps", "lane_gbps")
    )
    rate = np.maximum(fabric.arc_capacity_gbps[::2], fabric.arc_capacity_gbps[1::2]).repeat(2)
    at_switch = is_switch[fabric.arc_tail]
    fastest = float(rate[at_switch].max(initial=0.0))
    if fastest > port_gbps * (1 + 1e-9):
        yield Problem(
            "design.switch",
            f"a link runs {fastest:g} Gb/s, a port of {switch} at most {port_gbps:g}",
            "slower links or a faster switch",
        )
    # spare uplinks take ports like the others; every one is as fast as the links of its plant
    spare = spare_end_nodes(fabric)
    spare_gbps = float(rate[2 * fabric.plant.circuit_link].max(initial=0.0)) if fabric.plant else 0.0
    needs = (
        ("Gb/s of links", asic_gbps, rate, spare_gbps),
        ("lanes", asic_gbps / lane_gbps, np.ceil(rate / lane_gbps - 1e-9), np.ceil(spare_gbps / lane_gbps - 1e-9)),
    )
    for what, limit, per_arc, per_spare in needs:
        need = np.bincount(fabric.arc_tail, weights=per_arc, minlength=fabric.n_nodes) * is_switch
        need += np.bincount(spare, minlength=fabric.n_nodes) * is_switch * per_spare
        worst = int(need.argmax())
        if need[worst] > limit * (1 + 1e-9):
            short = need[worst] - limit
            found = (
                f"{fabric.node_names[worst]} needs {need[worst]:g} {what}, "
                f"an ASIC of {switch} has {limit:g}: {short:g} short"
            )
            yield Problem("design.switch", found, "a larger switch, or fewer or slower links on each")
            return
