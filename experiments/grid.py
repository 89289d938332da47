# SPDX-License-Identifier: Apache-2.0
"""The axes of a study: lists, ranges and seeds, each on its own or several that go together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from experiments.draft import key_path
from optinet.errors import Problem, ScenarioError
from optinet.toml_source import KeyPath, TomlSource
from optinet.validation import checked, dotted

MOST_POINTS = 100_000
_RANGE = "a list such as [1, 2], or a range such as {from = 2, to = 8, step = 2} or {count = 5}"


@dataclass(frozen=True)
class Choice:
    """One value of one grid key.

    Parameters
    ----------
    key
        As the user wrote it.
    path
        The key in the scenario.
    value
        What it is set to.
    label
        How a point's name shows it.
    source, at
        The file and the key path there.
    """

    key: str
    path: KeyPath
    value: Any
    label: str
    source: TomlSource
    at: KeyPath

    @property
    def coordinate(self) -> Any:
        """What tables show: the value, or what a whole table is called."""
        return self.label if isinstance(self.value, dict) else self.value


Axis: TypeAlias = list[tuple[Choice, ...]]
"""The places along one axis; at each, one choice for every key that the axis sets."""


def axes_of(source: TomlSource) -> tuple[list[Axis], list[Problem]]:
    """Return the axes of a study, and everything that is wrong with them."""
    keys, problems = _keys(source, source.values.get("grid", {}), ("grid",))
    axes: list[Axis] = [[(choice,) for choice in choices] for choices in keys]
    for index, table in enumerate(source.values.get("zip", [])):
        together, found = _keys(source, table, ("zip", index))
        problems += found
        if len({len(choices) for choices in together}) > 1:
            lengths = ", ".join(f"{choices[0].key} has {len(choices)}" for choices in together)
            where, found_here = ("zip", index), f"keys of different lengths: {lengths}"
            allowed = "as many values for every key of it"
            problems.append(Problem(dotted(where), found_here, allowed, location=source.location(where)))
        elif together:
            axes.append(list(zip(*together, strict=True)))
    return axes, [*problems, *_clashes(axes)]


def _clashes(axes: Sequence[Axis]) -> Iterator[Problem]:
    """Yield keys that are set twice, or one of which lies inside the other."""
    first = [choice for axis in axes for choice in axis[0]]
    for one, other in itertools.combinations(first, 2):
        shorter = min(len(one.path), len(other.path))
        if one.path[:shorter] == other.path[:shorter]:
            found = "is set twice" if one.path == other.path else f"'{one.key}' sets the same"
            where = other.at[: len(other.at) - isinstance(other.at[-1], int)]
            yield Problem(dotted(where), found, "one axis for each key", location=other.source.location(where))


def count_of(axes: Sequence[Axis]) -> int:
    """Return how many places a grid has."""
    return math.prod(len(axis) for axis in axes)


def _keys(source: TomlSource, table: Mapping[str, Any], at: KeyPath) -> tuple[list[list[Choice]], list[Problem]]:
    """Return the choices of each key of a table."""
    keys: list[list[Choice]] = []
    problems: list[Problem] = []
    for where, given in _leaves(table, at):
        location = source.location(where)
        try:
            values = _values(given, where, source)
            key = ".".join(map(str, where[len(at) :]))
            path = key_path(key, location)
        except ScenarioError as error:
            problems += error.problems
            continue
        labels = _labels(str(path[-1]), values)
        spread = isinstance(given, list)
        numbered = enumerate(zip(values, labels, strict=True))
        places = (((*where, i) if spread else where, value, label) for i, (value, label) in numbered)
        keys.append([Choice(key, path, value, label, source, place) for place, value, label in places])
    return keys, problems


def _leaves(table: Mapping[str, Any], at: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Yield every list and range: ``"workload.name" = [...]`` and ``workload.name = [...]`` mean the same."""
    for key, value in table.items():
        if isinstance(value, dict) and not _looks_like_a_range(value):
            yield from _leaves(value, (*at, key))
        else:
            yield (*at, key), value


def _looks_like_a_range(table: Mapping[str, Any]) -> bool:
    keys = {field.alias or name for name, field in _Range.model_fields.items()}
    return not keys.isdisjoint(table) and not any(isinstance(v, list | dict) for v in table.values())


def _values(given: Any, where: KeyPath, source: TomlSource) -> list[Any]:
    """Return the values of an axis; `ScenarioError` if there are none or too many."""
    if isinstance(given, dict):
        spread, problems = checked(_Range, given, where, source)
        if spread is None:
            raise ScenarioError(problems)
        if mistake := spread.mistake():
            raise ScenarioError(Problem(dotted(where), mistake, _RANGE, location=source.location(where)))
        return spread.values()
    if not isinstance(given, list) or not given:
        found = "has no values" if given == [] else "one value where a list of values belongs"
        raise ScenarioError(Problem(dotted(where), found, _RANGE, location=source.location(where)))
    return given


class _Range(BaseModel):
    """An arithmetic or geometric range, both ends inside."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    start: int | float = Field(0, alias="from", description="the first value")
    to: int | float | None = Field(None, description="the last value")
    step: int | float | None = Field(None, description="from each value to the next")
    count: int | None = Field(None, ge=1, description="how many values")
    spacing: Literal["linear", "log"] = "linear"

    def mistake(self) -> str:
        """Return what is wrong with it as a whole, or nothing."""
        given = sum(each is not None for each in (self.to, self.step, self.count))
        if self.to is None and self.count is None:
            return "a range without an end"
        if given > 2:
            return "'to', 'step' and 'count' at once"
        if self.spacing == "log" and (self.to is None or self.count is None or min(self.start, self.to) <= 0):
            return "a logarithmic range needs 'from' and 'to' above 0, and 'count'"
        if self.step == 0 or (self.to is not None and (self.to - self.start) * (self.step or 0) < 0):
            return f"a step of {self.step:g} does not lead from {self.start:g} to {self.to}"
        return f"makes {self._length} values, more than {MOST_POINTS}" if self._length > MOST_POINTS else ""

    def values(self) -> list[int | float]:
        """Return the values in order."""
        n = self._length
        if self.spacing == "log" and self.to is not None:
            return [_whole(self.start * (self.to / self.start) ** (i / max(n - 1, 1))) for i in range(n)]
        step = self._step
        return [_whole(self.start + i * step) for i in range(n)]

    @property
    def _step(self) -> float:
        if self.step is not None:
            return self.step
        if self.to is None:
            return 1
        if self.count is None:
            return 1 if self.to >= self.start else -1
        return (self.to - self.start) / max(self.count - 1, 1)

    @property
    def _length(self) -> int:
        if self.count is not None:
            return self.count
        return math.floor(((self.to or 0) - self.start) / self._step + 1e-9) + 1


def _whole(value: float) -> int | float:
    """Return a whole number as one: 3.0000000000000004 spines are 3."""
    near = round(value)
    return near if abs(value - near) <= 1e-9 * max(1.0, abs(value)) else value


def _labels(key: str, values: Sequence[Any]) -> list[str]:
    """Return how a point's name shows each value: a name as it is, another value with its key."""
    names = [value.get("name") if isinstance(value, dict) else None for value in values]
    labels = []
    for value, name in zip(values, names, strict=True):
        if isinstance(value, dict):
            alone = name is not None and names.count(name) == 1
            words = [] if alone else [f"{k}={_text(v)}" for k, v in value.items() if k != "name"]
            labels.append(" ".join([*([str(name)] if name else []), *words]))
        else:
            labels.append(_text(value) if key == "name" else f"{key}={_text(value)}")
    return labels


def _text(value: Any) -> str:
    if isinstance(value, float) and len(str(value)) > 8:
        return f"{value:.6g}"
    return "x".join(map(_text, value)) if isinstance(value, list) else str(value)
