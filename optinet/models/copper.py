# SPDX-License-Identifier: Apache-2.0
r"""How far copper reaches: the loss that the SerDes cover, less what the ends lose, over the loss of a meter.

.. math:: reach = (L_{max} + G - 2 L_{end}) / l(f)

all at the Nyquist frequency f of the lanes. :math:`L_{max}` is the loss that a long-reach SerDes of the lane's rate
covers from die to die; where a cable has retimers in its plugs, they are those dies. :math:`L_{end}` is what one end
loses beside the cable (package, host trace, connectors), :math:`G` the gain of linear equalizers in the plugs.

Twinaxial pairs lose in proportion to the square root of frequency (skin effect). A stripline loses

.. math:: 2.32 f \sqrt{D_k} D_f + k \sqrt{f} \quad \text{dB per inch, f in GHz}

the first term in the dielectric, the second in the rough conductor. Crosstalk, reflections and skew are not in; since
they end a link too, none reaches farther than the upper end of what is published for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from optinet.models.serdes import long_reach_serdes, nyquist_ghz
from optinet.models.values import has, nominal, text_of

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue

METERS_PER_INCH = 0.0254
_DIELECTRIC_DB_PER_INCH_GHZ = 2.32

ValueOf = Callable[[str, str], float]
"""(component, key) -> value."""


@dataclass(frozen=True)
class CopperReach:
    """How far a cable or backplane reaches.

    Parameters
    ----------
    cable, serdes, conductor
        Component ids.
    nyquist_ghz
        Frequency of all losses.
    budget_db
        Loss from die to die that the SerDes cover, with the gain of equalizers.
    ends_db
        Loss of both ends together.
    loss_db_per_m
        Loss of a meter of conductor.
    published_m, longest_m
        Reach as published, typical and at its upper end; the losses are not fitted to it.
    """

    cable: str
    serdes: str
    conductor: str
    nyquist_ghz: float
    budget_db: float
    ends_db: float
    loss_db_per_m: float
    published_m: float
    longest_m: float

    @property
    def by_loss_m(self) -> float:
        """Longest link within the budget, 0 if the ends alone are beyond it."""
        return max(0.0, (self.budget_db - self.ends_db) / self.loss_db_per_m)

    @property
    def reach_m(self) -> float:
        """Longest link: within the budget, and no longer than the longest that is published."""
        return min(self.by_loss_m, self.longest_m)

    def margin_db(self, length_m: float) -> float:
        """Return what a link of this length leaves of the budget; negative if it does not reach."""
        return self.budget_db - self.ends_db - self.loss_db_per_m * length_m

    def __str__(self) -> str:
        if self.longest_m < self.by_loss_m:
            return f"the longest published; its loss would let it reach {self.by_loss_m:.3g} m"
        return (
            f"{self.budget_db:g} dB at {self.nyquist_ghz:.4g} GHz, less {self.ends_db:g} dB of the ends, "
            f"at {self.loss_db_per_m:.3g} dB/m"
        )


def copper_reach(cable: str, catalogue: Catalogue) -> CopperReach | None:
    """Return how far a cable reaches by its loss, or None if the catalogue does not tell the losses of its ends."""
    return _reach(cable, catalogue, partial(nominal, catalogue))


def listed_reach_m(component: str, catalogue: Catalogue) -> float:
    """Return how far a cable or module reaches, of a component that is only looked at: nothing is recorded as used."""

    def listed(name: str, key: str) -> float:
        return catalogue[name].values[key].value

    found = _reach(component, catalogue, listed) if catalogue[component].kind == "cable" else None
    return found.reach_m if found else listed(component, "reach_m")


def copper_markdown(catalogue: Catalogue) -> str:
    """Return the reach of every cable and backplane as Markdown, beside what is published for it."""
    lines = [
        "| cable | lanes Gb/s | SerDes dB | ends dB | conductor | dB/m | by loss m | published m | reach m |",
        "|---|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    for cable in catalogue.ids("cable"):
        if reach := copper_reach(cable, catalogue):
            lanes = nominal(catalogue, cable, "lane_gbps")
            losses = f"{reach.budget_db:g} | {reach.ends_db:g} | {reach.conductor} | {reach.loss_db_per_m:.3g}"
            published = f"{reach.published_m:.3g}, at most {reach.longest_m:.3g}"
            meters = f"{reach.by_loss_m:.2f} | {published} | {reach.reach_m:.2f}"
            lines.append(f"| {cable} | {lanes:g} | {losses} | {meters} |")
    return "\n".join(lines) + "\n"


def conductor_loss_db_per_m(conductor: str, frequency_ghz: float, catalogue: Catalogue) -> float:
    """Return the loss of a meter of twinaxial pair or stripline.

    Parameters
    ----------
    conductor
        Id of a wire or laminate.
    frequency_ghz
        > 0.
    catalogue
        Its values.
    """
    return _loss_db_per_m(conductor, frequency_ghz, catalogue[conductor].kind, partial(nominal, catalogue))


def _reach(cable: str, catalogue: Catalogue, value_of: ValueOf) -> CopperReach | None:
    conductor = text_of(catalogue, cable, "conductor")
    if not (conductor and has(catalogue, cable, "end_loss_db") and has(catalogue, cable, "lane_gbps")):
        return None
    lane_gbps = value_of(cable, "lane_gbps")
    frequency_ghz, serdes = nyquist_ghz(lane_gbps), long_reach_serdes(lane_gbps)
    gain_db = value_of(cable, "gain_db") if has(catalogue, cable, "gain_db") else 0.0
    return CopperReach(
        cable=cable,
        serdes=serdes,
        conductor=conductor,
        nyquist_ghz=frequency_ghz,
        budget_db=value_of(serdes, "max_loss_db") + gain_db,
        ends_db=2 * value_of(cable, "end_loss_db"),
        loss_db_per_m=_loss_db_per_m(conductor, frequency_ghz, catalogue[conductor].kind, value_of),
        published_m=value_of(cable, "reach_m"),
        longest_m=catalogue[cable].values["reach_m"].high,
    )


def _loss_db_per_m(conductor: str, frequency_ghz: float, kind: str, value_of: ValueOf) -> float:
    if kind == "wire":
        grows = math.sqrt(frequency_ghz / value_of(conductor, "reference_ghz"))
        return value_of(conductor, "loss_db_per_m") * grows
    dielectric = math.sqrt(value_of(conductor, "dielectric_ratio")) * value_of(conductor, "dissipation_ratio")
    db_per_inch = _DIELECTRIC_DB_PER_INCH_GHZ * frequency_ghz * dielectric
    db_per_inch += value_of(conductor, "conductor_loss_db_per_inch") * math.sqrt(frequency_ghz)
    return db_per_inch / METERS_PER_INCH
