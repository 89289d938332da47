# SPDX-License-Identifier: Apache-2.0
"""What the command line prints about everything but a single run: lists, checks, plans, folders and differences."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments.labels import counted
from experiments.plain_values import interval_text, number_text, percent_text, rounded, to_json, unit_text
from experiments.present import rows_text
from optinet.errors import unknown_name
from optinet.results import Run

if TYPE_CHECKING:
    from pathlib import Path

    from experiments.difference import Change
    from experiments.index import Found
    from experiments.scenario import Scenario
    from experiments.study import Study
    from experiments.uncertainty import Driver, Spread


_DRIVERS = 8  # shown of each metric
_DRAWN_DIGITS = 4
_SHOWN = (5.0, 50.0, 95.0)  # percentiles


def topologies_text(name: str = "", width: int | None = None) -> str:
    """Return the list of topologies, or what one of them is with its parameters."""
    import topologies

    if not name:
        rows = [(each, topologies.describe(each).splitlines()[2]) for each in topologies.names()]
        return rows_text(("topology", "what it is"), rows, width)
    head, _, _ = topologies.describe(name).partition("\n\nParameters\n")
    parameters: list[tuple[str, str, str]] = []
    for key, info in topologies.parameters_of(name).model_fields.items():
        default = "required" if info.is_required() else f"{info.get_default(call_default_factory=True)}"
        parameters.append((key, default, info.description or ""))
    return f"{head}\n\n{rows_text(('parameter', 'default', 'meaning'), parameters, width)}"


def topologies_json(name: str = "") -> str:
    """Return the names of the topologies, or the JSON Schema of one's parameters."""
    import topologies

    return to_json(topologies.parameters_of(name).model_json_schema() if name else list(topologies.names()))


def catalogue_text(name: str = "", width: int | None = None) -> str:
    """Return the list of components, those of one kind, or one component with values and sources."""
    from optinet.catalogue import load_catalogue
    from optinet.catalogue.describe import catalogue_rows, cited_sources, component_rows

    catalogue = load_catalogue()
    if not name or name in catalogue.kinds():
        rows = [row[:3] for row in catalogue_rows(catalogue, name or None)]
        return rows_text(("component", "kind", "title"), rows, width)
    component = catalogue[_known(name, (*catalogue.ids(), *catalogue.kinds()))]
    head = (
        f"{component.id}: {component.title}"
        + (f" ({component.vendor})" if component.vendor else "")
        + f", kind {component.kind}"
    )
    texts = "".join(f"  {key}: {text}\n" for key, text in component.text.items())
    values = []
    for row in component_rows(component):
        remark = f"{row.basis} {row.source}, confidence {row.confidence}" + (f"; {row.note}" if row.note else "")
        values.append((row.key, number_text(row.value), interval_text(row.low, row.high), unit_text(row.unit), remark))
    sources = [
        (source.id, " ".join(filter(None, (source.title, source.publisher, str(source.year or ""), source.url))))
        for source in cited_sources(catalogue, component)
    ]
    parts = [f"{head}\n{texts}", rows_text(("value", "", "range", "unit", "basis, source and remarks"), values, width)]
    return "\n".join([*parts, *([rows_text(("source", ""), sources, width)] if sources else [])])


def catalogue_json(name: str = "") -> str:
    """Return the components, those of one kind, or one component with values and sources, as JSON."""
    from optinet.catalogue import load_catalogue
    from optinet.catalogue.describe import catalogue_rows, cited_sources, component_rows

    catalogue = load_catalogue()
    if not name or name in catalogue.kinds():
        return to_json([row._asdict() for row in catalogue_rows(catalogue, name or None)])
    component = catalogue[_known(name, (*catalogue.ids(), *catalogue.kinds()))]
    rows = [row._asdict() for row in component_rows(component)]
    head = {key: getattr(component, key) for key in ("id", "kind", "title", "vendor")}
    sources = [source.model_dump() for source in cited_sources(catalogue, component)]
    return to_json(head | {"text": dict(component.text), "values": rows, "sources": sources})


def checked_file(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Scenario | Study:
    """Check a scenario or study file; `ScenarioError` with all mistakes.

    Fabrics are built and everything is fitted to them, but nothing is solved.
    """
    from experiments.fitting import misfits
    from experiments.study import load

    return load(path_or_name, overrides, check=misfits)


def validation_text(path_or_name: str | Path, checked: Scenario | Study) -> str:
    """Return in one line what a file is that has been checked."""
    found = validation_json(checked)
    if found["kind"] == "scenario":
        what = ", ".join(f"{section} {found[section]}" for section in ("topology", "workload", "routing"))
    else:
        points, cases = (counted(found[each], each[:-1]) for each in ("points", "cases"))
        what = f"{points} in {cases}"
    return f"{path_or_name}: a valid {found['kind']}: {what}\n"


def validation_json(checked: Scenario | Study) -> dict[str, Any]:
    """Return what a file is that has been checked, as plain data."""
    from experiments.study import Study

    head = {"valid": True, "title": checked.title}
    if isinstance(checked, Study):
        cases = len({point.case for point in checked.points()})
        return {**head, "kind": "study", "points": len(checked.points()), "cases": cases}
    parts = {section: getattr(checked, section).name for section in ("topology", "workload", "routing")}
    return {**head, "kind": "scenario", **parts, "scenario_sha256": checked.content_sha256}


def plan_rows(
    study: Study, folder: Path, *, resume: bool, shard: tuple[int, int] | None, workers: int | None
) -> dict[str, int | float]:
    """Return what a sweep would do, and about how long it would take."""
    from experiments.plan import plan_of
    from experiments.runner import remaining

    todo, done = remaining(study, folder, resume=resume, shard=shard)
    count = workers or os.cpu_count() or 1
    plan = plan_of(todo, count)
    return {
        "points": len(study.points()),
        "excluded": study.excluded,
        "duplicates": study.duplicates,
        **({"in_other_shards": len(study.points()) - len(todo) - len(done)} if shard else {}),
        "done": len(done),
        "to_run": len(todo),
        "solutions": plan.solutions,
        "workers": count,
        "estimated_s": plan.estimated_s(count) if todo else 0.0,
    }


_PLANNED = {
    "points": "points of the study",
    "excluded": "left out by constraints",
    "duplicates": "duplicates removed",
    "in_other_shards": "in other shards",
    "done": "done before",
    "to_run": "to run",
    "solutions": "different solutions",
}


def plan_text(study: Study, planned: Mapping[str, int | float]) -> str:
    """Return a plan as a table."""
    from experiments.progress import duration_text

    rows = [(what, f"{planned[key]:,}") for key, what in _PLANNED.items() if key in planned]
    workers, estimated_s = planned["workers"], planned["estimated_s"]
    rows.append(("time", f"about {duration_text(estimated_s)} on {counted(int(workers), 'worker')}"))
    return rows_text(("plan", study.title or study.name), rows)


def runs_text(found: Sequence[Found], names: Sequence[str], width: int | None = None) -> str:
    """Return runs of an index as a table."""
    rows = [
        (run.path.name, *(number_text(run.numbers[n]) if n in run.numbers else run.texts.get(n, "") for n in names))
        for run in found
    ]
    return rows_text(("run", *names), rows, width)


def uncertainty_text(
    run: Run,
    found: Mapping[str, Spread],
    drivers: Mapping[str, Sequence[Driver]],
    better: Mapping[str, float],
    against: Path | None,
    width: int | None = None,
) -> str:
    """Return intervals, drivers and probabilities as text; metrics that do not vary are left out."""
    unsure = {name: spread for name, spread in found.items() if spread.metric.low < spread.metric.high}
    n_draws = len(next(iter(found.values())).draws)
    rows = [
        (
            name,
            number_text(s.metric.value),
            *(number_text(rounded(s.percentiles[p], _DRAWN_DIGITS)) for p in (5.0, 50.0, 95.0)),
            unit_text(s.metric.unit),
        )
        for name, s in unsure.items()
    ]
    parts = [f"{run.title or run.path.stem}: {n_draws:,} draws of the component values\n"]
    parts.append(rows_text(("metric", "as listed", "5 %", "50 %", "95 %", "unit"), rows, width))
    for name, strongest in drivers.items():
        table = [
            (d.name, interval_text(d.low, d.high), interval_text(d.metric_low, d.metric_high, _DRAWN_DIGITS))
            for d in strongest[:_DRIVERS]
        ]
        if table:
            parts.append(rows_text((f"drivers of {name}", "range", f"{name} at its ends"), table, width))
    if against is not None:
        rows = [
            (name, percent_text(better[name], 0)) for name in unsure if name in better and not math.isnan(better[name])
        ]
        parts.append(rows_text(("metric", f"probability of being better than {against.name}"), rows, width))
    return "\n".join(parts)


def differences_text(one: Run, other: Run, changes: Sequence[Change], width: int | None = None) -> str:
    """Return what differs between two runs as one table for each part."""
    if not changes:
        return f"{one.path} and {other.path} have the same content\n"
    parts = []
    for part in dict.fromkeys(change.part for change in changes):
        rows = [
            (c.name, _cell(c.before), _cell(c.after), "" if c.share is None else percent_text(c.share, signed=True))
            for c in changes
            if c.part == part
        ]
        parts.append(rows_text((part, one.path.name, other.path.name, "difference"), rows, width))
    return "\n".join(parts)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return number_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _known(name: str, allowed: tuple[str, ...]) -> str:
    if name not in allowed:
        from optinet.errors import CatalogueError

        raise CatalogueError(unknown_name("catalogue", name, allowed, "component or kind"))
    return name
