# SPDX-License-Identifier: Apache-2.0
"""Failures a day from the bill of materials, and how many chips are in usable slices.

1 FIT is one failure in 1e9 hours; failures of parts are independent with constant rates. Components whose catalogue
entry lists no failure rate count as 0 and are named by `unrated`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optinet.errors import OptinetError, Problem
from optinet.models.bom import BillOfMaterials, BomLine
from optinet.models.values import Quantity, has

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue

HOURS_PER_DAY = 24.0
_PASSIVE = (
    "laser",
    "fiber",
    "pm_fiber",
    "pm_connector",
    "connector",
    "jumper",
    "panel",
    "fiber_array",
    "shuffle",
    "circulator",
)


@dataclass(frozen=True)
class FailureReport:
    """Expected failures of a network.

    Parameters
    ----------
    per_day
        Expected failures a day by role.
    unrated
        Active components without a failure rate.
    """

    per_day: dict[str, Quantity]
    unrated: tuple[str, ...]

    @property
    def total_per_day(self) -> Quantity:
        """Expected failures a day of all rated parts."""
        total: Quantity = 0.0
        for rate in self.per_day.values():
            total = total + rate
        return total


def failures(bom: BillOfMaterials, catalogue: Catalogue) -> FailureReport:
    """Return the expected failures a day: pieces times FIT times 24e-9.

    An OCS fails as a box (once in `mtbf_hours`) and port by port (`port_fit`, ports in use).
    """
    per_day: dict[str, Quantity] = {}
    unrated: dict[str, None] = {}
    for line in bom.lines:
        if line.role in _PASSIVE:
            continue
        fit = _line_fit(line, bom, catalogue)
        if fit is None:
            unrated[line.component] = None
        else:
            per_day[line.role] = per_day.get(line.role, 0.0) + fit * HOURS_PER_DAY * 1e-9
    return FailureReport(per_day, tuple(unrated))


def _line_fit(line: BomLine, bom: BillOfMaterials, catalogue: Catalogue) -> Quantity | None:
    if line.role != "ocs":
        return line.count * catalogue.value(line.component, "fit") if has(catalogue, line.component, "fit") else None
    fit: Quantity | None = None
    if has(catalogue, line.component, "mtbf_hours"):
        fit = line.count * 1e9 / catalogue.value(line.component, "mtbf_hours")
    if has(catalogue, line.component, "port_fit"):
        fit = (0.0 if fit is None else fit) + bom.ocs_ports_used * catalogue.value(line.component, "port_fit")
    return fit


def slice_availability(
    n_cubes: int, hosts_per_cube: int, host_availability: float, cubes_per_slice: int, reconfigurable: bool = True
) -> float:
    """Return the expected fraction of chips that are in usable slices.

    A cube is up if all its hosts are. Through an OCS any up cubes make a slice; without, slices are fixed blocks of
    cubes. With X ~ Bin(n, a^h) cubes up and slices of m cubes,

    - reconfigurable: ``E[floor(X / m)] m / n``,
    - fixed: ``a^(h m) floor(n / m) m / n``.

    Source: the setting of N. Jouppi et al., ISCA 2023, Figure 4; exact sums over the binomial distribution.

    Parameters
    ----------
    n_cubes, hosts_per_cube, cubes_per_slice
        Whole numbers >= 1, a slice at most `n_cubes`.
    host_availability
        Fraction of time a host is up, 0 to 1.
    reconfigurable
        Whether slices may be made of any cubes.

    Raises
    ------
    OptinetError
        Naming every argument out of range.
    """
    problems = [
        Problem(name, f"{value}", f"a whole number of at least 1{extra}")
        for name, value, limit, extra in (
            ("n_cubes", n_cubes, np.inf, ""),
            ("hosts_per_cube", hosts_per_cube, np.inf, ""),
            ("cubes_per_slice", cubes_per_slice, n_cubes, f", at most n_cubes = {n_cubes}"),
        )
        if not (1 <= value <= limit and value == int(value))
    ]
    if not 0 <= host_availability <= 1:
        problems.append(Problem("host_availability", f"{host_availability}", "0 to 1"))
    if problems:
        raise OptinetError(problems)
    cube_availability = host_availability**hosts_per_cube
    if not reconfigurable:
        return float(cube_availability**cubes_per_slice * (n_cubes // cubes_per_slice) * cubes_per_slice / n_cubes)
    up = np.arange(n_cubes + 1)
    from scipy.stats import binom  # a second of start-up that nothing else needs

    return float(binom.pmf(up, n_cubes, cube_availability) @ (up // cubes_per_slice)) * cubes_per_slice / n_cubes
