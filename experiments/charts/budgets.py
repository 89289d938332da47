# SPDX-License-Identifier: Apache-2.0
"""Link budgets part by part."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from experiments.charts.waterfall import Step, Waterfall
from experiments.compare import Row
from experiments.labels import readable

_TELLING = ("transmitter", "receiver", "component", "cumulative_loss_db")  # a budget from another


def waterfalls(rows: Iterable[Row]) -> list[Waterfall]:
    """Return the different link budgets of some designs, those with the least margin first."""
    found: dict[tuple[Any, ...], tuple[dict[str, Any], list[str]]] = {}
    for row in rows:
        for i, told in enumerate(row.run.budget_columns(*_TELLING)):
            key = (told["transmitter"], told["receiver"], *told["component"], *told["cumulative_loss_db"])
            if key not in found:
                found[key] = row.run.budgets[i], []
            _, designs = found[key]
            if row.case not in designs:
                designs.append(row.case)
    made = [_waterfall(budget, tuple(designs)) for budget, designs in found.values()]
    return sorted(made, key=lambda each: each.margin_3sigma_db)


def _waterfall(budget: dict[str, Any], designs: tuple[str, ...]) -> Waterfall:
    ends = budget["transmitter"], budget["receiver"]
    title = f"{budget['link_class']}: {ends[0]}" + ("" if ends[0] == ends[1] else f" to {ends[1]}")
    steps = []
    left_db = float(budget["power_budget_db"])
    columns = (budget[name] for name in ("part", "component", "mean_loss_db", "sigma_db", "worst_loss_db"))
    for part, component, loss_db, sigma_db, worst_db in zip(*columns, strict=True):
        if loss_db > 0 or sigma_db > 0 or worst_db > 0:
            left_db -= float(loss_db)
            name = readable(part) if component in ends else f"{readable(part)} ({component})"
            steps.append(Step(name, float(loss_db), left_db, float(sigma_db), float(worst_db)))
    return Waterfall(
        title=title,
        budget_db=float(budget["power_budget_db"]),
        steps=tuple(steps),
        typical_margin_db=float(budget["typical_margin_db"]),
        margin_3sigma_db=float(budget["margin_3sigma_db"]),
        verdict=budget["verdict"],
        designs=designs,
        worst_margin_db=float(budget.get("worst_margin_db", math.nan)),
        allowance_db=float(budget.get("channel_allowance_db", math.nan)),
        yield_fraction=float(budget.get("link_yield_fraction", math.nan)),
        fec=_fec(str(budget.get("fec_needed", "")), str(budget.get("fec", ""))),
    )


def _fec(needed: str, there: str) -> str:
    if not needed or not there:
        return ""
    if needed == "beyond FEC":
        return f"At 3 sigma no error correction suffices; they have {there}."
    if needed == there:
        return f"At 3 sigma they need {needed}, which they have."
    return f"At 3 sigma they need {needed}; they have {there}."
