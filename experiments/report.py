# SPDX-License-Identifier: Apache-2.0
"""A folder of runs as one HTML page that is complete by itself: nothing in it is loaded from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from experiments.charts import Chart, Group, Per, Waterfall, breakdown, scatter, waterfalls
from experiments.columns import SAME_RATE
from experiments.compare import Row, Table, comparison, in_order, unequal
from experiments.drawing import svg
from experiments.findings import drivers_of_best, findings
from experiments.labels import counted, label_of
from experiments.report_charts import not_shown, plain_heading, spread_charts, sweep_charts
from experiments.report_failures import LEVEL_HEADS, STEP_HEADS, availability_charts, level_rows, step_rows
from optinet.results import Run, open_run

_MOST_BARS, _MOST_WATERFALLS, _MOST_DRIVERS = 40, 12, 8
_LONGEST_REASON = 400
_WHOLE = ("metrics", "power", "cost", "availability")
_COLUMNS: Mapping[str, Sequence[str]] = {
    "latency": ("latency_ns", "weight"),
    "nodes": ("kind",),
    "links": ("tail", "head"),
    "arcs": ("capacity_gbps",),
    "catalogue": ("component", "key", "value"),
    "sources": ("id",),
    "provenance": ("study", "point", "started_utc", "optinet", "git_commit"),
    "uncertainty": ("n_draws",),
    "link_budgets": ("link_class", "verdict", "transmitter", "receiver", "component", "cumulative_loss_db"),
}
"""What is read of every run; all of a run takes several times as long."""


def report_html(paths: Sequence[Path], *, title: str = "", baseline: str = "", goals: Sequence[str] = ()) -> str:
    """Return the page about some runs.

    Parameters
    ----------
    paths
        Run files.
    title
        The question; the study's title unless given.
    baseline
        The design differences are shown from; none unless given.
    goals
        Metrics of the Pareto front, as `experiments.pareto.goals_of` reads them.

    Raises
    ------
    OptinetError
        If a run cannot be read, or baseline or goals name nothing.
    """
    runs = [open_run(path) for path in paths]
    for run in runs:
        run.read(*_WHOLE, **_COLUMNS)
    runs = in_order(runs)
    table = comparison(runs)
    table = table.beside(baseline) if baseline else table
    table = table.with_front(goals or _usual_goals(table))
    figures = _Figures()
    budgets = waterfalls(table.rows)
    environment = Environment(
        loader=PackageLoader("experiments"), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    return environment.get_template("report.html.j2").render(
        counted=counted,
        version=version("optinet"),
        title=title or _question(runs),
        subtitle=_subtitle(runs, table),
        findings=findings(table),
        columns=[{"heading": plain_heading(c), "numeric": c.digits is not None} for c in table.columns],
        rows=[_row(table, row) for row in table.rows],
        remarks=table.remarks,
        footnotes=table.footnotes,
        fronts=list(_fronts(table, figures)),
        breakdowns=list(_breakdowns(table, figures)),
        spreads=[figures.add(chart, caption) for chart, caption in spread_charts(table)],
        availability=[figures.add(chart, caption) for chart, caption in availability_charts(table.rows)],
        level_heads=LEVEL_HEADS,
        levels=list(level_rows(table.rows)),
        step_heads=STEP_HEADS,
        steps=list(step_rows(table.rows)),
        sweeps=[figures.add(chart, caption) for chart, caption in sweep_charts(table, runs)],
        tornados=[figures.add(chart, caption) for chart, caption in drivers_of_best(table, _MOST_DRIVERS)],
        waterfalls=[figures.add(each, _shown_for(each)) for each in budgets[:_MOST_WATERFALLS]],
        more_waterfalls=max(0, len(budgets) - _MOST_WATERFALLS),
        failing=[found for row in table.rows if (found := _failing(row))],
        failures=_failures(paths),
        **_assumptions(runs),
        made=_made(runs),
        files=[_file(run) for run in runs],
    )


class _Figures:
    """Draws charts and numbers them."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, chart: Chart, caption: str) -> dict[str, str]:
        self._count += 1
        return {"svg": svg(chart, self._count), "caption": f"Figure {self._count}. {caption}"}


def _usual_goals(table: Table) -> list[str]:
    delivered = [column.key for column in table.columns if column.key.startswith("delivered")][:1]
    wanted = (*delivered, "network_kw", "cost_per_endpoint_usd")
    return [key for key in wanted if key in table.keys]


def _question(runs: Sequence[Run]) -> str:
    titles = dict.fromkeys(str(run.columns("provenance", "study").get("study") or "") for run in runs)
    known = [title for title in titles if title]
    return " / ".join(known[:3]) or (runs[0].title if len(runs) == 1 else "Comparison of designs")


def _subtitle(runs: Sequence[Run], table: Table) -> str:
    workloads = dict.fromkeys(str(run.scenario.get("workload", {}).get("name", "")) for run in runs)
    closing = sum(row.closes for row in table.rows)
    return (
        f"{counted(len(table.rows), 'design')}, {counted(len(runs), 'run')}, "
        f"{'workloads' if len(workloads) > 1 else 'workload'} {', '.join(workloads)}; "
        f"the links of {counted(closing, 'design')} close with three standard deviations to spare."
    )


def _fronts(table: Table, figures: _Figures) -> Iterable[dict[str, str]]:
    columns = {column.key: column for column in table.columns}
    marked = next((remark for remark in table.remarks if remark.startswith("*")), "").removeprefix("* ")
    delivered = next((key for key in columns if key.startswith("delivered")), "")
    for x, y in (("cost_per_endpoint_usd", "network_kw"), ("latency_mean_ns", delivered)):
        if x in columns and y in columns:
            title = " against ".join(map(label_of, (y, x)))
            chart = scatter(table, columns[x], columns[y], title)
            caption = (
                f"Circles: {marked}" if x.startswith("cost") else "The same designs by latency and delivered rate."
            )
            hollow = (
                "" if all(mark.closes for mark in chart.marks) else " Hollow: links do not close with 3 sigma to spare."
            )
            yield figures.add(chart, f"{caption} Bars are the 5th to 95th percentile over component ranges.{hollow}")


def _breakdowns(table: Table, figures: _Figures) -> Iterable[dict[str, str]]:
    """Yield power and cost by category, and where designs deliver or serve more than others for what that is."""
    pers: list[Per] = ["all"]
    for name, per, least in (("endpoints", "endpoint", 0.0), ("delivered_tbps", "delivered", SAME_RATE)):
        if unequal((value for row in table.rows if (value := row.run.metric_values.get(name, 0.0)) > 0), least):
            pers.append(per)  # type: ignore[arg-type]
    groups: tuple[Group, ...] = ("power", "cost")
    for group in groups:
        for per in pers:
            bars = breakdown(table.rows, group, per=per, most=_MOST_BARS)
            if bars.categories:
                more = f" {not_shown(bars.left_out)}".rstrip()
                text = "by category; beside it the total and its 5th to 95th percentile. What is saved is left of zero."
                yield figures.add(bars, f"{bars.axis_label} {text}{more}")


def _shown_for(each: Waterfall) -> str:
    more = f" and {len(each.designs) - 4} more" if len(each.designs) > 4 else ""
    return f"Typical losses part by part, of {', '.join(each.designs[:4])}{more}. {each.told}".strip()


def _row(table: Table, row: Row) -> dict[str, Any]:
    kinds = {"at risk": "risk"}
    cells = []
    for column in table.columns:
        text = table.cell(row, column)
        kind = "n" if column.digits is not None else kinds.get(text, text)
        cells.append({"text": text, "kind": kind})
    return {"name": f"{row.case} {table.marks(row)}".strip(), "cells": cells, "on_front": row.on_front}


def _failing(row: Row) -> dict[str, Any] | None:
    short = row.values.get("ocs_ports_short") or (m.value if (m := row.run.metrics.get("ocs_ports_short")) else 0.0)
    if row.closes and not short > 0:
        return None
    classes = [
        f"{budget['link_class']}: "
        for budget in row.run.budget_columns("link_class", "verdict")
        if budget["verdict"] != "closes"
    ]
    reasons = [note for note in row.run.notes if any(note.startswith(name) for name in classes) or "short" in note]
    kind = {"at risk": "risk"}.get(row.run.verdict, row.run.verdict)
    return {
        "name": row.case,
        "verdict": row.run.verdict or "ports short",
        "kind": kind,
        "reasons": reasons or ["see the run"],
    }


def _failures(paths: Sequence[Path]) -> list[dict[str, str]]:
    """Return the points that sweeps recorded as failed in the folders of the runs."""
    found = []
    for folder in dict.fromkeys(path.parent for path in paths):
        for file in sorted(folder.glob("failures*.json")):
            try:
                rows = json.loads(file.read_text(encoding="utf-8"))
                found += [{"point": str(row["point"]), "error": str(row["error"])[-_LONGEST_REASON:]} for row in rows]
            except (OSError, ValueError, TypeError, KeyError):
                found.append({"point": file.name, "error": "cannot be read"})
    return found


def _assumptions(runs: Sequence[Run]) -> dict[str, Any]:
    values: dict[tuple[str, str, float], dict[str, str]] = {}
    sources: dict[str, dict[str, Any]] = {}
    for run in runs:
        used = run.columns("catalogue", "component", "key", "value")
        keys = list(zip(*used.values(), strict=True))
        if values.keys() >= set(keys):
            continue
        for key, row in zip(keys, _rows(run.table("catalogue")), strict=True):
            if key not in values:
                numbers = {name: f"{row[name]:,.6g}" for name in ("value", "low", "high")}
                unit = "" if row["unit"] == "1" else row["unit"]
                values[key] = row | numbers | {"unit": unit, "basis": f"{row['basis']}, {row['confidence']}"}
    for run in runs:
        if not sources.keys() >= set(run.columns("sources", "id").get("id", ())):
            sources |= {row["id"]: row for row in _rows(run.table("sources"))}
    ordered = [values[key] for key in sorted(values)]
    components = len({row["component"] for row in ordered})
    safe = [
        row | {"url": row["url"] if str(row["url"]).startswith(("https://", "http://")) else ""}
        for row in sources.values()
    ]
    return {"values": ordered, "components": components, "sources": sorted(safe, key=lambda row: row["id"])}


def _rows(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def _made(runs: Sequence[Run]) -> str:
    tables = [run.columns("provenance", "started_utc", "optinet", "git_commit") for run in runs]
    times = sorted(str(table.get("started_utc", "")) for table in tables)
    versions = dict.fromkeys(str(table.get("optinet", "")) for table in tables)
    commits = dict.fromkeys(str(table.get("git_commit", ""))[:12] for table in tables)
    draws = {run.columns("uncertainty", "n_draws").get("n_draws", 0) for run in runs}
    return (
        f"Runs made from {times[0]} to {times[-1]} by optinet {', '.join(versions)} "
        f"({', '.join(filter(None, commits)) or 'installed'}); "
        f"intervals over {', '.join(map(str, sorted(draws)))} draws. "
        "Latency is at zero load. optinet inspect FILE shows a run whole, optinet diff A B what two runs differ in."
    )


def _file(run: Run) -> dict[str, str]:
    workload = str(run.scenario.get("workload", {}).get("name", ""))
    return {"name": run.path.name, "case": run.case, "workload": workload, "sha256": run.content_sha256}
