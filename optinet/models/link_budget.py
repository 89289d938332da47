# SPDX-License-Identifier: Apache-2.0
"""Optical link budgets, three ways, and the share of links that close.

*Typical*: the typical power budget, ``OMA - TDECQ - sensitivity``, plus the gain of an inner FEC, minus the typical
loss of every part and, where one fiber carries both directions, minus the penalty of the light that is reflected
(`optinet.models.reflections`, `optinet.models.pam4`), which is a line of the waterfall like the parts.

*Statistical*: the same minus three standard deviations. The parts are independent and normal; the largest loss a part
may have is taken as its mean plus three sigma. The margins are those of one lane; a link closes if all its lanes do, in
both directions. Lanes on one fiber share its connectors, circulators and OCS. The transmitter's and the receiver's
sigma are a sixth of the range of OMA and of sensitivity. TDECQ adds none: the standards limit OMA
minus TDECQ, so that a large OMA goes with a large TDECQ.

*Worst case*: the channel insertion loss of the standard (IEEE 802.3 clauses 121, 124, 151; 100G Lambda MSA: DR 3.0
dB, FR4 4.0 dB), which is (OMA - TDECQ) min - (sensitivity for that SECQ) less the standard's own allowances, minus
the largest loss of every part, reflections at the lowest return losses among them. An inner FEC adds nothing to it:
its gain is already inside the allowance of a standard that has one.

On a drawn catalogue each draw moves the means; the spread of parts around them is that of the catalogue's ranges.

A link `closes` if its statistical margin is at least 0, is `at risk` if only the typical one is, and is `infeasible`
if not even that. How many OCS passes and which reach still close is `optinet.models.link_limits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from optinet.models.margin import LinkMargin, failing_links_fraction, link_margin
from optinet.models.pam4 import INNER_BER, KP4_BER, fec_for, interference_penalty_db, pam4_pre_fec_ber, q_for_ber
from optinet.models.physical_path import PathPart, PhysicalPath
from optinet.models.reflections import interference_fraction
from optinet.models.values import Quantity, largest, median, optional, smallest, unwrapped

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
class BudgetLine:
    """One part of a link's waterfall; the transmitter and the receiver lose nothing but spread.

    Parameters
    ----------
    name, component
        As in `optinet.models.physical_path.PathPart`; "reflections" for the penalty of reflected light at the receiver.
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
        Typical OMA - TDECQ - sensitivity + inner FEC gain.
    channel_allowance_db
        Largest channel loss the standard allows, the budget of the worst case.
    lines
        The waterfall.
    margin
        Typical and statistical margin.
    worst_margin_db
        Channel allowance minus the largest losses.
    interference_db
        Reflected light over the signal, typical; NaN where no fiber carries both directions.
    fec
        "KP4", or "KP4 and inner code" where both modules have one.
    fail_fraction
        Share of links of which at least one lane does not close.
    pre_fec_ber, pre_fec_ber_3sigma
        Bit error ratio before all FEC: at the typical loss, and what is left at the 3 sigma margin.
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
    interference_db: Quantity
    fec: str
    fail_fraction: Quantity
    pre_fec_ber: Quantity
    pre_fec_ber_3sigma: Quantity

    @property
    def fec_needed(self) -> str:
        """The least FEC under which the link closes at 3 sigma; "beyond FEC" if none does."""
        return fec_for(median(self.pre_fec_ber_3sigma))

    @property
    def verdict(self) -> Verdict:
        """Whether the links close; by the median over draws."""
        if median(self.margin.margin_3sigma_db) >= 0:
            return "closes"
        return "at risk" if median(self.margin.margin_db) >= 0 else "infeasible"

    @property
    def link_yield_fraction(self) -> Quantity:
        """Share of links that close."""
        return 1.0 - self.fail_fraction

    @property
    def links_expected_to_fail(self) -> Quantity:
        """Expected number of links that do not close."""
        return self.n_links * self.fail_fraction


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
    ends = (transmitter, receiver)
    fec_gain_db = smallest(*(optional(catalogue, end, "inner_fec_gain_db") for end in ends))
    receivable_db = (
        catalogue.value(transmitter, "tx_oma_dbm")
        - catalogue.value(transmitter, "tdecq_db")
        - catalogue.value(receiver, "rx_sensitivity_dbm")
    )
    coded = median(fec_gain_db) > 0
    limit_ber = INNER_BER if coded else KP4_BER
    losses = [_loss_db(part, catalogue) for part in parts]
    interference = interference_fraction(parts, [mean_db for mean_db, *_ in losses], catalogue)
    lines = _waterfall(parts, losses, _reflections(parts, losses, interference, limit_ber, catalogue))
    allowance_db = smallest(*(catalogue.value(end, "channel_allowance_db") for end in ends))
    power_budget_db = receivable_db + fec_gain_db
    margin = link_margin(power_budget_db, [(line.mean_loss_db, line.sigma_db, line.count) for line in lines])
    received_db = receivable_db - sum((mean_db for mean_db, *_ in losses), start=0.0)
    return LinkBudget(
        link_class=path.link_class,
        n_links=path.n_links,
        transmitter=transmitter,
        receiver=receiver,
        power_budget_db=unwrapped(power_budget_db),
        channel_allowance_db=unwrapped(allowance_db),
        lines=lines,
        margin=margin,
        worst_margin_db=unwrapped(allowance_db - sum((line.worst_loss_db for line in lines), start=0.0)),
        interference_db=_in_db(interference),
        fec="KP4 and inner code" if coded else "KP4",
        fail_fraction=_fail_fraction(path, margin.margin_db, lines),
        pre_fec_ber=pam4_pre_fec_ber(
            _q_over(received_db, KP4_BER), interference, _extinction_ratio_db(transmitter, interference, catalogue)
        ),
        pre_fec_ber_3sigma=pam4_pre_fec_ber(_q_over(margin.margin_3sigma_db, limit_ber)),
    )


def _fail_fraction(path: PhysicalPath, margin_db: Quantity, lines: tuple[BudgetLine, ...]) -> Quantity:
    own = [line.sigma_db for line in lines if line.name in ("transmitter", "receiver")]
    shared = [line.sigma_db for line in lines if line.name not in ("transmitter", "receiver")]
    lane_sigma_db, fiber_sigma_db = (np.sqrt(sum((sigma**2 for sigma in some), start=0.0)) for some in (own, shared))
    lanes_per_fiber = 2 * path.lanes_per_link / path.strands_per_link
    return failing_links_fraction(margin_db, lane_sigma_db, fiber_sigma_db, lanes_per_fiber, path.strands_per_link)


def _q_over(margin_db: Quantity, ber: float) -> Quantity:
    """Return Q where so much more light arrives than an error ratio needs; noise stays, so Q grows with the light."""
    return q_for_ber(ber) * 10.0 ** (margin_db / 10.0)


def _in_db(fraction: Quantity) -> Quantity:
    values = np.asarray(fraction, dtype=np.float64)
    return unwrapped(10.0 * np.log10(values, out=np.full(values.shape, np.nan), where=values > 0))


def _extinction_ratio_db(transmitter: str, interference: Quantity, catalogue: Catalogue) -> Quantity:
    # without interference it does not matter, and is not recorded as used
    return catalogue.value(transmitter, "extinction_ratio_db") if np.any(interference) else np.inf


Losses: TypeAlias = tuple[Quantity, Quantity, Quantity]
"""Mean, sigma and largest loss of a part, dB."""


def _reflections(
    parts: tuple[PathPart, ...], losses: Sequence[Losses], interference: Quantity, ber: float, catalogue: Catalogue
) -> Losses | None:
    """Return the penalty of reflected light, typical and with every part at its worst; None where there is none."""
    if not np.any(interference):
        return None
    transmitter = parts[0].component
    mean_db = interference_penalty_db(interference, _extinction_ratio_db(transmitter, interference, catalogue), ber)
    at_worst = interference_fraction(parts, [worst_db for *_, worst_db in losses], catalogue, worst=True)
    lowest_db = catalogue[transmitter].values["extinction_ratio_db"].low
    worst_db = largest(mean_db, interference_penalty_db(at_worst, lowest_db, ber))
    return mean_db, (worst_db - mean_db) / 3.0, worst_db


def _waterfall(
    parts: tuple[PathPart, ...], losses: Sequence[Losses], reflections: Losses | None
) -> tuple[BudgetLine, ...]:
    named = [(part.name, part.component, loss) for part, loss in zip(parts, losses, strict=True)]
    if reflections is not None:
        named.insert(-1, ("reflections", parts[-1].component, reflections))
    lines: list[BudgetLine] = []
    cumulative_db: Quantity = 0.0
    for name, component, (mean_db, sigma_db, worst_db) in named:
        cumulative_db = cumulative_db + mean_db
        lines.append(BudgetLine(name, component, 1, mean_db, sigma_db, worst_db, cumulative_db))
    return tuple(lines)


def _loss_db(part: PathPart, catalogue: Catalogue) -> Losses:
    """Return mean, sigma and largest loss of a part."""
    if part.name in ("transmitter", "receiver"):
        spread = catalogue[part.component].values["tx_oma_dbm" if part.name == "transmitter" else "rx_sensitivity_dbm"]
        return 0.0, (spread.high - spread.low) / 6.0, 0.0
    if part.name == "fiber_array":
        return 0.0, 0.0, 0.0  # inside launch power and sensitivity
    if part.name == "fiber":
        mean_db = catalogue.value(part.component, "attenuation_db_per_km") * part.length_m * 1e-3
        highest_db_per_km = catalogue[part.component].values["attenuation_db_per_km"].high
        worst_db: Quantity = highest_db_per_km * part.length_m * 1e-3
    else:
        mean_db, worst_db = (catalogue.value(part.component, key) for key in _TYPICAL_AND_WORST[part.name])
    # a draw may put the typical loss above the largest one
    worst_db = largest(worst_db, mean_db)
    return mean_db, (worst_db - mean_db) / 3.0, worst_db
