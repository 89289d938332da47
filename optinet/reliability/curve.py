# SPDX-License-Identifier: Apache-2.0
"""The availability curve: what a fabric delivers for at least so much of the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optinet.reliability.carried import Carried
from optinet.reliability.risks import Floats
from optinet.reliability.sampling import States

LEVELS = (0.99, 0.999, 0.9999)


@dataclass(frozen=True)
class Level:
    """What holds for a fraction of the time.

    Parameters
    ----------
    time_fraction
        The fraction of time.
    delivered_gbps, low_gbps, high_gbps
        The largest rate that is delivered for at least so long, all endpoints together; and the largest whose fraction
        of time is so much at the low end, and at the high end, of its interval (`States.fraction`).
    served_fraction
        Share of the endpoints served for at least so long.
    error_fraction
        Standard error of the fraction of time in which the rate is delivered.
    """

    time_fraction: float
    delivered_gbps: float
    low_gbps: float
    high_gbps: float
    served_fraction: float
    error_fraction: float


@dataclass(frozen=True, eq=False)
class AvailabilityCurve:
    """Rates in falling order with the fraction of time in which at least so much is delivered.

    Parameters
    ----------
    delivered_gbps
        shape (n,), falling: the different rates.
    time_fraction, time_low, time_high, error_fraction
        shape (n,): fraction of the time with at least that rate, its 5 to 95 % interval, and its standard error.
    levels
        The curve at some fractions of time.
    mean_gbps
        Mean over time.
    unseen_fraction
        Fraction of time that was not looked at; it counts as carrying nothing.
    """

    delivered_gbps: Floats
    time_fraction: Floats
    time_low: Floats
    time_high: Floats
    error_fraction: Floats
    levels: tuple[Level, ...]
    mean_gbps: float
    unseen_fraction: float


def availability_curve(states: States, found: Carried, levels: Sequence[float] = LEVELS) -> AvailabilityCurve:
    """Return the curve of what was found in the states drawn."""
    delivered = np.round(found.delivered_gbps, 6)  # what differs by rounding alone is one rate
    rates = np.unique(delivered)[::-1]
    shares = [states.fraction(delivered >= rate) for rate in rates]
    error = np.array([share.error for share in shares])
    time, low, high = np.maximum.accumulate(np.array(shares), axis=0).T
    served = np.unique(found.served_fraction)[::-1]
    served_time = np.array([float(states.weight @ (found.served_fraction >= share)) for share in served])
    rows = []
    for level in levels:
        rate, least, most = (_at(rates, each, level) for each in (time, low, high))
        share = _at(served, served_time, level)
        rows.append(Level(level, rate, least, most, share, float(error[rates >= rate][-1])))
    mean = states.mean(found.delivered_gbps)
    return AvailabilityCurve(rates, time, low, high, error, tuple(rows), mean, states.unseen_fraction)


def level_name(fraction: float) -> str:
    """Return a fraction of time as names of metrics have it: 99_9 for 0.999."""
    return f"{100 * fraction:g}".replace(".", "_")


def time_at_most(states: States, value: Floats, fraction: float) -> float:
    """Return the least value that is not exceeded for a fraction of the time; infinite where none is."""
    values = np.unique(value)
    held = np.array([float(states.weight @ (value <= each)) for each in values])
    return _at(values, held, fraction) if held[-1] >= fraction else np.inf


def _at(values: Floats, time_fraction: Floats, fraction: float) -> float:
    """Return the first value that holds for at least a fraction of the time, 0 if none does."""
    enough = np.flatnonzero(time_fraction >= fraction - 1e-12)
    return float(values[enough[0]]) if len(enough) else 0.0
