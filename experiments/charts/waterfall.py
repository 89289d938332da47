# SPDX-License-Identifier: Apache-2.0
"""A link budget as a waterfall, and its rows as they are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

from experiments.plain_values import percent_text


@dataclass(frozen=True)
class Step:
    """One part of a link in a waterfall.

    Parameters
    ----------
    part
        What it is.
    loss_db, sigma_db, worst_db
        Mean, standard deviation and most of what it loses.
    left_db
        The budget that is left after it, typically.
    """

    part: str
    loss_db: float
    left_db: float
    sigma_db: float = 0.0
    worst_db: float = math.nan


@dataclass(frozen=True)
class Waterfall:
    """A link budget from the power budget down to the margin.

    Parameters
    ----------
    title
        Link class, and the parts at its ends.
    budget_db
        Power budget between transmitter and receiver.
    steps
        Part by part, transmitter and receiver with what they vary; parts without either are left out.
    typical_margin_db, margin_3sigma_db, worst_margin_db
        What is left: typically, less three sigma of all parts, and of the standard's channel allowance less the
        largest losses.
    verdict
        closes, at risk or infeasible.
    designs
        Designs whose links these are.
    allowance_db
        The channel allowance that the worst case is of.
    yield_fraction
        Share of such links that close; NaN where it is not known.
    fec
        Error correction that they need, and that they have.
    """

    title: str
    budget_db: float
    steps: tuple[Step, ...]
    typical_margin_db: float
    margin_3sigma_db: float
    verdict: str
    designs: tuple[str, ...]
    worst_margin_db: float = math.nan
    allowance_db: float = math.nan
    yield_fraction: float = math.nan
    fec: str = ""

    @property
    def rows(self) -> tuple[WaterfallRow, ...]:
        """What is drawn, from the top down."""
        typical, sure, worst = self.typical_margin_db, self.margin_3sigma_db, self.worst_margin_db
        return (
            WaterfallRow("power budget", 0.0, self.budget_db, "budget"),
            *(
                WaterfallRow(s.part, s.left_db, s.left_db + s.loss_db, "loss", s.loss_db)
                for s in self.steps
                if s.loss_db > 0
            ),
            WaterfallRow("typical margin", 0.0, typical, "margin"),
            WaterfallRow("3 sigma of all parts", sure, typical, "loss", typical - sure),
            WaterfallRow("3-sigma margin", 0.0, sure, "margin"),
            *(() if math.isnan(worst) else (WaterfallRow("worst-case margin", 0.0, worst, "worst"),)),
        )

    @property
    def told(self) -> str:
        """What else is known of such links, in sentences."""
        share = self.yield_fraction
        text = percent_text(share, 2)
        close = "" if math.isnan(share) else f"{text[0].upper()}{text[1:]} of such links close."
        short = self.allowance_db - self.worst_margin_db
        worst = (
            ""
            if math.isnan(short)
            else f"Worst case: {self.allowance_db:.2f} dB that the standard allows a channel, less {short:.2f} dB."
        )
        return " ".join(filter(None, (close, worst, self.fec)))


@dataclass(frozen=True)
class WaterfallRow:
    """One row of a waterfall, drawn from one value to another.

    Parameters
    ----------
    label
        What it is.
    start_db, end_db
        Where it is drawn.
    kind
        "budget", "loss", "margin" or "worst".
    loss_db
        What is lost; NaN for what is none.
    """

    label: str
    start_db: float
    end_db: float
    kind: str
    loss_db: float = math.nan

    @property
    def text(self) -> str:
        """The value to be written beside it, in decibels."""
        value = self.end_db if math.isnan(self.loss_db) else -self.loss_db
        return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
