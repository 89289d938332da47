# SPDX-License-Identifier: Apache-2.0
"""A study: many scenarios in one file, as cases that differ from a base and a grid of values over all of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from experiments.draft import Draft, key_path
from experiments.scenario import Scenario, find_source, is_study, scenario_of, shipped
from optinet.errors import Problem, ScenarioError
from optinet.toml_source import KeyPath, TomlSource
from optinet.validation import checked, dotted

_MAX_POINTS = 100_000


@dataclass(frozen=True)
class Point:
    """One scenario of a study.

    Parameters
    ----------
    name
        The case and its place in the grid, distinct within the study.
    case
        Name of the case; empty in a study without cases.
    coordinates
        Value of each grid key; for a whole table, what it is called.
    scenario
        What to run.
    """

    name: str
    case: str
    coordinates: Mapping[str, Any]
    scenario: Scenario


@dataclass(frozen=True)
class Study:
    """Scenarios to be compared. Made by `load_study`.

    Parameters
    ----------
    name
        The file's name without its ending.
    title
        What reports and the viewer call it.
    """

    name: str
    title: str
    _points: tuple[Point, ...]

    def points(self) -> tuple[Point, ...]:
        """Return the scenarios, cases in the order of the file, the last grid key varying fastest, none twice."""
        return self._points


def load(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Scenario | Study:
    """Read a file that may be a scenario or a study; `ScenarioError` naming every mistake."""
    source = find_source(path_or_name, "systems" if str(path_or_name) in shipped("systems") else "studies")
    if is_study(source):
        return study_of(source, overrides)
    return scenario_of(Draft().merged(source.values, source).overridden(overrides))


def load_study(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Study:
    """Read a study and check every scenario in it.

    Parameters
    ----------
    path_or_name
        Path of a TOML file, or a name of the shipped studies.
    overrides
        ``key=value`` options set on top of every scenario.

    Raises
    ------
    ScenarioError
        Naming every mistake of every case and grid entry once; a syntax error stands alone.
    """
    return study_of(find_source(path_or_name, "studies"), overrides)


def study_of(source: TomlSource, overrides: Sequence[str] = ()) -> Study:
    """Check every scenario of a study that has been read; see `load_study`."""
    if not is_study(source) and "topology" in source.values:
        raise ScenarioError(Problem("", "is a scenario, not a study: run it with 'optinet run'", location=source.name))
    file, problems = checked(_StudyFile, source.values, (), source)
    if file is None:
        raise ScenarioError(problems)
    axes, axis_problems = _axes(source)
    cases, case_problems = _cases(source)
    if problems := (*axis_problems, *case_problems):
        raise ScenarioError(problems)
    count = math.prod(len(axis) for axis in axes) * len(cases)
    if count > _MAX_POINTS:
        location = source.location(("grid",))
        raise ScenarioError(Problem("grid", f"makes {count} scenarios", f"at most {_MAX_POINTS}", location=location))
    points = _points(cases, axes, overrides)
    return Study(Path(source.name).stem, file.title, points)


class _Case(BaseModel):
    """The keys that make a table a case; the others are a scenario's and are checked when all is merged."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(min_length=1, description="what tables and charts call it")
    scenario: str = ""


class _StudyFile(BaseModel):
    """The keys of a study file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    base: dict[str, Any] = Field(default_factory=dict)
    case: tuple[_Case, ...] = ()
    grid: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class _Choice:
    """One value of one grid key."""

    key: str  # as the user wrote it
    path: KeyPath  # in the scenario
    value: Any
    label: str  # in a point's name
    source: TomlSource
    at: KeyPath  # in the file

    @property
    def coordinate(self) -> Any:
        return self.label if isinstance(self.value, dict) else self.value


def _axes(source: TomlSource) -> tuple[list[list[_Choice]], list[Problem]]:
    """Return the choices of each grid key."""
    axes, problems = [], []
    for at, values in _grid_lists(source.values.get("grid", {}), ("grid",)):
        location = source.location(at)
        if not isinstance(values, list) or not values:
            found = "has no values" if values == [] else "one value where a list of values belongs"
            problems.append(Problem(dotted(at), found, "a list such as [1, 2]", location=location))
            continue
        key = ".".join(map(str, at[1:]))
        try:
            path = key_path(key, location)
        except ScenarioError as error:
            problems += error.problems
            continue
        labels = _labels(str(path[-1]), values)
        numbered = enumerate(zip(values, labels, strict=True))
        axes.append([_Choice(key, path, value, label, source, (*at, i)) for i, (value, label) in numbered])
    return axes, problems


def _grid_lists(table: Mapping[str, Any], at: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Yield every list of a grid: ``"workload.name" = [...]`` and ``workload.name = [...]`` mean the same."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _grid_lists(value, (*at, key))
        else:
            yield (*at, key), value


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
    return "x".join(map(_text, value)) if isinstance(value, list) else str(value)


def _cases(source: TomlSource) -> tuple[list[tuple[str, Draft]], list[Problem]]:
    """Return name and draft of every case: the base, the scenario file it refers to, and its own keys on top."""
    base = Draft().merged(source.values.get("base", {}), source, ("base",))
    if "case" not in source.values:
        return [("", base)], []
    cases: dict[str, Draft] = {}
    problems: list[Problem] = []
    for index, table in enumerate(source.values["case"]):
        at = ("case", index)
        draft, name = base, table["name"]
        if name in cases:
            problems.append(
                Problem(
                    f"case[{index}].name",
                    f"'{name}' is also another case",
                    "a name of its own",
                    location=source.location((*at, "name")),
                )
            )
        if "scenario" in table:
            try:
                system = find_source(table["scenario"], "systems", Path(source.name).parent)
                draft = draft.merged(system.values, system)
            except ScenarioError as error:
                where = (*at, "scenario")
                problems += (Problem(dotted(where), str(p), location=source.location(where)) for p in error.problems)
        own = {key: value for key, value in table.items() if key not in ("name", "scenario")}
        cases[name] = draft.merged(own, source, at)
    return list(cases.items()), problems


def _points(
    cases: Iterable[tuple[str, Draft]], axes: Sequence[Sequence[_Choice]], overrides: Sequence[str]
) -> tuple[Point, ...]:
    """Check the scenario of every case at every place of the grid; `ScenarioError` with every problem once."""
    points: dict[str, Point] = {}
    problems: dict[Problem, None] = {}
    for (case, case_draft), choices in itertools.product(cases, itertools.product(*axes)):
        draft = case_draft
        try:
            for choice in choices:
                draft = draft.assigned(choice.path, choice.value, (choice.source, choice.at))
            scenario = scenario_of(draft.overridden(overrides))
        except ScenarioError as error:
            problems |= dict.fromkeys(error.problems)
            continue
        name = " / ".join(filter(None, [case, *(choice.label for choice in choices)]))
        coordinates = {choice.key: choice.coordinate for choice in choices}
        points.setdefault(scenario.content_sha256, Point(name, case, coordinates, scenario))
    if problems:
        raise ScenarioError(problems)
    return tuple(points.values())
