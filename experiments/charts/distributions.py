# SPDX-License-Identifier: Apache-2.0
"""How latency and link loads are spread, as cumulative distributions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.charts.lines import Curve, Curves, Floats
from experiments.compare import Row
from optinet.results import Run

_MOST_POINTS = 2000  # of a curve: more than there are pixels across a chart


def latency_curves(rows: Sequence[Row], *, most: int) -> Curves:
    """Return the share of the traffic that arrives within a time, at zero load, of the first designs that have it."""
    having = [row for row in rows if row.run.columns("latency", "weight")]
    curves = tuple(Curve(row.case, *_cumulative(row.run.latency_ns, row.run.latency_weight)) for row in having[:most])
    return Curves(
        "Latency at zero load",
        "Latency from endpoint to endpoint, ns",
        "Share of the traffic, %",
        curves,
        stepped=True,
        y_range=(0.0, 100.0),
        left_out=max(0, len(having) - most),
        x_range=(0.0, 0.0),
    )


def load_curves(rows: Sequence[Row], *, most: int) -> Curves:
    """Return the share of the arcs that are used at most so much: of one design by link class, of several as wholes.

    Loads are those of the whole demand, so that more than 100 % says how far it does not fit. Arcs without capacity
    are no arcs.
    """
    whole = [] if len(rows) == 1 else [Curve(row.case, *_used(row.run)) for row in rows[:most]]
    curves = whole or _by_class(rows[0].run) if rows else []
    return Curves(
        "Link loads" if len(rows) != 1 else f"Link loads of {rows[0].case}",
        "Utilization under the whole demand, %",
        "Share of the links, each direction, %",
        tuple(curves),
        stepped=True,
        y_range=(0.0, 100.0),
        left_out=max(0, len(rows) - most) if len(rows) > 1 else 0,
        x_range=(0.0, 100.0),
    )


def _by_class(run: Run) -> list[Curve]:
    of_arc = np.repeat(run.link_class, 2)
    curves = [Curve(name, *_used(run, of_arc == i)) for i, name in enumerate(run.link_class_names)]
    return [curve for curve in curves if len(curve.x)]


def _used(run: Run, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None) -> tuple[Floats, Floats]:
    there = run.arc_capacity_gbps > 0
    used = 100.0 * run.arc_utilization[there if chosen is None else there & chosen]
    return _cumulative(used, np.ones(len(used)))


def _cumulative(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the distinct values in order, and the share in percent that is at most each."""
    known = ~np.isnan(values) & (weights > 0)
    # what differs by rounding alone is one value
    distinct, place = np.unique(np.round(values[known], 6), return_inverse=True)
    if not len(distinct):
        return np.zeros(0), np.zeros(0)
    share: Floats = np.cumsum(np.bincount(place, weights[known]))
    share *= 100.0 / share[-1]
    if len(distinct) > _MOST_POINTS:
        # even steps of the share, and both ends
        kept = np.unique(np.searchsorted(share, np.linspace(share[0], 100.0, _MOST_POINTS)).clip(0, len(share) - 1))
        distinct, share = distinct[kept], share[kept]
    return distinct, share
