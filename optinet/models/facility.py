# SPDX-License-Identifier: Apache-2.0
"""What the building adds to the watts of the network: power chain and cooling.

grid power = IT / efficiency + cooling. Cooling is a share of the heat it carries, and each kind of heat has its own:

- boxes of switches, with the optics and cables in them: the design's `cooling`, by default liquid where the switch or
  its optics are sold liquid-cooled (co-packaged optics are), else air;
- what is in hosts and chips (NIC, their ends of the links, on-chip networks): `host_cooling`;
- optical circuit switches: air;
- what the power chain loses indoors: air, whatever cools the racks.

A liquid takes only its `liquid_fraction` of the heat of a liquid-cooled part; air takes the rest. The plant that cools
is fed beside the power chain, so its own power does not pass through it.

Source of the efficiencies: Guolian Minsheng Securities, 2026-01-28, table 17 (see the catalogue for each).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optinet.models.places import CHIPS, HOSTS, PLANT
from optinet.models.values import Quantity, optional, text_of

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design

AIR, LIQUID = "air", "liquid"
POWER_CHAIN = "power chain"


@dataclass(frozen=True)
class Heat:
    """Heat of one place and what carries it.

    Parameters
    ----------
    where
        "tier 1" and so on, "hosts", "chips", "plant" or "power chain".
    cooling
        Component that carries it.
    heat_w, cooling_w
        The heat, and the power that carrying it takes.
    """

    where: str
    cooling: str
    heat_w: Quantity
    cooling_w: Quantity


@dataclass(frozen=True)
class FacilityPower:
    """Power drawn from the grid for a network.

    Parameters
    ----------
    it_w
        What the network itself draws.
    chain_loss_w
        Lost between grid and rack.
    cooling_w
        Fans, pumps and chillers.
    heats
        What the cooling carries, place by place.
    """

    it_w: Quantity
    chain_loss_w: Quantity
    cooling_w: Quantity
    heats: tuple[Heat, ...] = ()

    @property
    def total_w(self) -> Quantity:
        """All power from the grid."""
        return self.it_w + self.chain_loss_w + self.cooling_w

    @property
    def pue_ratio(self) -> Quantity:
        """All power over that of the network; NaN if it draws none."""
        return self.total_w / self.it_w if np.all(self.it_w) else np.nan


def facility_power(power_w: Mapping[str, Quantity], design: Design, catalogue: Catalogue) -> FacilityPower:
    """Return the grid power of a network.

    Parameters
    ----------
    power_w
        IT power by place, as `optinet.models.places.power_by_place_w` tells it.
    design, catalogue
        Give the power chain and the cooling.
    """
    it_w: Quantity = 0.0
    for watts in power_w.values():
        it_w = it_w + watts
    chain = design.component("power_chain")
    chain_loss_w = it_w * (1.0 / catalogue.value(chain, "efficiency_fraction") - 1.0)
    indoors_w = chain_loss_w * optional(catalogue, chain, "indoor_loss_fraction", 1.0)
    heats = tuple(_heats({**power_w, POWER_CHAIN: indoors_w}, design, catalogue))
    cooling_w: Quantity = 0.0
    for heat in heats:
        cooling_w = cooling_w + heat.cooling_w
    return FacilityPower(it_w, chain_loss_w, cooling_w, heats)


def switch_cooling(design: Design, catalogue: Catalogue) -> str:
    """Return what cools the boxes of switches: as the design says, else what suits the boxes as they are sold."""
    named = design.get("cooling")
    return named or (LIQUID if is_sold_liquid_cooled(design, catalogue) else AIR)


def is_sold_liquid_cooled(design: Design, catalogue: Catalogue) -> bool:
    """Whether the design's switch, or optics inside its package, are sold with liquid cooling only."""
    switch = design.get("switch")
    optics = [module for role in ("optics", "ocs_optics") if (module := design.get(role))]
    inside = any(text_of(catalogue, module, "packaging").startswith("cpo") for module in optics)
    return inside or (switch is not None and text_of(catalogue, switch, "cooling") == LIQUID)


def cooling_overhead(cooling: str, catalogue: Catalogue) -> Quantity:
    """Return the cooling power for a watt of heat; what the liquid does not take is left to air."""
    own = catalogue.value(cooling, "overhead_fraction")
    if cooling == AIR:
        return own
    in_liquid = optional(catalogue, cooling, "liquid_fraction", 1.0)
    return in_liquid * own + (1.0 - in_liquid) * catalogue.value(AIR, "overhead_fraction")


def _heats(heat_w: Mapping[str, Quantity], design: Design, catalogue: Catalogue) -> Iterator[Heat]:
    hosts, switches = design.component("host_cooling"), switch_cooling(design, catalogue)
    carriers = {HOSTS: hosts, CHIPS: hosts, PLANT: AIR, POWER_CHAIN: AIR}
    for where, watts in heat_w.items():
        cooling = carriers.get(where, switches)
        yield Heat(where, cooling, watts, watts * cooling_overhead(cooling, catalogue))
