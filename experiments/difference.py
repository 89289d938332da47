# SPDX-License-Identifier: Apache-2.0
"""What differs between two runs: in what was asked, what it is made of, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.facts import flat
from experiments.pareto import relative_difference
from optinet.results import Run
from optinet.results.schema import PROVENANCE

_KEYS = {
    "bom": ("role", "component", "where"),
    "catalogue": ("component", "key"),
    "power": ("category",),
    "cost": ("category",),
    "facility": ("category",),
    "failures": ("role",),
    "metrics": ("name",),
}
_VALUES = {
    "bom": ("count",),
    "catalogue": ("value", "low", "high"),
    "power": ("power_w",),
    "cost": ("cost_usd",),
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


def differences(one: Run, other: Run) -> list[Change]:
    """Return what differs between two runs, part by part: scenario, components, then results."""
    changes = list(_scenario(one, other))
    for group in ("bom", "catalogue", "metrics", "power", "cost", "facility", "failures"):
        changes += _table(one, other, group)
    for head in ("verdict", "routing"):
        if getattr(one, head) != getattr(other, head):
            changes.append(Change("result", head, getattr(one, head), getattr(other, head)))
    changes += _arrays(one, other)
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
                name = " ".join(filter(None, key)) + ("" if value == _VALUES[group][0] else f" {value}")
                yield Change(group, name, old.get(value), new.get(value))


def _rows(run: Run, group: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the rows of a table by their key; what occurs twice is added up."""
    table, rows = run.table(group), {}
    if not table:
        return {}
    columns = [list(table[name]) for name in (*_KEYS[group], *_VALUES[group])]
    for row in zip(*columns, strict=True):
        key, values = row[: len(_KEYS[group])], row[len(_KEYS[group]) :]
        found = rows.setdefault(tuple(map(str, key)), dict.fromkeys(_VALUES[group], 0.0))
        for name, value in zip(_VALUES[group], values, strict=True):
            found[name] += float(value)
    return rows


def _arrays(one: Run, other: Run) -> Iterator[Change]:
    """Yield in one line each the arrays that differ and are not in the tables above."""
    known = {*_KEYS, "scenario", PROVENANCE}
    for group in sorted({*one.groups, *other.groups}):
        if group in known:
            continue
        before, after = one.table(group), other.table(group)
        for name in sorted({*before, *after}):
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
