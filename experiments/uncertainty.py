# SPDX-License-Identifier: Apache-2.0
"""How sure a run's numbers are, what makes them unsure, and which of two designs is better nevertheless.

A saved run is solved already, so that all of it is one or two calls of the models over arrays. Component values are
drawn from triangular distributions over their ranges, independently; draws depend on the seed and the value's name
alone, so a component that two designs share has the same value in both in every draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.saved import Saved
from optinet.assessing import assess
from optinet.errors import Problem, RunFileError, unknown_name
from optinet.metric import Metric, higher_is_better
from optinet.units import is_count

MAIN_METRICS = ("network_kw", "cost_usd", "latency_p99_ns", "worst_link_3sigma_margin_db")
PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
_SMALLEST_SWING = 1e-9  # of a metric's value; less is rounding


@dataclass(frozen=True, eq=False)
class Spread:
    """A metric over all draws.

    Parameters
    ----------
    metric
        The metric with the value of the run, and 5th and 95th percentile.
    draws
        Shape (n_draws,).
    """

    metric: Metric
    draws: NDArray[np.float64]

    @property
    def percentiles(self) -> dict[float, float]:
        """The `PERCENTILES`; NaN where a draw has no value."""
        return dict(zip(PERCENTILES, np.percentile(self.draws, PERCENTILES).tolist(), strict=True))


@dataclass(frozen=True)
class Driver:
    """What one catalogue value does to a metric on its own.

    Parameters
    ----------
    name
        ``component.key``.
    low, high
        The ends of its range.
    metric_low, metric_high
        The metric with this value at its low and at its high end, and all others as listed.
    """

    name: str
    low: float
    high: float
    metric_low: float
    metric_high: float

    @property
    def swing(self) -> float:
        """How far it moves the metric."""
        return abs(self.metric_high - self.metric_low)


def spreads(saved: Saved, n_draws: int = 10_000, seed: int = 0) -> dict[str, Spread]:
    """Return every metric of a run over draws of the component values.

    Parameters
    ----------
    saved
        The run.
    n_draws
        At least 1.
    seed
        The same seed gives the same draws.
    """
    drawn = assess(saved.solution, saved.design, saved.catalogue.draw(n_draws, seed))
    found = {}
    for metric in drawn.metrics:
        stored = saved.run.metrics.get(metric.name)
        value = metric.value if stored is None else stored.value
        draws = np.full(n_draws, metric.value) if metric.draws is None else metric.draws
        low, high = np.percentile(draws, (5, 95)).tolist()
        found[metric.name] = Spread(Metric(metric.name, value, low, high, metric.unit, metric.meaning), draws)
    return found


def tornado(saved: Saved, metrics: Sequence[str]) -> dict[str, list[Driver]]:
    """Return for each metric the catalogue values that move it, the strongest first.

    One call of the models: entry by entry, one value is at an end of its range and all others are as listed.

    Raises
    ------
    RunFileError
        Naming a metric the run does not have.
    """
    used = assess(saved.solution, saved.design, saved.catalogue).values_used
    ranged = [
        (component, key)
        for component, key in used
        if saved.catalogue[component].values[key].low < saved.catalogue[component].values[key].high
        and not is_count(key)  # ports and lanes shape a fabric: they are not drawn either
    ]
    varied = {m.name: m for m in assess(saved.solution, saved.design, saved.catalogue.one_at_a_time(ranged)).metrics}
    found = {}
    for name in metrics:
        if name not in varied:
            raise RunFileError(unknown_name("metric", name, tuple(varied), "metric"))
        moved = varied[name].draws
        found[name] = [] if moved is None else _drivers(saved, ranged, moved)
    return found


def _drivers(saved: Saved, ranged: Sequence[tuple[str, str]], moved: NDArray[np.float64]) -> list[Driver]:
    drivers = []
    for place, (component, key) in enumerate(ranged):
        value = saved.catalogue[component].values[key]
        ends = (float(moved[2 * place]), float(moved[2 * place + 1]))
        drivers.append(Driver(f"{component}.{key}", value.low, value.high, *ends))
    least = _SMALLEST_SWING * abs(float(moved[-1]))
    return sorted((d for d in drivers if d.swing > least), key=lambda driver: driver.swing, reverse=True)


def probability_better(one: Spread, other: Spread) -> float:
    """Return how probable it is that the first of two designs is better in a metric; a tie counts half.

    Raises
    ------
    RunFileError
        If the two are of different metrics, or of different draws.
    """
    name = one.metric.name
    if name != other.metric.name or len(one.draws) != len(other.draws):
        raise RunFileError(Problem("metric", f"{name} beside {other.metric.name}", "one metric over the same draws"))
    difference = one.draws - other.draws
    if not higher_is_better(name):
        difference = -difference
    known = difference[~np.isnan(difference)]
    return float(np.mean(known > 0) + 0.5 * np.mean(known == 0)) if len(known) else float("nan")


def to_json(found: dict[str, Spread], drivers: dict[str, list[Driver]], better: dict[str, float]) -> dict[str, Any]:
    """Return intervals, drivers and probabilities as plain data."""
    return {
        name: {
            "value": spread.metric.value,
            "unit": spread.metric.unit,
            "percentiles": {f"{p:g}": value for p, value in spread.percentiles.items()},
            "drivers": [vars(driver) for driver in drivers.get(name, ())],
            **({"probability_better": better[name]} if name in better else {}),
        }
        for name, spread in found.items()
    }
