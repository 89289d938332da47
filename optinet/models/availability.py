# SPDX-License-Identifier: Apache-2.0
"""Failures a day from the bill of materials, availability of the OCS layer, and chips in usable slices.

1 FIT is one failure in 1e9 hours; failures of parts are independent with constant rates. Components whose catalogue
entry lists no failure rate count as 0 and are named by `unrated`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.arguments import public
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
    per_line
        Expected failures a day of every line of the bill of materials that is rated.
    unrated
        Active components without a failure rate.
    """

    per_line: dict[BomLine, Quantity]
    unrated: tuple[str, ...]

    @property
    def per_day(self) -> dict[str, Quantity]:
        """Expected failures a day by role."""
        total: dict[str, Quantity] = {}
        for line, rate in self.per_line.items():
            total[line.role] = total.get(line.role, 0.0) + rate
        return total

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
    per_line: dict[BomLine, Quantity] = {}
    unrated: dict[str, None] = {}
    for line in bom.lines:
        if line.role in _PASSIVE:
            continue
        fit = _line_fit(line, bom, catalogue)
        if fit is None:
            unrated[line.component] = None
        else:
            per_line[line] = fit * HOURS_PER_DAY * 1e-9
    return FailureReport(per_line, tuple(unrated))


def _line_fit(line: BomLine, bom: BillOfMaterials, catalogue: Catalogue) -> Quantity | None:
    if line.role != "ocs":
        return line.count * catalogue.value(line.component, "fit") if has(catalogue, line.component, "fit") else None
    fit: Quantity | None = None
    if has(catalogue, line.component, "mtbf_hours"):
        fit = line.count * 1e9 / catalogue.value(line.component, "mtbf_hours")
    if has(catalogue, line.component, "port_fit"):
        fit = (0.0 if fit is None else fit) + bom.ocs_ports_used * catalogue.value(line.component, "port_fit")
    return fit


@public
def slice_availability(
    n_cubes: int,
    hosts_per_cube: int,
    host_availability: float,
    cubes_per_slice: int | Sequence[int],
    reconfigurable: bool = True,
) -> float:
    """Return the expected fraction of chips that are in usable slices.

    A cube is up if all its hosts are. Through an OCS any up cubes make a slice; without, slices are fixed blocks of
    cubes. With X ~ Bin(n, a^h) cubes up and slices of m cubes, as many as the pod holds,

    - reconfigurable: ``E[floor(X / m)] m / n``,
    - fixed: ``a^(h m) floor(n / m) m / n``.

    Of slices of given sizes m_1, m_2, ..., one each, those run that together take most of the cubes that are up:

    - reconfigurable: ``E[max {sum of some m_i <= X}] / n``,
    - fixed: ``sum of a^(h m_i) m_i / n``.

    Source: the setting of N. Jouppi et al., ISCA 2023, Figure 4; exact sums over the binomial distribution.

    Parameters
    ----------
    n_cubes, hosts_per_cube
        Whole numbers >= 1.
    host_availability
        Fraction of time a host is up, 0 to 1.
    cubes_per_slice
        Cubes of every slice, at most `n_cubes`; or of each of several slices, at most `n_cubes` in all, the rest spare.
    reconfigurable
        Whether slices may be made of any cubes.

    Raises
    ------
    OptinetError
        Naming every argument out of range.
    """
    several = isinstance(cubes_per_slice, Sequence)
    sizes = list(cubes_per_slice) if isinstance(cubes_per_slice, Sequence) else [cubes_per_slice]
    problems = [
        Problem(name, f"{value}", f"a whole number of at least 1{extra}")
        for name, value, limit, extra in (
            ("n_cubes", n_cubes, np.inf, ""),
            ("hosts_per_cube", hosts_per_cube, np.inf, ""),
            *(("cubes_per_slice", size, n_cubes, f", at most n_cubes = {n_cubes}") for size in sizes),
        )
        if not (1 <= value <= limit and value == int(value))
    ]
    problems += _fraction_problems("host_availability", host_availability)
    if not problems and sum(sizes) > n_cubes:
        problems.append(Problem("cubes_per_slice", f"{sum(sizes)} cubes in all", f"at most n_cubes = {n_cubes}"))
    if problems:
        raise OptinetError(problems)
    sizes = sizes if several else sizes * (n_cubes // sizes[0])
    cube_availability = host_availability**hosts_per_cube
    if not reconfigurable:
        return float(sum(cube_availability**size * size for size in sizes)) / n_cubes
    return float(_binomial(n_cubes, cube_availability) @ _most_cubes(sizes, n_cubes)) / n_cubes


def _binomial(n: int, p: float) -> NDArray[np.float64]:
    """Return the probability that 0, 1, ... n of n are up, each with probability p; shape (n + 1,)."""
    if p in (0.0, 1.0):
        return np.eye(n + 1)[n if p else 0]
    k = np.arange(1, n + 1)
    log_ways = np.concatenate(([0.0], np.cumsum(np.log(n - k + 1) - np.log(k))))
    up = np.arange(n + 1)
    return np.asarray(np.exp(log_ways + up * np.log(p) + (n - up) * np.log1p(-p)))


def _most_cubes(sizes: Sequence[int], n_cubes: int) -> NDArray[np.int64]:
    """Return the most cubes that some of the slices take when 0, 1, ... n_cubes are up; shape (n_cubes + 1,)."""
    reachable = np.zeros(n_cubes + 1, dtype=bool)
    reachable[0] = True
    for size in sizes:
        reachable[size:] |= reachable[:-size].copy()
    return np.maximum.accumulate(np.where(reachable, np.arange(n_cubes + 1), 0))


@public
def fabric_availability(ocs_availability: ArrayLike, n_ocs: int | None = None) -> float:
    """Return the fraction of time that every OCS of a fabric is up: the product over all of them.

    Every link or slice that spans a fabric passes all OCS, so one that is down takes something from it. Source: the
    setting of H. Liu et al., "Lightwave Fabrics", SIGCOMM 2023: 96 OCS with duplex optics, 48 with bidirectional CWDM4,
    24 with bidirectional CWDM8.

    Parameters
    ----------
    ocs_availability
        Fraction of time an OCS is up, 0 to 1; one number, or one for each OCS.
    n_ocs
        How many OCS, where one number is given.

    Raises
    ------
    OptinetError
        Naming every argument out of range.
    """
    each = np.atleast_1d(np.asarray(ocs_availability, dtype=np.float64))
    problems = [problem for value in each for problem in _fraction_problems("ocs_availability", float(value))]
    if n_ocs is not None and (n_ocs < 1 or len(each) not in (1, n_ocs)):
        problems.append(Problem("n_ocs", f"{n_ocs} beside {len(each)} availabilities", "at least 1, one for each"))
    if problems:
        raise OptinetError(problems)
    return float(np.prod(each) ** (n_ocs if n_ocs is not None and len(each) == 1 else 1))


def availability(mtbf_hours: Quantity, mttr_hours: Quantity) -> Quantity:
    """Return the fraction of time a part is up: MTBF / (MTBF + MTTR)."""
    return mtbf_hours / (mtbf_hours + mttr_hours)


def _fraction_problems(name: str, value: float) -> list[Problem]:
    return [] if 0 <= value <= 1 else [Problem(name, f"{value}", "0 to 1")]
