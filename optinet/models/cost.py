# SPDX-License-Identifier: Apache-2.0
"""Cost: bill of materials times price, and the energy a year of running takes.

Prices are what a buyer pays per piece; an OCS is paid for all its ports, fiber by the meter. Labor, racks, spares and
the accelerators themselves are not in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optinet.models.bom import BillOfMaterials, BomLine
from optinet.models.facility import FacilityPower
from optinet.models.values import Quantity, nominal

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design

HOURS_PER_YEAR = 8760.0
_UNPRICED = ("laser", "pm_fiber", "fiber_array")  # inside the price of the module and of the external laser module


@dataclass(frozen=True)
class CostLine:
    """Cost of one line of the bill of materials.

    Parameters
    ----------
    category
        The line's role.
    component, where
        As in the line.
    cost_usd
        Pieces times price.
    """

    category: str
    component: str
    where: str
    cost_usd: Quantity


@dataclass(frozen=True)
class CostReport:
    """Cost of a network.

    Parameters
    ----------
    lines
        In order of the bill of materials.
    n_endpoints
        Hosts and chips.
    delivered_gbps
        Delivered bits per second of all endpoints together.
    energy_usd_per_year
        Facility power for a year of 8,760 hours at the price of electricity; not inside the total.
    """

    lines: tuple[CostLine, ...]
    n_endpoints: int
    delivered_gbps: float
    energy_usd_per_year: Quantity

    @property
    def by_category_usd(self) -> dict[str, Quantity]:
        """Cost of every category, in order of appearance."""
        totals: dict[str, Quantity] = {}
        for line in self.lines:
            totals[line.category] = totals.get(line.category, 0.0) + line.cost_usd
        return totals

    @property
    def total_usd(self) -> Quantity:
        """Cost of all parts."""
        total: Quantity = 0.0
        for line in self.lines:
            total = total + line.cost_usd
        return total

    @property
    def per_endpoint_usd(self) -> Quantity:
        """Cost per host or chip."""
        return self.total_usd / self.n_endpoints if self.n_endpoints else np.nan

    @property
    def usd_per_delivered_gbps(self) -> Quantity:
        """Cost per delivered Gb/s; NaN if nothing is delivered."""
        return self.total_usd / self.delivered_gbps if self.delivered_gbps > 0 else np.nan


def cost(
    bom: BillOfMaterials,
    facility: FacilityPower,
    n_endpoints: int,
    delivered_gbps: float,
    design: Design,
    catalogue: Catalogue,
) -> CostReport:
    """Price a bill of materials.

    Parameters
    ----------
    bom
        What to buy.
    facility
        Power from the grid, for the energy bill.
    n_endpoints
        Hosts and chips, >= 0.
    delivered_gbps
        Delivered bits per second of all endpoints together, >= 0.
    design, catalogue
        The components and their prices.
    """
    lines = tuple(
        CostLine(line.role, line.component, line.where, _price_usd(line, catalogue))
        for line in bom.lines
        if line.role not in _UNPRICED
    )
    price_usd_per_kwh = catalogue.value(design.component("energy"), "price_usd_per_kwh")
    energy_usd = facility.total_w * 1e-3 * HOURS_PER_YEAR * price_usd_per_kwh
    return CostReport(lines, n_endpoints, delivered_gbps, energy_usd)


def _price_usd(line: BomLine, catalogue: Catalogue) -> Quantity:
    if line.role == "fiber":
        return line.length_m * catalogue.value(line.component, "price_usd_per_m")
    if line.role == "ocs":
        ports = line.count * nominal(catalogue, line.component, "ports")
        return ports * catalogue.value(line.component, "price_usd_per_port")
    return line.count * catalogue.value(line.component, "price_usd")
