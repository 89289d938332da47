# SPDX-License-Identifier: Apache-2.0
"""What does not fit between a design and a fabric: reach, rates, lanes, ports. Each check yields all it finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from optinet.errors import Problem
from optinet.fabric import Fabric, NodeKind
from optinet.link_classes import LinkClass, spare_end_nodes
from optinet.models.copper import copper_reach, listed_reach_m
from optinet.models.values import is_yes, nominal, nominal_or_zero, text_of

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design


def reach_problems(links: LinkClass, design: Design, catalogue: Catalogue, ends: dict[str, str]) -> Iterator[Problem]:
    """Yield links longer than what they are made of reaches; `ends` holds components by role.

    Copper reaches as far as its loss allows (`optinet.models.copper`), fiber as far as the module is specified for;
    what the losses of a fiber link allow is the link budget's to say.
    """
    for role, component in ends.items():
        copper = copper_reach(component, catalogue) if catalogue[component].kind == "cable" else None
        reach_m = copper.reach_m if copper else nominal(catalogue, component, "reach_m")
        if links.length_m > reach_m * (1 + 1e-9):
            found = f"{links.name} is {links.length_m:g} m, {component} reaches {reach_m:.3g} m"
            found += f" ({copper})" if copper else ""
            yield Problem(f"design.{role}", found, _what_fits(links, role, design, catalogue))


def rate_problems(links: LinkClass, design: Design, catalogue: Catalogue, ends: dict[str, str]) -> Iterator[Problem]:
    """Yield links faster than the module or cable at their ends; `ends` holds components by role."""
    for role, component in ends.items():
        rate_gbps = nominal(catalogue, component, "rate_gbps")
        if links.gbps > rate_gbps * (1 + 1e-9):
            found = f"{links.name} runs {links.gbps:g} Gb/s, {component} carries {rate_gbps:g}"
            yield Problem(f"design.{role}", found, _what_fits(links, role, design, catalogue))


def _what_fits(links: LinkClass, role: str, design: Design, catalogue: Catalogue) -> str:
    """Name what is fast enough for a role, reaches far enough and has no faster lanes than the switch."""
    switch = design.get("switch")
    fastest_gbps = catalogue[switch].values["lane_gbps"].value if switch else np.inf
    fitting = []
    for kind in ("cable",) if role == "cube_link" else ("cable", "module") if role == "host_link" else ("module",):
        for component in catalogue.ids(kind):
            values = {key: value.value for key, value in catalogue[component].values.items()}
            reach_m = listed_reach_m(component, catalogue)
            enough = values["rate_gbps"] >= links.gbps and reach_m >= links.length_m
            if enough and values.get("lane_gbps", 0.0) <= fastest_gbps:
                fitting.append((reach_m, component))
    listed = ", ".join(f"{component} {reach_m:.3g} m" for reach_m, component in sorted(fitting)[:6])
    if fitting:
        return f"what fits: {listed}"
    return f"nothing in the catalogue carries {links.gbps:g} Gb/s over {links.length_m:g} m here"


def cable_problems(links: LinkClass, design: Design, catalogue: Catalogue, role: str, cable: str) -> Iterator[Problem]:
    """Yield cables with lanes faster than the switch's."""
    if NodeKind.SWITCH in (links.kind_a, links.kind_b):
        yield from _lane_problems(design, catalogue, role, cable)


def module_problems(
    links: LinkClass, design: Design, catalogue: Catalogue, roles: tuple[str, str], ends: tuple[str, str]
) -> Iterator[Problem]:
    """Yield modules that do not match each other, their OCS or their switch."""
    for key, what in (("lane_gbps", "Gb/s lanes"), ("lanes_per_fiber", "lanes per fiber")):
        a, b = (nominal(catalogue, end, key) for end in ends)
        if a != b:
            found = f"{ends[0]} has {a:g} {what} and {ends[1]} has {b:g}, so {links.name} cannot join them"
            yield Problem(f"design.{roles[0]}", found, f"a module with {b:g} {what}")
    if is_yes(catalogue, ends[0], "bidirectional") != is_yes(catalogue, ends[1], "bidirectional"):
        yield Problem(
            f"design.{roles[0]}", f"{links.name} joins a bidirectional module and one that is not", "two alike"
        )
    fiber = design.component("fiber")
    mode, wanted = (text_of(catalogue, part, "mode", "single") for part in (fiber, ends[0]))
    if mode != wanted:
        fitting = [each for each in catalogue.ids("fiber") if catalogue[each].text.get("mode", "single") == wanted]
        found = f"{fiber} is {mode}-mode fiber, {ends[0]} of {links.name} sends into {wanted}-mode"
        yield Problem("design.fiber", found, ", ".join(fitting))
    if links.through_ocs and is_yes(catalogue, ends[0], "bidirectional"):
        ocs = design.component("ocs")
        if text_of(catalogue, ocs, "bidirectional", "yes") != "yes":
            found = f"{ends[0]} sends both ways on one fiber, the ports of {ocs} carry one way"
            yield Problem("design.ocs", found, "a bidirectional OCS, or duplex optics")
    kinds = (links.kind_a, links.kind_b)
    for role, end in {
        role: end for role, end, kind in zip(roles, ends, kinds, strict=True) if kind == NodeKind.SWITCH
    }.items():
        yield from _lane_problems(design, catalogue, role, end)


def _lane_problems(design: Design, catalogue: Catalogue, role: str, component: str) -> Iterator[Problem]:
    switch = design.component("switch")
    lane_gbps, fastest_gbps = (
        nominal_or_zero(catalogue, component, "lane_gbps"),
        nominal(catalogue, switch, "lane_gbps"),
    )
    if lane_gbps > fastest_gbps:
        found = f"{component} has {lane_gbps:g} Gb/s lanes, {switch} only {fastest_gbps:g}"
        yield Problem(f"design.{role}", found, f"lanes of at most {fastest_gbps:g} Gb/s")


def ocs_problems(fabric: Fabric, design: Design, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield an OCS with fewer ports than the fabric plugs fibers into its fullest one."""
    if fabric.plant is None:
        return
    ocs, needed = design.component("ocs"), fabric.plant.ports_needed
    ports = int(nominal(catalogue, ocs, "ports"))
    if ports >= needed:
        return
    enough = sorted((n, each) for each in catalogue.ids("ocs") if (n := _listed(catalogue, each, "ports")) >= needed)
    listed = ", ".join(f"{each} {n:g}" for n, each in enough[:6])
    found = f"{ocs} has {ports} ports, the fullest OCS of the fabric needs {needed}: {needed - ports} short"
    fits = f"an OCS of at least {needed} ports: {listed}"
    yield Problem("design.ocs", found, fits if enough else "more and smaller OCS; none in the catalogue fits")


def _listed(catalogue: Catalogue, component: str, key: str) -> float:
    """Return a value of a component that is only looked at, without recording it as used."""
    return catalogue[component].values[key].value


def switch_problems(fabric: Fabric, design: Design, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield ports too slow, and the switch that needs most beyond the capacity or the lanes of its ASIC."""
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
                f"{fabric.node_names[worst]} needs {need[worst]:,.0f} {what}, "
                f"an ASIC of {switch} has {limit:,.0f}: {short:,.0f} short"
            )
            yield Problem("design.switch", found, "a larger switch, or fewer or slower links on each")
            return
