# SPDX-License-Identifier: Apache-2.0
"""A headline number with what it means: what assessments give and run files keep."""

from __future__ import annotations

from dataclasses import dataclass


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
        5th and 95th percentile over draws, else NaN.
    unit
        A UDUNITS string.
    meaning
        What it is, in one line.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    meaning: str
