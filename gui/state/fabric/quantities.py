# SPDX-License-Identifier: Apache-2.0
"""What colors of links can mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """A value of every link that colors can show; colors reach up to `full` unless they are stretched to the data.

    Parameters
    ----------
    id, title, unit
        What it is; a quantity of categories has no unit.
    full
        Where colors end at the least.
    low_stands_out
        Whether it is the lowest value that a reader looks for; links that share a line then show their lowest.
    categories
        Names of what the values 0, 1, ... stand for; of link classes the run knows the names.
    threshold, threshold_text
        A value that the color bar marks, and what changes there.
    decimals
        Decimals that its values are written with at the most; None where four digits say what matters.
    """

    id: str
    title: str
    unit: str = ""
    full: float = 0.0
    low_stands_out: bool = False
    categories: tuple[str, ...] = ()
    threshold: float | None = None
    threshold_text: str = ""
    decimals: int | None = None


UTILIZATION = Quantity("utilization", "Link utilization", "% of capacity", full=100.0)
LOAD = Quantity("load", "Link load", "Gb/s")
LENGTH = Quantity("length", "Link length", "m")
MARGIN = Quantity(
    "margin", "Link margin", "dB", low_stands_out=True, threshold=0.0, threshold_text="closes from", decimals=2
)
LATENCY = Quantity("latency", "Link latency", "ns")
LINK_CLASS = Quantity("link_class", "Link class", categories=("",))
IDLE, CARRYING, FULLEST, FAILED = range(4)
STATE = Quantity("state", "Link state", categories=("idle", "carries traffic", "fullest", "failed"))
QUANTITIES = (UTILIZATION, LOAD, LENGTH, MARGIN, LATENCY, LINK_CLASS, STATE)
