# SPDX-License-Identifier: Apache-2.0
"""Optical link budgets, three ways, and the share of links that close.

*Typical*: the typical power budget, ``OMA - TDECQ - sensitivity``, plus the gain of an inner FEC, minus the penalty of
multi-path interference where one fiber carries both directions, minus the typical loss of every part.

*Statistical*: the same minus three standard deviations. The parts are independent and normal; the largest loss a part
may have is taken as its mean plus three sigma. All lanes of a link share one draw of every part. The transmitter's
and the receiver's sigma are a sixth of the range of OMA and of sensitivity. TDECQ adds none: the standards limit OMA
minus TDECQ, so that a large OMA goes with a large TDECQ.

*Worst case*: the channel insertion loss of the standard (IEEE 802.3 clauses 121, 124, 151; 100G Lambda MSA: DR 3.0
dB, FR4 4.0 dB), which is (OMA - TDECQ) min - (sensitivity for that SECQ) less the standard's own allowances, minus
the largest loss of every part. An inner FEC adds nothing to it: its gain is already inside the allowance of a
standard that has one.

On a drawn catalogue each draw moves the means; the spread of parts around them is that of the catalogue's ranges.

A link `closes` if its statistical margin is at least 0, is `at risk` if only the typical one is, and is `infeasible`
if not even that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import erfc

from optinet.errors import OptinetError, Problem
from optinet.models.values import Quantity, largest, median, optional, smallest, unwrapped
from optinet.physical_path import PathPart, PhysicalPath

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue

Verdict = Literal["closes", "at risk", "infeasible"]

_TYPICAL_AND_WORST = {
    "connector": ("loss_db", "loss_max_db"),
    "circulator": ("loss_db", "loss_max_db"),
    "shuffle": ("loss_db", "loss_max_db"),
    "ocs": ("insertion_loss_db", "insertion_loss_max_db"),
}


@dataclass(frozen=True)
class LinkMargin:
    """Margin of a power budget over independent losses.

    Parameters
    ----------
    mean_loss_db, sigma_db
        Mean and standard deviation of the total loss.
    margin_db
        Power budget minus mean loss.
    margin_3sigma_db
        The same minus three sigma.
    fail_fraction
        Share of links whose loss is above the budget.
    """

    mean_loss_db: Quantity
    sigma_db: Quantity
    margin_db: Quantity
    margin_3sigma_db: Quantity
    fail_fraction: Quantity


@dataclass(frozen=True)
class BudgetLine:
    """One part of a link's waterfall; the transmitter and the receiver lose nothing but spread.

    Parameters
    ----------
    name, component
        As in `optinet.physical_path.PathPart`.
    count
        Parts of this kind in this place.
    mean_loss_db, sigma_db, worst_loss_db
        Of all of them together.
    cumulative_loss_db
        Mean loss up to and including this line.
    """

    name: str
    component: str
    count: int
    mean_loss_db: Quantity
    sigma_db: Quantity
    worst_loss_db: Quantity
    cumulative_loss_db: Quantity


@dataclass(frozen=True)
class LinkBudget:
    """Budget of one link class, in the direction with the smaller statistical margin.

    Parameters
    ----------
    link_class, n_links
        Whose budget it is.
    transmitter, receiver
        Component ids of the direction shown.
    power_budget_db
        Typical OMA - TDECQ - sensitivity + inner FEC gain - MPI penalty.
    channel_allowance_db
        Largest channel loss the standard allows, the budget of the worst case.
    lines
        The waterfall.
    margin
        Typical and statistical margin.
    worst_margin_db
        Channel allowance minus the largest losses.
    """

    link_class: str
    n_links: int
    transmitter: str
    receiver: str
    power_budget_db: Quantity
    channel_allowance_db: Quantity
    lines: tuple[BudgetLine, ...]
    margin: LinkMargin
    worst_margin_db: Quantity

    @property
    def verdict(self) -> Verdict:
        """Whether the links close; by the median over draws."""
        if median(self.margin.margin_3sigma_db) >= 0:
            return "closes"
        return "at risk" if median(self.margin.margin_db) >= 0 else "infeasible"

    @property
    def link_yield_fraction(self) -> Quantity:
        """Share of links that close."""
        return 1.0 - self.margin.fail_fraction

    @property
    def links_expected_to_fail(self) -> Quantity:
        """Expected number of links that do not close."""
        return self.n_links * self.margin.fail_fraction


def link_margin(power_budget_db: Quantity, parts: Iterable[Sequence[Quantity]]) -> LinkMargin:
    """Return the margin of a power budget over independent, normally distributed losses.

    Parameters
    ----------
    power_budget_db
        What transmitter and receiver allow between them.
    parts
        (mean_loss_db, sigma_db, count) of every kind of part, sigma and count >= 0. Means and variances add up:

        ``mu = sum n_i mu_i``, ``sigma^2 = sum n_i sigma_i^2``, fail fraction ``erfc((B - mu) / (sqrt 2 sigma)) / 2``.

    Raises
    ------
    OptinetError
        Naming every number that is not finite, is negative where it must not be, or is missing.
    """
    parts = list(parts)
    problems = list(_margin_problems(power_budget_db, parts))
    if problems:
        raise OptinetError(problems)
    mean_loss_db: Quantity = 0.0
    variance: Quantity = 0.0
    for part_mean_db, part_sigma_db, count in parts:
        mean_loss_db = mean_loss_db + part_mean_db * count
        variance = variance + part_sigma_db**2 * count
    sigma_db = np.sqrt(variance)
    margin_db = power_budget_db - mean_loss_db
    # without spread all links are alike: none or every one of them fails
    spread = np.where(sigma_db > 0, sigma_db, 1.0)
    fail = np.where(
        sigma_db > 0, 0.5 * erfc(margin_db / spread / math.sqrt(2.0)), np.where(np.asarray(margin_db) < 0, 1.0, 0.0)
    )
    return LinkMargin(
        *(unwrapped(value) for value in (mean_loss_db, sigma_db, margin_db, margin_db - 3.0 * sigma_db, fail))
    )


def _margin_problems(power_budget_db: Quantity, parts: Sequence[Sequence[Quantity]]) -> Iterator[Problem]:
    if not np.all(np.isfinite(power_budget_db)):
        yield Problem("power_budget_db", f"{power_budget_db}", "finite")
    for i, part in enumerate(parts):
        if len(part) != 3:
            yield Problem(f"parts[{i}]", f"{len(part)} entries", "(mean_loss_db, sigma_db, count)")
            continue
        for name, value, low in zip(("mean_loss_db", "sigma_db", "count"), part, (-np.inf, 0.0, 0.0), strict=True):
            if not np.all(np.isfinite(value) & (np.asarray(value) >= low)):
                yield Problem(f"parts[{i}].{name}", f"{value}", "finite" if low < 0 else "finite, at least 0")


def pam4_pre_fec_ber(q: Quantity) -> Quantity:
    """Return the bit error ratio of Gray-coded PAM4 before FEC, ``3/8 erfc(Q / sqrt 2)``.

    Parameters
    ----------
    q
        Eye opening over noise of one of the three eyes, amplitude ratio. KP4 needs 2.4e-4, Q = 3.414.
    """
    return unwrapped(0.375 * erfc(np.asarray(q) / math.sqrt(2.0)))


def link_budget(path: PhysicalPath, catalogue: Catalogue) -> LinkBudget | None:
    """Return the budget of a link class, or None in copper.

    Parameters
    ----------
    path
        Physical path of the class.
    catalogue
        Values of its parts.
    """
    if path.medium == "copper":
        return None
    forward = _one_way(path, path.parts, catalogue)
    if path.end_a == path.end_b:
        return forward
    back = (PathPart("transmitter", path.end_b), *path.parts[-2:0:-1], PathPart("receiver", path.end_a))
    return min(forward, _one_way(path, back, catalogue), key=lambda budget: median(budget.margin.margin_3sigma_db))


def link_budgets(paths: Iterable[PhysicalPath], catalogue: Catalogue) -> tuple[LinkBudget, ...]:
    """Return the budgets of all optical link classes."""
    return tuple(budget for path in paths if (budget := link_budget(path, catalogue)))


def worst(budgets: Sequence[LinkBudget]) -> LinkBudget | None:
    """Return the budget with the smallest statistical margin, or None if there is no optical link."""
    return min(budgets, key=lambda budget: median(budget.margin.margin_3sigma_db), default=None)


def _one_way(path: PhysicalPath, parts: tuple[PathPart, ...], catalogue: Catalogue) -> LinkBudget:
    transmitter, receiver = parts[0].component, parts[-1].component
    power_budget_db = (
        catalogue.value(transmitter, "tx_oma_dbm")
        - catalogue.value(transmitter, "tdecq_db")
        - catalogue.value(receiver, "rx_sensitivity_dbm")
        + smallest(*(optional(catalogue, end, "inner_fec_gain_db") for end in (transmitter, receiver)))
        - largest(*(optional(catalogue, end, "mpi_penalty_db") for end in (transmitter, receiver)))
    )
    lines: list[BudgetLine] = []
    cumulative_db: Quantity = 0.0
    for part in parts:
        mean_db, sigma_db, worst_db = _loss_db(part, catalogue)
        cumulative_db = cumulative_db + mean_db
        lines.append(BudgetLine(part.name, part.component, 1, mean_db, sigma_db, worst_db, cumulative_db))
    allowance_db = smallest(*(catalogue.value(end, "channel_allowance_db") for end in (transmitter, receiver)))
    worst_loss_db: Quantity = 0.0
    for line in lines:
        worst_loss_db = worst_loss_db + line.worst_loss_db
    return LinkBudget(
        link_class=path.link_class,
        n_links=path.n_links,
        transmitter=transmitter,
        receiver=receiver,
        power_budget_db=unwrapped(power_budget_db),
        channel_allowance_db=unwrapped(allowance_db),
        lines=tuple(lines),
        margin=link_margin(power_budget_db, [(line.mean_loss_db, line.sigma_db, line.count) for line in lines]),
        worst_margin_db=unwrapped(allowance_db - worst_loss_db),
    )


def _loss_db(part: PathPart, catalogue: Catalogue) -> tuple[Quantity, Quantity, Quantity]:
    """Return mean, sigma and largest loss of a part."""
    if part.name in ("transmitter", "receiver"):
        spread = catalogue[part.component].values["tx_oma_dbm" if part.name == "transmitter" else "rx_sensitivity_dbm"]
        return 0.0, (spread.high - spread.low) / 6.0, 0.0
    if part.name == "fiber":
        mean_db = catalogue.value(part.component, "attenuation_db_per_km") * part.length_m * 1e-3
        highest_db_per_km = catalogue[part.component].values["attenuation_db_per_km"].high
        worst_db: Quantity = highest_db_per_km * part.length_m * 1e-3
    else:
        mean_db, worst_db = (catalogue.value(part.component, key) for key in _TYPICAL_AND_WORST[part.name])
    # a draw may put the typical loss above the largest one
    worst_db = largest(worst_db, mean_db)
    return mean_db, (worst_db - mean_db) / 3.0, worst_db
