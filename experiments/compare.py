# SPDX-License-Identifier: Apache-2.0
"""Runs side by side: one row for each design, merged over workloads, with what a reader must know in footnotes."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.columns import (
    BISECTION,
    BUS,
    CLOSING,
    DELIVERED,
    MAKESPAN,
    METRICS,
    OF_JOBS,
    OPTIMUM,
    SIZES,
    TIME,
    TOTALS,
    Column,
)
from experiments.growth import cliffs, differing
from experiments.pareto import Goal, front, goals_of, relative_difference
from experiments.plain_values import percent_text
from optinet.errors import OptinetError, unknown_name
from optinet.fabric import NodeKind
from optinet.results import Run

_PREFERRED = "uniform"
_FEW_SIZES = 3  # with more sizes than this, and none that most designs have, a table is no comparison like for like


@dataclass
class Row:
    """One design: values by column key, the numbers of its footnotes, and its runs, that of the reference first.

    `on_front` tells whether no other design beats it; None where nobody has asked.
    """

    case: str
    values: dict[str, Any] = field(default_factory=dict)
    routing: dict[str, str] = field(default_factory=dict)
    notes: list[int] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    on_front: bool | None = None

    @property
    def run(self) -> Run:
        """The run of the workload that latency, power and energy are under."""
        return self.runs[0]

    @property
    def closes(self) -> bool:
        """Whether its links close with three sigma to spare, or it has none that could fail to."""
        return self.run.verdict in CLOSING


def unequal(values: Iterable[float], least: float = 0.0) -> bool:
    """Return whether values that are known, none of them negative, differ by more than a share of the least."""
    known = [value for value in values if math.isfinite(value)]
    return bool(known) and max(known) > (1 + least) * min(known)


@dataclass(frozen=True)
class Table:
    """A comparison of designs.

    Parameters
    ----------
    columns, rows
        What to show.
    footnotes
        Texts that rows refer to by number, from 1.
    remarks
        Texts that concern the whole table.
    baseline
        The row the differences of the others are from; None for no differences.
    goals
        What the front is of; () where nobody has asked.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[str, ...]
    remarks: tuple[str, ...]
    baseline: Row | None = None
    goals: tuple[Goal, ...] = ()

    def cell(self, row: Row, column: Column) -> str:
        """Return the text of a cell; "-" where there is nothing to show."""
        value = row.values.get(column.key)
        if value is None:
            return "-"
        if isinstance(value, tuple):
            # two bounds, or one number where they are too close to be told apart
            low, high = (f"{bound:,.{column.digits}f}" for bound in value)
            return low if low == high else f"{low} to {high}"
        if column.digits is None:
            return str(value)
        text = f"{value:.{column.digits}g}" if column.significant else f"{value:,.{column.digits}f}"
        if self.baseline is not None and row is not self.baseline:
            text += self._difference(value, column)
        return f"{text} {row.routing[column.key]}" if column.key in row.routing else text

    def _difference(self, value: float, column: Column) -> str:
        """Return how far a value is from the baseline's: in decibels as such, everything else in percent."""
        base = self.baseline.values.get(column.key) if self.baseline else None
        if base is None:
            return ""
        if column.key.endswith("_db"):
            return f" ({value - base:+.{column.digits}f})" if value != base else ""
        share = relative_difference(value, base)
        return "" if share is None or abs(share) < 0.005 else f" ({percent_text(share, 0, signed=True)})"

    def marks(self, row: Row) -> str:
        """Return the footnote marks of a row, such as "[1,3]"."""
        notes = f"[{','.join(map(str, row.notes))}]" if row.notes else ""
        return " ".join(filter(None, ["*" if row.on_front else "", notes]))

    def to_json(self) -> dict[str, Any]:
        """Return rows, footnotes and remarks as plain data; missing numbers are None."""
        keys = dict.fromkeys(column.key for column in (*self.columns, *METRICS))
        return {
            "rows": [
                {
                    "case": row.case,
                    **{key: _json_number(row.values.get(key)) for key in keys},
                    "routing": {key.split(".", 1)[1]: name for key, name in row.routing.items()},
                    "footnotes": [self.footnotes[number - 1] for number in row.notes],
                    **({} if row.on_front is None else {"on_front": row.on_front}),
                    **({} if self.baseline is None else {"difference": self._differences(row, keys)}),
                }
                for row in self.rows
            ],
            "remarks": list(self.remarks),
        }

    def _differences(self, row: Row, keys: Iterable[str]) -> dict[str, float]:
        base = self.baseline.values if self.baseline else {}
        shares = {key: relative_difference(row.values.get(key), base.get(key)) for key in keys}
        return {key: share for key, share in shares.items() if share is not None}

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all numbers that some row has."""
        return tuple(dict.fromkeys(k for row in self.rows for k, v in row.values.items() if isinstance(v, int | float)))

    def beside(self, baseline: str) -> Table:
        """Return the table with differences from one of its rows.

        Raises
        ------
        OptinetError
            With the nearest name if no row is called so.
        """
        found = next((row for row in self.rows if row.case == baseline), None)
        if found is None:
            raise OptinetError(unknown_name("--baseline", baseline, tuple(row.case for row in self.rows), "design"))
        remark = f"In brackets the difference from {baseline}."
        return dataclasses.replace(self, baseline=found, remarks=(*self.remarks, remark))

    def with_front(self, goals: Sequence[str]) -> Table:
        """Return the table with the designs marked that no other beats; see `experiments.pareto`."""
        wanted = goals_of(goals, self.keys)
        # what cannot be built as it is beats nobody
        keep = front([row.values if row.closes else {} for row in self.rows], wanted)
        rows = tuple(dataclasses.replace(row, on_front=bool(on)) for row, on in zip(self.rows, keep, strict=True))
        goals_text = ", ".join(map(str, wanted))
        remark = (
            f"* of the designs whose links close, no other is better in one and as good in the rest of: {goals_text}."
        )
        base = next((new for new, old in zip(rows, self.rows, strict=True) if old is self.baseline), None)
        remarks = (*self.remarks, remark)
        return dataclasses.replace(self, rows=rows, remarks=remarks, baseline=base, goals=wanted)


_JOBS_REMARK = (
    "Of jobs tokens while steps count; exposed is the share of time that waits for the network; joules and dollars are "
    "of the whole cluster, accelerators and lost work inside."
)


def comparison(runs: Iterable[Run]) -> Table:
    """Compare runs design by design.

    Runs that differ in workload, length of phases and title alone are one row. What depends on the workload besides the
    delivered rate (latency, power, energy) is of one workload, the uniform one if there is any, and the table says so.

    Parameters
    ----------
    runs
        The runs, in the order the rows are to have.
    """
    designs = _by_design(runs)
    workloads = _workload_labels(run for design in designs.values() for run in design)
    reference = next((key for key in workloads if json.loads(key)["name"] == _PREFERRED), next(iter(workloads), ""))
    rows, notes = [], _Footnotes()
    sizes = [_size(design[0]) for design in designs.values()]
    usual = max(sizes, key=sizes.count, default=(0, 0.0))
    mixed = len(set(sizes)) > _FEW_SIZES and 2 * sizes.count(usual) <= len(sizes)
    grows = _grow(designs.values(), sizes)
    for case, size, design in zip(_cases(designs.values()), sizes, designs.values(), strict=True):
        row = Row(case)
        chosen = next((run for run in design if _workload(run) == reference), design[0])
        for run in design:
            key = f"{DELIVERED}.{workloads[_workload(run)]}"
            row.values[key] = _value(run, DELIVERED)
            row.routing[key] = run.routing
            row.values[f"{OPTIMUM}.{workloads[_workload(run)]}"] = _bounds(run, OPTIMUM)
            told = (TIME, BUS, MAKESPAN, *OF_JOBS)
            row.values |= {f"{name}.{workloads[_workload(run)]}": _value(run, name) for name in told}
        row.values |= _shown_values(chosen)
        warnings = _warnings(chosen, size, size if mixed else (size[0], usual[1]) if grows else usual)
        if _workload(chosen) != reference:
            warnings.append(f"latency, power and energy are under the workload {workloads[_workload(chosen)]}")
        row.notes = notes.numbers(warnings)
        row.runs = [chosen, *(run for run in design if run is not chosen)]
        rows.append(row)
    labels = [workloads[key] for key in sorted(workloads, key=lambda key: key != reference)]
    rates = [
        column
        for label in labels
        for column in (
            Column(f"{DELIVERED}.{label}", (*_two_lines(label), "Gb/s"), 1),
            Column(f"{OPTIMUM}.{label}", ("optimum of", "any routing", "Gb/s"), 1),
            Column(f"{TIME}.{label}", (*_two_lines(label), "ms"), 4, significant=True),
            Column(f"{BUS}.{label}", (*_two_lines(label), "bus Gb/s"), 1),
            Column(f"{MAKESPAN}.{label}", (*_two_lines(label), "all, ms"), 4, significant=True),
            *(
                Column(f"{name}.{label}", (*_two_lines(label), unit), digits, significant=digits > 1)
                for name, (unit, digits) in OF_JOBS.items()
            ),
        )
    ]
    first, last = (SIZES, TOTALS) if len({endpoints for endpoints, _ in sizes}) > 1 else ((), ())
    shown = tuple(
        c for c in (*first, *rates, *METRICS, *last) if any(row.values.get(c.key) is not None for row in rows)
    )
    proven = any(column.key.startswith(OPTIMUM) for column in shown)
    timed = any(column.key.startswith((TIME, MAKESPAN)) for column in shown)
    remarks = (*_remarks(workloads.get(reference, ""), optimum=proven, timed=timed), *cliffs(row.run for row in rows))
    if first:
        remarks = (*remarks, *_bisection_remarks(rows))
    if any(column.key.startswith("tokens_per_s") for column in shown):
        remarks = (*remarks, _JOBS_REMARK)
    if mixed and not grows:
        remarks = (*remarks, "Not like for like: the designs differ in endpoints and in what the links of each carry.")
    return Table(shown, tuple(rows), tuple(notes.texts), remarks)


def _grow(designs: Iterable[Sequence[Run]], sizes: Sequence[tuple[int, float]]) -> bool:
    """Return whether designs of one case differ in size, which then is what is studied."""
    of_case: dict[str, set[int]] = {}
    for design, (endpoints, _) in zip(designs, sizes, strict=True):
        of_case.setdefault(design[0].case, set()).add(endpoints)
    return any(len(found) > 1 for case, found in of_case.items() if case)


def _remarks(reference: str, *, optimum: bool, timed: bool) -> tuple[str, ...]:
    if not reference:
        return ()
    best = " Beside it what the best of all routings delivers, proven; two numbers are bounds on it." if optimum else ""
    collectives = (
        " Of collectives the traffic at line rate, the time (ms) and the bus bandwidth (bus Gb/s); of flows one by one"
        " when all have ended (all, ms)."
        if timed
        else ""
    )
    return (
        f"Delivered Gb/s per endpoint and direction, and the routing used.{best}{collectives}",
        f"Latency, power and energy are under the workload {reference}; latency at zero load.",
    )


def _bisection_remarks(rows: Sequence[Row]) -> Iterator[str]:
    """Yield how the bisections are known, and of which designs otherwise than of most."""
    proofs = {row.case: row.run.metrics[BISECTION].meaning.rpartition(": ")[2] for row in rows if row.values[BISECTION]}
    texts = list(proofs.values())
    usual = max(texts, key=texts.count, default="")
    others = {text: [case for case in proofs if proofs[case] == text] for text in texts if text != usual}
    told = [f"of {', '.join(cases)} {text}" for text, cases in others.items()]
    if usual:
        yield f"Bisection: {'; '.join([usual, *told])}."


def _shown_values(run: Run) -> dict[str, Any]:
    values: dict[str, Any] = {column.key: _value(run, column.key) for column in (*SIZES, *METRICS, *TOTALS)}
    values |= {BISECTION: _bounds_or_value(run, BISECTION)}
    if not values["ocs_boxes"]:
        values |= dict.fromkeys(("ocs_boxes", "ocs_ports_used"))  # the question does not arise without a plant
    return values | {"verdict": run.verdict or None}


def in_order(runs: Iterable[Run]) -> list[Run]:
    """Return runs study by study, each in the order of its points; others stay where they are among them.

    Runs of an optinet that did not keep their place in a study stay in the order given.
    """
    given = list(runs)
    told = [run.columns("provenance", "study", "point") for run in given]
    first = {str(each.get("study", "")): i for i, each in reversed(list(enumerate(told)))}
    keys = [(first[str(each.get("study", ""))], int(each.get("point", -1))) for each in told]
    return [given[i] for i in sorted(range(len(given)), key=keys.__getitem__)]


class _Footnotes:
    """Numbers texts in the order they come up."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def numbers(self, texts: Iterable[str]) -> list[int]:
        found = []
        for text in dict.fromkeys(texts):
            if text not in self.texts:
                self.texts.append(text)
            found.append(self.texts.index(text) + 1)
        return sorted(found)


def _warnings(run: Run, size: tuple[int, float], usual: tuple[int, float]) -> list[str]:
    """Return what must be said beside a design; `usual` is the `_size` that most designs have."""
    from optinet.remarks import DOWN  # loads the models, which the window can be shown without

    warnings = []
    if run.verdict == "infeasible":
        warnings.append("links do not close: typical losses exceed the power budget")
    elif run.verdict == "at risk":
        warnings.append("links at risk: they close typically, not at 3 sigma")
    warnings += [note for note in run.notes if note.startswith(DOWN)]
    if caveat := str(run.scenario.get("caveat", "")):
        warnings.append(caveat)
    elif size != usual:
        found = f"{size[0]:,} endpoints with links of {size[1]:,g} Gb/s each"
        warnings.append(f"not like for like: {found}, most others {usual[0]:,} with {usual[1]:,g} Gb/s")
    return warnings


def _size(run: Run) -> tuple[int, float]:
    """Return the number of endpoints and what the links of each carry together, rounded to Mb/s."""
    is_endpoint = run.node_kind != NodeKind.SWITCH
    endpoints = int(is_endpoint.sum())
    out_gbps = float(run.arc_capacity_gbps[is_endpoint[run.arc_tail]].sum())
    return endpoints, round(out_gbps / max(endpoints, 1), 3)


def _by_design(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Group runs that differ in workload, length of phases and title; of two with one workload the later one counts."""
    designs: dict[str, dict[str, Run]] = {}
    for run in runs:
        plan = {key: value for key, value in run.scenario.items() if key not in ("workload", "title", "tags")}
        if "phases" in plan:
            plan["phases"] = {key: value for key, value in plan["phases"].items() if key != "length_s"}
        designs.setdefault(json.dumps([run.case, plan], sort_keys=True), {})[_workload(run)] = run
    return {key: list(design.values()) for key, design in designs.items()}


def _cases(designs: Iterable[Sequence[Run]]) -> list[str]:
    """Name the rows; designs of one name are told apart by what they differ in, if by nothing then by their files."""
    chosen = [design[0] for design in designs]
    titles = [run.case or run.title for run in chosen]
    names = list(titles)
    for title in {name for name in titles if titles.count(name) > 1}:
        places = [i for i, name in enumerate(titles) if name == title]
        for i, apart in zip(places, differing([chosen[i].scenario for i in places]), strict=True):
            names[i] = ", ".join(filter(None, (title, apart)))
    return [
        (f"{name} ({run.path.stem})" if names.count(name) > 1 else name) if name else run.path.stem
        for name, run in zip(names, chosen, strict=True)
    ]


def _workload(run: Run) -> str:
    return json.dumps(run.scenario.get("workload", {"name": "?"}), sort_keys=True)


def _workload_labels(runs: Iterable[Run]) -> dict[str, str]:
    """Return a label for each workload: its name, with the parameters that tell it from another of its name."""
    plans: dict[str, Mapping[str, Any]] = {_workload(run): json.loads(_workload(run)) for run in runs}
    labels = {}
    for key, plan in plans.items():
        namesakes = [other for other in plans.values() if other["name"] == plan["name"]]
        differing = [name for name in plan if any(other.get(name) != plan[name] for other in namesakes)]
        models = [str(other["model"]) for other in namesakes if isinstance(other.get("model"), str)]
        if len(namesakes) == len(set(models)) > 1:  # which model it is says enough
            labels[key] = f"{plan['name']} {plan['model']}"
            continue
        labels[key] = " ".join([str(plan["name"]), *(f"{name}={plan[name]}" for name in differing)])
    return labels


def _two_lines(label: str) -> tuple[str, str]:
    """Break a label where it leaves the heading narrowest."""
    breaks = [i for i, character in enumerate(label) if character in " _"]
    if not breaks:
        return label, ""
    at = min(breaks, key=lambda i: max(i, len(label) - i))
    return label[: at + 1].rstrip(), label[at + 1 :]


def _value(run: Run, name: str) -> float | None:
    value = run.metrics[name].value if name in run.metrics else math.nan
    return None if math.isnan(value) else value


def _bounds_or_value(run: Run, name: str) -> tuple[float, float] | float | None:
    """Return two bounds where they differ, else the number."""
    bounds = _bounds(run, name)
    return bounds if bounds and bounds[0] < bounds[1] else _value(run, name)


def _bounds(run: Run, name: str) -> tuple[float, float] | None:
    return (run.metrics[name].low, run.metrics[name].high) if name in run.metrics else None


def _json_number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
