# SPDX-License-Identifier: Apache-2.0
"""What differs between two runs: in what was asked, what it is made of, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.facts import flat
from experiments.pareto import relative_difference
from optinet.results import Run
from optinet.results.schema import PROVENANCE
from optinet.units import unit_of

_KEYS = {
    "bom": ("role", "component", "where"),
    "catalogue": ("component", "key"),
    "power": ("category",),
    "cost": ("category",),
    "latency": ("part",),
    "facility": ("category",),
    "failures": ("role",),
    "metrics": ("name",),
}
_VALUES = {
    "bom": ("count", "cost_usd"),
    "catalogue": ("value", "low", "high"),
    "power": ("power_w",),
    "cost": ("cost_usd",),
    "latency": ("part_ns",),
    "facility": ("power_w",),
    "failures": ("failures_per_day",),
    "metrics": ("value",),
}
_SAME = 1e-12  # relative; sums in another order differ by less


@dataclass(frozen=True)
class Change:
    """One thing that differs; None where one of the runs does not have it."""

    part: str
    name: str
    before: Any
    after: Any

    @property
    def share(self) -> float | None:
        """The difference as a share of what was before."""
        return relative_difference(self.after, self.before)


@dataclass(frozen=True)
class Line:
    """One thing that differs between several runs, or that one run holds.

    Parameters
    ----------
    part, name
        Where it belongs and what it is.
    values
        Its value in each run; None in a run that does not have it.
    unit
        Of the values, as the run file has it; empty for texts and plain numbers.
    ends
        Of the interval of each metric and of the range of each value of a component; None for none.
    sources
        Where each value of a component is from, with its basis and confidence; empty for none.
    """

    part: str
    name: str
    values: tuple[Any, ...]
    unit: str = ""
    ends: tuple[tuple[float, float] | None, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def shares(self) -> tuple[float | None, ...]:
        """How far each value is from that of the first run, as a share of it."""
        return tuple(relative_difference(value, self.values[0]) for value in self.values)


_SIDE_BY_SIDE = ("scenario", "result", "metrics", "latency", "power", "cost", "bom", "catalogue", "notes")
_UNITS = {"power": "W", "cost": "USD", "latency": "ns"}


def side_by_side(runs: Sequence[Run]) -> list[Line]:
    """Return what differs between some runs: what was asked, what came out, and what they are made of; all of one run.

    All metrics and categories of power and cost are there that differ in one run from the first; values that are the
    same in all runs are left out. A value of a component and its range are one line, which is there if either differs.
    """
    first = runs[0]
    for run in runs:
        run.read(*_KEYS)
    columns = [_everything(run) for run in runs]
    names = (
        dict.fromkeys(_whole(name) for name, value in columns[0].items() if value is not None) if len(runs) == 1 else {}
    )
    for other in runs[1:]:
        changed = (c for c in _without_arrays(first, other) if c.part in _SIDE_BY_SIDE)
        names |= dict.fromkeys(_whole((c.part, c.name)) for c in changed)
    units = {("metrics", name): metric.unit for run in runs for name, metric in run.metrics.items()}
    ends, sources = [_ends(run) for run in runs], [_sources(run) for run in runs]
    lines = [
        Line(
            part,
            name,
            tuple(column.get((part, name)) for column in columns),
            _unit(part, name, units),
            tuple(known.get((part, name)) for known in ends),
            tuple(known.get(name, "") if part == "catalogue" else "" for known in sources),
        )
        for part, name in names
    ]
    return sorted(lines, key=lambda line: _SIDE_BY_SIDE.index(line.part))


def _unit(part: str, name: str, units: Mapping[tuple[str, str], str]) -> str:
    if part in _UNITS:
        return _UNITS[part]
    if part == "bom":
        return "USD" if name.endswith(" cost_usd") else ""
    if part == "catalogue":
        key = name.rpartition(" ")[2]
        return "" if unit_of(key) == "1" else unit_of(key)
    unit = units.get((part, name), "")
    return "" if unit == "1" else unit


def _everything(run: Run) -> dict[tuple[str, str], Any]:
    """Return all values of a run by part and name, called as `differences` calls them."""
    found: dict[tuple[str, str], Any] = {("scenario", key): value for key, value in flat(run.scenario).items()}
    for group in ("bom", "catalogue", "metrics", "latency", "power", "cost"):
        for key, row in _rows(run, group).items():
            for value in _VALUES[group]:
                found[group, _name(group, key, value)] = row[value]
    found |= {("result", head): getattr(run, head) for head in ("verdict", "routing")}
    return found | {("notes", str(number)): text for number, text in enumerate(run.notes, 1)}


def _whole(name: tuple[str, str]) -> tuple[str, str]:
    """Return what the value is called that something may be an end of, by part and name."""
    return (name[0], name[1].removesuffix(" low").removesuffix(" high")) if name[0] == "catalogue" else name


def _ends(run: Run) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the intervals of a run's metrics and the ranges of its component values, by part and name."""
    found = {("metrics", name): (m.low, m.high) for name, m in run.metrics.items() if m.low < m.high}
    for key, row in _rows(run, "catalogue").items():
        if None not in row.values() and row["low"] < row["high"]:
            found["catalogue", _name("catalogue", key, "value")] = row["low"], row["high"]
    return found


def _sources(run: Run) -> dict[str, str]:
    """Return where the component values of a run are from, by name."""
    table = run.table("catalogue")
    columns = [table.get(name, ()) for name in ("component", "key", "source", "basis", "confidence")]
    return {
        _name(
            "catalogue", (component, key), "value"
        ): f"{source} ({confidence if basis == source else f'{basis}, {confidence}'})"
        for component, key, source, basis, confidence in zip(*columns, strict=True)
    }


def differences(one: Run, other: Run) -> list[Change]:
    """Return what differs between two runs, part by part: scenario, components, then results."""
    return [*_without_arrays(one, other), *_arrays(one, other)]


def _without_arrays(one: Run, other: Run) -> list[Change]:
    changes = list(_scenario(one, other))
    for group in ("bom", "catalogue", "metrics", "latency", "power", "cost", "facility", "failures"):
        changes += _table(one, other, group)
    for head in ("verdict", "routing"):
        if getattr(one, head) != getattr(other, head):
            changes.append(Change("result", head, getattr(one, head), getattr(other, head)))
    return changes


def _scenario(one: Run, other: Run) -> Iterator[Change]:
    before, after = flat(one.scenario), flat(other.scenario)
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield Change("scenario", key, before.get(key), after.get(key))


def _table(one: Run, other: Run, group: str) -> Iterator[Change]:
    before, after = _rows(one, group), _rows(other, group)
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, {}), after.get(key, {})
        for value in _VALUES[group]:
            if not _equal(old.get(value), new.get(value)):
                yield Change(group, _name(group, key, value), old.get(value), new.get(value))


def _name(group: str, key: tuple[str, ...], value: str) -> str:
    return " ".join(filter(None, key)) + ("" if value == _VALUES[group][0] else f" {value}")


def _rows(run: Run, group: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the rows of a table by their key; what occurs twice is added up, and what is no number is None."""
    table = run.table(group)
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    if not table:
        return {}
    columns = [list(table[name]) for name in (*_KEYS[group], *_VALUES[group])]
    for row in zip(*columns, strict=True):
        key, values = row[: len(_KEYS[group])], row[len(_KEYS[group]) :]
        found = rows.setdefault(tuple(map(str, key)), dict.fromkeys(_VALUES[group], 0.0))
        for name, value in zip(_VALUES[group], values, strict=True):
            found[name] += float(value)
    return {key: {name: None if np.isnan(value) else value for name, value in row.items()} for key, row in rows.items()}


def _arrays(one: Run, other: Run) -> Iterator[Change]:
    """Yield in one line each the arrays that differ and are not in the tables above."""
    known = {*_KEYS, "scenario", PROVENANCE} - {"latency"}  # which has a table and arrays
    for group in sorted({*one.groups, *other.groups}):
        if group in known:
            continue
        before, after = one.table(group), other.table(group)
        for name in sorted({*before, *after} - {*_KEYS.get(group, ()), *_VALUES.get(group, ())}):
            if name not in before or name not in after:
                yield Change("arrays", f"{group}/{name}", _what(before.get(name)), _what(after.get(name)))
            elif not _equal(before[name], after[name]):
                old, new = np.asarray(before[name]), np.asarray(after[name])
                if old.shape == new.shape and old.shape:
                    count = int(np.sum(~np.asarray(_same(old, new))))
                    yield Change("arrays", f"{group}/{name}", f"{old.size} entries", f"{count} differ")
                else:
                    yield Change("arrays", f"{group}/{name}", _what(before[name]), _what(after[name]))


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    before, after = np.asarray(one), np.asarray(other)
    return before.shape == after.shape and bool(np.all(_same(before, after)))


def _same(before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]) -> Any:
    if before.dtype.kind in "fiu" and after.dtype.kind in "fiu":
        return np.isclose(before, after, rtol=_SAME, atol=0.0, equal_nan=True)
    return before == after


def _what(values: Any) -> Any:
    if values is None:
        return None
    array = np.asarray(values)
    return array.item() if array.ndim == 0 else " x ".join(map(str, array.shape)) + " entries"


def to_json(changes: list[Change]) -> list[Mapping[str, Any]]:
    """Return changes as plain data."""
    return [{**vars(change), "share": change.share} for change in changes]
