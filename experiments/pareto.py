# SPDX-License-Identifier: Apache-2.0
"""Which designs nothing else beats: the Pareto front over chosen metrics, and differences from a baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.labels import title_and_unit
from optinet.errors import OptinetError, Problem, unknown_name
from optinet.metric import higher_is_better


@dataclass(frozen=True)
class Goal:
    """A metric and which way is better."""

    key: str
    higher: bool

    def __str__(self) -> str:
        title, unit = title_and_unit(self.key)
        name = title if title[1:2].isupper() else title[:1].lower() + title[1:]
        return f"{'most' if self.higher else 'least'} {name}" + (f" in {unit}" if unit[:1].isalpha() else "")


def goals_of(texts: Sequence[str], keys: Sequence[str]) -> tuple[Goal, ...]:
    """Read goals such as ``network_kw``, ``cost_per_endpoint_usd:min`` or ``throughput:max``.

    Without ``:min`` or ``:max`` the metric's own sense holds: more of rates and margins, less of everything else.

    Raises
    ------
    OptinetError
        Naming every metric that the table does not have, and every other word after the colon.
    """
    goals, problems = [], []
    for text in texts:
        key, _, way = text.rpartition(":") if text.endswith((":min", ":max")) else (text, "", "")
        if key not in keys:
            problems.append(unknown_name("--pareto", key, tuple(keys), "metric"))
        goals.append(Goal(key, way == "max" if way else higher_is_better(key)))
    if len(texts) == 1:
        problems.append(Problem("--pareto", f"one metric ({texts[0]})", "two or more"))
    if problems:
        raise OptinetError(problems)
    return tuple(goals)


def front(rows: Sequence[Mapping[str, object]], goals: Sequence[Goal]) -> NDArray[np.bool_]:
    """Return which rows no other row beats: at least as good in every goal and better in one; shape (n_rows,).

    A row without a value for some goal is never on the front and beats nobody.
    """
    costs = np.array([[_cost(row.get(goal.key), goal) for goal in goals] for row in rows], dtype=float)
    return front_of(costs.reshape(len(rows), len(goals)))


def front_of(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows no other row beats, less being better in every column.

    Parameters
    ----------
    costs
        Shape (n_rows, n_goals); a row with NaN is never on the front and beats nobody.
    """
    keep = np.zeros(len(costs), dtype=bool)
    complete = np.flatnonzero(~np.isnan(costs).any(axis=1))
    distinct, place = np.unique(costs[complete], axis=0, return_inverse=True)  # in lexicographic order
    on_front = np.zeros(len(distinct), dtype=bool)
    left = np.arange(len(distinct))
    while len(left):
        # whoever beats a row comes before it in this order: the first that is left is beaten by nobody
        best = left[0]
        on_front[best] = True
        left = left[(distinct[left] < distinct[best]).any(axis=1)]
    keep[complete] = on_front[place.ravel()]
    return keep


def _cost(value: object, goal: Goal) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return -float(value) if goal.higher else float(value)


def relative_difference(value: object, baseline: object) -> float | None:
    """Return how far a value is from the baseline's, as a share of it; None where that says nothing."""
    if not isinstance(value, int | float) or not isinstance(baseline, int | float) or not baseline:
        return None
    difference = (value - baseline) / abs(baseline)
    return difference if math.isfinite(difference) else None
