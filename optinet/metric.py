# SPDX-License-Identifier: Apache-2.0
"""A headline number with what it means: what assessments give and run files keep."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Metric:
    """One headline number.

    Parameters
    ----------
    name
        Ends with its unit, as in `optinet.units`.
    value
        The number; the median where there are draws; NaN where the question does not arise.
    low, high
        5th and 95th percentile over draws, or two proven bounds; else NaN.
    unit
        A UDUNITS string.
    meaning
        What it is, in one line.
    draws
        Its value in every draw, shape (n_draws,); None without draws, and never kept in a file.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    meaning: str
    draws: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)

    @property
    def higher_is_better(self) -> bool:
        """Whether a design is better for more of it; of most metrics less is better."""
        return higher_is_better(self.name)


def higher_is_better(name: str) -> bool:
    """Whether more of a metric makes a design better: rates, margins and yields; of everything else less is better."""
    good = (
        "delivered bus_gbps optimum_gbps endpoint_gbps scale_out_gbps bisection following_fraction staying_fraction "
        "throughput margin yield availability tokens_per_s mfu served full_delivery"
    )
    return any(word in name for word in good.split())
