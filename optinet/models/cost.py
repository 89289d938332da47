# SPDX-License-Identifier: Apache-2.0
"""Cost: bill of materials times price, and what energy adds over the life of the network.

Prices are what a buyer pays per piece; an OCS is paid for all its ports, fiber by the meter. Labor, racks, spares and
the accelerators themselves are not in. Where the catalogue knows what the parts of a component cost its maker (a co-
packaged engine is not sold apart from its switch), that is told beside the price.

Low and high take every price at that end of its range at once: bounds, not what is likely. For that draw the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optinet.models.bom import BillOfMaterials, BomLine
from optinet.models.facility import FacilityPower
from optinet.models.values import Quantity, has, nominal

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design

HOURS_PER_YEAR = 8760.0
OPTICS = ("module", "external_laser")
_UNPRICED = ("laser", "pm_fiber", "fiber_array")  # inside the price of the module and of the external laser module
_PRICE_KEY = {"fiber": "price_usd_per_m", "ocs": "price_usd_per_port"}


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
    low_usd, high_usd
        The same at both ends of the price's range.
    maker_usd
        Pieces times what their parts cost their maker; the cost where that is not known.
    """

    category: str
    component: str
    where: str
    cost_usd: Quantity
    low_usd: float
    high_usd: float
    maker_usd: Quantity


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
    energy_kwh_per_year
        Facility power for a year of 8,760 hours.
    energy_usd_per_year
        What that energy costs; not inside the total.
    life_years
        How long the network is used.
    """

    lines: tuple[CostLine, ...]
    n_endpoints: int
    delivered_gbps: float
    energy_kwh_per_year: Quantity
    energy_usd_per_year: Quantity
    life_years: Quantity

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
        return self.sum_usd("cost_usd")

    @property
    def per_endpoint_usd(self) -> Quantity:
        """Cost per host or chip."""
        return self.per_endpoint(self.total_usd)

    @property
    def usd_per_delivered_gbps(self) -> Quantity:
        """Cost per delivered Gb/s; NaN if nothing is delivered."""
        return self.per_delivered(self.total_usd)

    @property
    def over_life_usd(self) -> Quantity:
        """Cost of all parts and of the energy of all years, without interest."""
        return self.total_usd + self.energy_usd_per_year * self.life_years

    def sum_usd(self, column: str, *categories: str) -> Quantity:
        """Return the sum of a column of the lines, of some categories or of all."""
        total: Quantity = 0.0
        for line in self.lines:
            if not categories or line.category in categories:
                total = total + getattr(line, column)
        return total

    def per_endpoint(self, usd: Quantity) -> Quantity:
        """Return a sum per host or chip; NaN without any."""
        return usd / self.n_endpoints if self.n_endpoints else np.nan

    def per_delivered(self, usd: Quantity) -> Quantity:
        """Return a sum per delivered Gb/s; NaN if nothing is delivered."""
        return usd / self.delivered_gbps if self.delivered_gbps > 0 else np.nan


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
    lines = tuple(_cost_line(line, catalogue) for line in bom.lines if is_priced(line))
    energy_kwh = facility.total_w * 1e-3 * HOURS_PER_YEAR
    energy_usd = energy_kwh * catalogue.value(design.component("energy"), "price_usd_per_kwh")
    life_years = catalogue.value(design.component("service_life"), "life_years")
    return CostReport(lines, n_endpoints, delivered_gbps, energy_kwh, energy_usd, life_years)


def is_priced(line: BomLine) -> bool:
    """Whether a line of the bill has a price of its own; others are inside that of what holds them."""
    return line.role not in _UNPRICED


def price_key(line: BomLine) -> str:
    """Return the key of a line's price in the catalogue."""
    return _PRICE_KEY.get(line.role, "price_usd")


def _cost_line(line: BomLine, catalogue: Catalogue) -> CostLine:
    key, pieces = price_key(line), _pieces(line, catalogue)
    cost_usd = pieces * catalogue.value(line.component, key)
    listed = catalogue[line.component].values[key]
    maker_usd = cost_usd
    if has(catalogue, line.component, "bom_usd"):
        maker_usd = pieces * catalogue.value(line.component, "bom_usd")
    return CostLine(
        line.role, line.component, line.where, cost_usd, pieces * listed.low, pieces * listed.high, maker_usd
    )


def _pieces(line: BomLine, catalogue: Catalogue) -> float:
    """Return what the price is multiplied by: pieces, meters of fiber, ports of OCS."""
    if line.role == "fiber":
        return line.length_m
    if line.role == "ocs":
        return line.count * nominal(catalogue, line.component, "ports")
    return float(line.count)
