# SPDX-License-Identifier: Apache-2.0
"""A design: which component of the catalogue plays which role in a fabric.

A fabric says what is joined to what; a design says what the joints are made of. `optinet.models.physical_path`
puts the two together. The passive parts and the facility have defaults, the parts that make a design what it is have
none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optinet.errors import CatalogueError, Problem, nearest_name, unknown_name

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue


@dataclass(frozen=True)
class Role:
    """A part a component can play.

    Parameters
    ----------
    kinds
        Kinds of component that may play it.
    help
        What the role is, in one line.
    default
        Component used where a design is silent; None if a design must name one, or if the models choose (see `help`).
    """

    kinds: tuple[str, ...]
    help: str
    default: str | None = None


ROLES: Mapping[str, Role] = {
    "switch": Role(("switch",), "box of every switch; a node of the fabric is one of its ASICs"),
    "optics": Role(("module",), "both ends of switch-to-switch links, and the switch end of optical host links"),
    "ocs_optics": Role(("module",), "both ends of links through an OCS; by default the optics"),
    "host_link": Role(
        ("cable", "module"), "what joins a host to its leaf: a cable, or the host's end of an optical link"
    ),
    "cube_link": Role(("cable",), "electrical links between chips"),
    "ocs": Role(("ocs",), "every optical circuit switch"),
    "nic": Role(("nic",), "network interface of every host", "nic_800g"),
    "chip": Role(("chip",), "on-chip network of endpoints that forward"),
    "external_laser": Role(("external_laser",), "laser modules that feed co-packaged engines", "elsfp_8"),
    "connector": Role(("connector",), "multi-fiber connector of the structured cabling", "mpo_low_loss"),
    "connector_12": Role(("connector",), "connector of jumpers to modules of at most 12 fibers", "mpo12_low_loss"),
    "panel": Role(("panel",), "patch panel of the structured cabling", "patch_panel"),
    "fiber_array": Role(("fiber_array",), "couples fibers to near- and co-packaged engines", "fau_127um"),
    "lc_connector": Role(("connector",), "connector of the structured cabling for modules with LC ports", "lc"),
    "pm_connector": Role(("connector",), "connector between an external laser and its engine", "pm_mpo"),
    "fiber": Role(("fiber",), "single-mode fiber", "smf"),
    "pm_fiber": Role(("fiber",), "polarization-maintaining fiber from external lasers", "pm_fiber"),
    "circulator": Role(("circulator",), "joins both directions on one fiber", "circulator_o_band"),
    "shuffle": Role(("shuffle",), "spreads the fibers of a box of several ASICs over planes", "shuffle_box"),
    "phy": Role(("phy",), "MAC, PCS and FEC of every link", "kp4_800g"),
    "ocs_control": Role(("ocs_control",), "sets circuits and brings links up; by default the one that fits the optics"),
    "power_chain": Role(("power_chain",), "from the grid to the rack", "ups"),
    "cooling": Role(
        ("cooling",), "cools the boxes of switches; by default liquid where they are sold so, as with CPO, else air"
    ),
    "host_cooling": Role(("cooling",), "cools hosts and chips, and what is in them", "liquid"),
    "rack": Role(("rack",), "holds boxes of switches; by default the one that suits their cooling"),
    "host_rack": Role(("rack",), "holds accelerators; by default the one that suits their cooling"),
    "accelerator": Role(("accelerator",), "processor of every host or chip; jobs need it, and racks of hosts"),
    "collectives": Role(("collective_library",), "software of collective operations", "collective_library"),
    "job": Role(("job",), "how well a job uses what it runs on; job_practice unless named"),
    "repair": Role(("repair",), "how soon what fails is repaired; field_repair unless named"),
    "energy": Role(("energy",), "price of electricity", "electricity"),
    "service_life": Role(("service_life",), "how long the network is used", "service_life"),
}


@dataclass(frozen=True)
class Design:
    """Components by role, and how they stand in racks; make one with `from_roles`.

    Parameters
    ----------
    roles
        Component id by role, defaults left out.
    racks
        Boxes in a rack by where they are ("hosts", "plant", "tier_1" and so on), or "hosts" for switches that stand in
        the racks of hosts. What is left out is filled as far as height and power allow.
    """

    roles: Mapping[str, str]
    racks: Mapping[str, int | str] = field(default_factory=dict)

    @classmethod
    def from_roles(
        cls,
        roles: Mapping[str, str],
        catalogue: Catalogue | None = None,
        racks: Mapping[str, int | str] | None = None,
    ) -> Design:
        """Check roles against a catalogue.

        Parameters
        ----------
        roles
            Component id by role.
        catalogue
            The shipped catalogue unless given.
        racks
            Boxes in a rack by where they are, as in the class; checked where they are counted.

        Raises
        ------
        CatalogueError
            Naming every unknown role, unknown component and component of a kind that does not fit its role.
        """
        if catalogue is None:
            from optinet.catalogue import load_catalogue

            catalogue = load_catalogue()
        problems = [p for role, component in roles.items() if (p := _role_problem(role, component, catalogue))]
        if problems:
            raise CatalogueError(problems)
        return cls(dict(roles), dict(racks or {}))

    def component(self, role: str) -> str:
        """Return the component that plays a role.

        Raises
        ------
        CatalogueError
            If the design names none and the role has no default.
        """
        found = self.get(role)
        if found is None:
            raise CatalogueError(missing_role(role))
        return found

    def get(self, role: str) -> str | None:
        """Return the component that plays a role, its default, or None."""
        return self.roles.get(role, ROLES[role].default)


def missing_role(role: str) -> Problem:
    """Describe a role that a fabric needs and its design leaves open."""
    kinds = " or ".join(ROLES[role].kinds)
    return Problem(f"design.{role}", f"the fabric needs this role ({ROLES[role].help})", f"a component of kind {kinds}")


def _role_problem(role: str, component: str, catalogue: Catalogue) -> Problem | None:
    if role not in ROLES:
        return unknown_name(f"design.{role}", role, tuple(ROLES), "role")
    fitting = tuple(c for kind in ROLES[role].kinds for c in catalogue.ids(kind))
    if component in fitting:
        return None
    if component not in catalogue.ids():
        return unknown_name(f"design.{role}", component, fitting, "component")
    found = f"'{component}' is of kind {catalogue[component].kind}"
    return Problem(f"design.{role}", found, ", ".join(sorted(fitting)), nearest_name(component, fitting))
