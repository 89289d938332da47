# SPDX-License-Identifier: Apache-2.0
"""What the building adds to the watts of the network: power chain and cooling.

Source of the efficiencies: Guolian Minsheng Securities, 2026-01-28, table 17 (see the catalogue for each).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optinet.models.values import Quantity

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design


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
    """

    it_w: Quantity
    chain_loss_w: Quantity
    cooling_w: Quantity

    @property
    def total_w(self) -> Quantity:
        """All power from the grid."""
        return self.it_w + self.chain_loss_w + self.cooling_w


def facility_power(it_w: Quantity, design: Design, catalogue: Catalogue) -> FacilityPower:
    """Return grid power: ``it_w / efficiency + overhead * it_w``.

    Parameters
    ----------
    it_w
        Power of the network, >= 0.
    design, catalogue
        Give the power chain (its efficiency from grid to rack) and the cooling (its overhead in W per W removed).
    """
    efficiency_fraction = catalogue.value(design.component("power_chain"), "efficiency_fraction")
    overhead_fraction = catalogue.value(design.component("cooling"), "overhead_fraction")
    return FacilityPower(it_w, it_w * (1.0 / efficiency_fraction - 1.0), it_w * overhead_fraction)
