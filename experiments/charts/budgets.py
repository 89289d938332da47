# SPDX-License-Identifier: Apache-2.0
"""Link budgets part by part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from experiments.charts.shapes import Step, Waterfall
from experiments.compare import Row

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
    for part, component, loss_db in zip(budget["part"], budget["component"], budget["mean_loss_db"], strict=True):
        if loss_db > 0:
            left_db -= float(loss_db)
            steps.append(Step(part if component in ends else f"{part} ({component})", float(loss_db), left_db))
    return Waterfall(
        title=title,
        budget_db=float(budget["power_budget_db"]),
        steps=tuple(steps),
        typical_margin_db=float(budget["typical_margin_db"]),
        margin_3sigma_db=float(budget["margin_3sigma_db"]),
        verdict=budget["verdict"],
        designs=designs,
    )
