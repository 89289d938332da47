# SPDX-License-Identifier: Apache-2.0
"""A study: many scenarios in one file, as cases that differ from a base and a grid of values over all of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from experiments.conditions import AbsentKeyError, Condition
from experiments.draft import Draft
from experiments.grid import MOST_POINTS, Choice, axes_of, count_of
from experiments.scenario import Scenario, find_source, is_study, scenario_of, shipped
from optinet.errors import Problem, ScenarioError, nearest_name
from optinet.toml_source import KeyPath, TomlSource
from optinet.validation import checked, dotted


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
    study, place
        Title of the study, and which of its points this is, from 0.
    """

    name: str
    case: str
    coordinates: Mapping[str, Any]
    scenario: Scenario
    study: str = ""
    place: int = -1

    @cached_property
    def file_name(self) -> str:
        """Name of its run file: readable, and distinct by the hash of its scenario."""
        words = re.sub(r"[^a-z0-9.]+", "-", (self.name or self.scenario.title).lower()).strip("-.")[:80].strip("-.")
        return f"{words or 'run'}--{self.scenario.content_sha256[:8]}.h5"


@dataclass(frozen=True)
class Study:
    """Scenarios to be compared. Made by `load_study`.

    Parameters
    ----------
    name
        The file's name without its ending.
    title
        What reports and the viewer call it.
    excluded
        Places of the grid that the constraints leave out.
    duplicates
        Places of the grid whose scenario another one has, which are run once.
    """

    name: str
    title: str
    _points: tuple[Point, ...]
    excluded: int = 0
    duplicates: int = 0
    _draft_of: Callable[[Point], Draft] = field(default=lambda _: Draft(), repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<Study {self.title or self.name}: {len(self._points):,} points>"

    def points(self) -> tuple[Point, ...]:
        """Return the scenarios, cases in the order of the file, the last grid key varying fastest, none twice."""
        return self._points

    def located(self, point: Point, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return what came up with a point, each problem with the line or the option that it has to do with."""
        return tuple(self._draft_of(point).located(problems))


Check: TypeAlias = Callable[[Scenario, Draft], Iterable[Problem]]
"""Yields what is wrong with a scenario whose parts are right by themselves."""


def load(path_or_name: str | Path, overrides: Sequence[str] = (), check: Check | None = None) -> Scenario | Study:
    """Read a file that may be a scenario or a study.

    Parameters
    ----------
    path_or_name, overrides
        As in `load_study`.
    check
        What every scenario has to pass besides.

    Raises
    ------
    ScenarioError
        Naming every mistake.
    """
    systems = shipped("systems")
    near = nearest_name(str(path_or_name), (*shipped("studies"), *systems))
    source = find_source(path_or_name, "systems" if str(path_or_name) in systems or near in systems else "studies")
    if is_study(source):
        return study_of(source, overrides, check)
    draft = Draft().merged(source.values, source).overridden(overrides)
    scenario = scenario_of(draft)
    if problems := tuple(check(scenario, draft) if check else ()):
        raise ScenarioError(problems)
    return scenario


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


def study_of(source: TomlSource, overrides: Sequence[str] = (), check: Check | None = None) -> Study:
    """Check every scenario of a study that has been read; see `load`."""
    if not is_study(source) and "topology" in source.values:
        raise ScenarioError(Problem("", "is a scenario, not a study: run it with 'optinet run'", location=source.name))
    file, problems = checked(_StudyFile, source.values, (), source)
    if file is None:
        raise ScenarioError(problems)
    axes, axis_problems = axes_of(source)
    cases, case_problems = _cases(source)
    if problems := (*axis_problems, *case_problems):
        raise ScenarioError(problems)
    count = count_of(axes) * len(cases)
    if count > MOST_POINTS:
        location = source.location(("grid",))
        raise ScenarioError(Problem("grid", f"makes {count} scenarios", f"at most {MOST_POINTS}", location=location))
    found = _Expansion(file.title, _Rules.of(source), overrides, check)
    for (case, draft), places in itertools.product(cases, itertools.product(*axes)):
        found.add(case, draft, [choice for place in places for choice in place])
    if problems := (*found.problems, *found.unmet()):
        raise ScenarioError(problems)
    if not found.points:
        location = source.location(("constraints",))
        raise ScenarioError(Problem("constraints", "leave out every point", location=location))
    points = tuple(found.points.values())
    return Study(Path(source.name).stem, file.title, points, found.excluded, found.duplicates, found.draft_of)


class _Case(BaseModel):
    """The keys that make a table a case; the others are a scenario's and are checked when all is merged."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(min_length=1, description="what tables and charts call it")
    scenario: str = ""


class _Override(BaseModel):
    """A change of the points for which a condition holds; the other keys are a scenario's."""

    model_config = ConfigDict(extra="allow", frozen=True)

    when: str = Field(min_length=1, description="a condition, such as topology.leaves > 8")


class _StudyFile(BaseModel):
    """The keys of a study file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    base: dict[str, Any] = Field(default_factory=dict)
    case: tuple[_Case, ...] = ()
    grid: dict[str, Any] = Field(default_factory=dict)
    zip: tuple[dict[str, Any], ...] = ()
    constraints: tuple[str, ...] = ()
    override: tuple[_Override, ...] = ()


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


@dataclass(frozen=True)
class _Rules:
    """What holds for single points: which are left out, and which differ."""

    constraints: tuple[Condition, ...]
    overrides: tuple[tuple[Condition, Mapping[str, Any], KeyPath], ...]
    source: TomlSource

    @classmethod
    def of(cls, source: TomlSource) -> _Rules:
        """Read the rules of a study; `ScenarioError` naming every condition that is none."""

        def condition(text: str, at: KeyPath) -> Condition:
            return Condition(text, dotted(at), source.location(at))

        texts = enumerate(source.values.get("constraints", []))
        constraints = tuple(condition(text, ("constraints", i)) for i, text in texts)
        overrides = []
        for i, table in enumerate(source.values.get("override", [])):
            changes = {key: value for key, value in table.items() if key != "when"}
            overrides.append((condition(table["when"], ("override", i, "when")), changes, ("override", i)))
        problems = [p for each in (*constraints, *(when for when, *_ in overrides)) for p in each.check()]
        if problems:
            raise ScenarioError(problems)
        return cls(constraints, tuple(overrides), source)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (*self.constraints, *(when for when, *_ in self.overrides))


class _Keys:
    """The keys of one point's scenario: those that were written, else the defaults that fill it in."""

    def __init__(self, draft: Draft, case: str) -> None:
        self._draft, self._case = draft, case
        self._resolved: Mapping[str, Any] | None = None

    def __call__(self, key: str) -> Any:
        if key == "case":
            return self._case
        try:
            return _at(self._draft.values, key)
        except AbsentKeyError:
            if self._resolved is None:
                self._resolved = scenario_of(self._draft).resolved()
            return _at(self._resolved, key)


def _at(table: Any, key: str) -> Any:
    """Return the value of a dotted key; values of the catalogue have dots in their own names."""
    parts = key.split(".")
    parts = [parts[0], ".".join(parts[1:])] if parts[0] == "catalogue" and len(parts) > 1 else parts
    for part in parts:
        if not isinstance(table, Mapping) or part not in table:
            raise AbsentKeyError(key)
        table = table[part]
    return table


class _Expansion:
    """Checks the scenario of every case at every place of the grid, and remembers what it came upon."""

    def __init__(self, title: str, rules: _Rules, overrides: Sequence[str], check: Check | None) -> None:
        self._title, self._rules, self._overrides, self._check = title, rules, overrides, check
        self.points: dict[str, Point] = {}
        self._places: dict[str, tuple[Draft, Sequence[Choice]]] = {}  # what each point was made of
        self.problems: dict[Problem, None] = {}
        self.excluded = self.duplicates = 0
        self._met: set[Condition] = set()  # conditions all of whose keys some scenario has

    def add(self, case: str, draft: Draft, choices: Sequence[Choice]) -> None:
        """Take one place of the grid."""
        place = draft, choices
        try:
            draft = self._draft(case, *place)
            keys = _Keys(draft, case)
            if not all(self._holds(condition, keys, unless=True) for condition in self._rules.constraints):
                self.excluded += 1
                return
            scenario = scenario_of(draft)
        except ScenarioError as error:
            self.problems |= dict.fromkeys(error.problems)
            return
        name = " / ".join(filter(None, [case, *(choice.label for choice in choices)]))
        coordinates = {choice.key: choice.coordinate for choice in choices}
        self.duplicates += scenario.content_sha256 in self.points
        if self._check and scenario.content_sha256 not in self.points:
            self.problems |= dict.fromkeys(self._check(scenario, draft))
        self.points.setdefault(
            scenario.content_sha256, Point(name, case, coordinates, scenario, self._title, len(self.points))
        )
        self._places.setdefault(scenario.content_sha256, place)

    def draft_of(self, point: Point) -> Draft:
        """Return what the scenario of a point was made of."""
        return self._draft(point.case, *self._places[point.scenario.content_sha256])

    def _draft(self, case: str, draft: Draft, choices: Sequence[Choice]) -> Draft:
        for choice in choices:
            draft = draft.assigned(choice.path, choice.value, (choice.source, choice.at))
        return self._overridden(draft, case).overridden(self._overrides)

    def unmet(self) -> Iterator[Problem]:
        """Yield conditions that name a key which no scenario has."""
        if not self.points:
            return
        known = [key for point in self.points.values() for key in _dotted_keys(point.scenario.resolved())]
        allowed = tuple(dict.fromkeys(["case", *known]))
        for condition in self._rules.conditions:
            if condition not in self._met:
                for key in condition.keys:
                    if key not in allowed:
                        found = f"no scenario has the key '{key}'"
                        yield Problem(
                            condition.where, found, "", nearest_name(key, allowed), location=condition.location
                        )

    def _overridden(self, draft: Draft, case: str) -> Draft:
        keys = _Keys(draft, case)
        for when, changes, at in self._rules.overrides:
            if self._holds(when, keys, unless=False):
                draft = draft.merged(changes, self._rules.source, at)
        return draft

    def _holds(self, condition: Condition, keys: _Keys, *, unless: bool) -> bool:
        """Return whether a condition holds; `unless` is the answer where it does not concern a scenario."""
        try:
            holds = condition.holds(keys)
        except AbsentKeyError:
            return unless
        self._met.add(condition)
        return holds


def _dotted_keys(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in table.items():
        yield f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _dotted_keys(value, f"{prefix}{key}.")
