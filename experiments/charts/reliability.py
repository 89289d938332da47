# SPDX-License-Identifier: Apache-2.0
"""What is delivered for how much of the time, and what a Gb/s of that costs and draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from experiments.charts.lines import Curve, Curves, Floats
from experiments.compare import Row
from optinet.fabric import NodeKind
from optinet.results import Run

Quantity: TypeAlias = Literal["delivered", "cost", "power"]

QUANTITIES: Mapping[Quantity, tuple[str, str]] = {
    "delivered": ("Delivered against availability", "Delivered, Gb/s per endpoint"),
    "cost": ("Cost against availability", "Cost of what is delivered, USD per Gb/s"),
    "power": ("Power against availability", "Power of what is delivered, W per Gb/s"),
}
"""Title and axis of what can stand over the availability."""

AVAILABILITY = "Unavailability, % of the time (0.1 % is an availability of 99.9 %)"
_ENDS = {"rate_time_low_fraction": "low end (5 %)", "rate_time_high_fraction": "high end (95 %)"}
_MARKED, _LEAST = 0.1, 1e-5  # % of the time; what is rarer is not looked at (`optinet.reliability.sampling.RARE`)
_DEAREST = 5.0  # times what a Gb/s of the whole fabric costs or draws: beyond it a chart would show nothing else


def availability_curves(rows: Sequence[Row], *, quantity: Quantity = "delivered", most: int) -> Curves:
    """Return what is delivered, or what it costs or draws, but for a share of the time, of designs that know.

    A design alone has the interval over draws of failures beside it. Where little or nothing is delivered, the price of
    a Gb/s is left out.
    """
    having = [(row.case, run) for row in rows if (run := sampled_run(row)) is not None]
    curves = [_marked(Curve(case, *_points(run, quantity, "rate_time_fraction"))) for case, run in having[:most]]
    if len(having) == 1:
        case, run = having[0]
        known = [name for name in _ENDS if name in run.table("availability")]
        curves += [Curve(f"{case}, {_ENDS[name]}", *_points(run, quantity, name)) for name in known]
    title, label = QUANTITIES[quantity]
    curves = [curve for curve in curves if len(curve.x)]
    high = max((float(curve.y.max()) for curve in curves), default=0.0)
    left_out = max(0, len(having) - most)
    return Curves(title, AVAILABILITY, label, tuple(curves), True, True, (0.0, high), left_out)


def sampled_run(row: Row) -> Run | None:
    """Return the first run of a design that looked at failures, None if none did."""
    return next((run for run in row.runs if run.table("availability")), None)


def _points(run: Run, quantity: Quantity, time: str) -> tuple[Floats, Floats]:
    """Return shares of the time in percent, and the value that holds but for so much of it."""
    table = run.table("availability")
    rate, share = np.asarray(table["rate_gbps"])[::-1], np.asarray(table[time])[::-1]
    out = np.append(np.maximum(100.0 * (1.0 - share), _LEAST), 100.0)
    value = _value(run, quantity, np.append(rate, rate[-1:]))
    # a rate that holds as long as a better one is never the most that holds
    kept = np.isfinite(value) & np.append(out[1:] > out[:-1], True)
    if quantity != "delivered":
        kept &= value <= _DEAREST * value[-1]
    return out[kept], value[kept]


def _value(run: Run, quantity: Quantity, rate_gbps: Floats) -> Floats:
    if quantity == "delivered":
        return rate_gbps / np.count_nonzero(run.node_kind != NodeKind.SWITCH)
    name, scale = {"cost": ("cost_usd", 1.0), "power": ("network_kw", 1e3)}[quantity]
    whole = scale * run.metrics[name].value if name in run.metrics else np.nan
    return np.divide(whole, rate_gbps, out=np.full_like(rate_gbps, np.nan), where=rate_gbps > 0)


def _marked(curve: Curve) -> Curve:
    """Mark what holds 99.9 % of the time."""
    at = int(np.searchsorted(curve.x, _MARKED * (1 + 1e-9))) - 1
    return Curve(curve.label, curve.x, curve.y, (_MARKED, float(curve.y[at]))) if at >= 0 else curve
