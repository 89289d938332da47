# SPDX-License-Identifier: Apache-2.0
"""A scenario: everything one run needs, read from TOML and checked as a whole.

Nothing here needs numpy: the registries of topologies, workloads, routings and components are asked only when a
scenario is checked.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.resources
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import tomli_w
from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from experiments.draft import Draft
from experiments.failed import failed_problems
from optinet.errors import OptinetError, Problem, ScenarioError, unknown_name
from optinet.reliability.settings import FailedParts, FailureSettings
from optinet.toml_source import TomlSource
from optinet.validation import checked, dotted

_Frozen = ConfigDict(frozen=True, extra="forbid")

SECTIONS = ("topology", "workload", "routing")


class Choice(BaseModel):
    """A topology, workload or routing by name, with all its parameters.

    Parameters
    ----------
    name
        A name of its registry.
    parameters
        As TOML holds them, defaults filled in; a parameter that its owner works out by itself when left out is absent.
    """

    model_config = _Frozen

    name: str
    parameters: Mapping[str, Any] = Field(default_factory=dict)

    def flat(self) -> dict[str, Any]:
        """Return the table of a scenario file: the name, then the parameters in the order of their model."""
        return {"name": self.name, **self.parameters}


class Phases(BaseModel):
    """A demand that changes: the workload is drawn anew for every phase, with seeds that follow the scenario's."""

    model_config = _Frozen

    length_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(description="how long each phase lasts, s")
    count: Annotated[int, Field(ge=1, le=1000)] = Field(default=4, description="number of phases")
    lag: Annotated[int, Field(ge=0)] = Field(
        default=0, description="phases by which the demand that circuits are chosen for is stale"
    )
    hedge_fraction: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0, description="share of the uplinks that stays in a full mesh"
    )


_Boxes: TypeAlias = Annotated[int, Field(ge=1)]


class RackPlan(BaseModel):
    """How the boxes of a system stand in racks, place by place; what is left out is filled by height and power."""

    model_config = _Frozen

    hosts: _Boxes | None = Field(default=None, description="hosts or chips in a rack")
    plant: _Boxes | None = Field(default=None, description="optical circuit switches in a rack")
    tier_1: _Boxes | Literal["hosts"] | None = Field(
        default=None, description="leaf switches in a rack of their own, or 'hosts' where they stand in those of hosts"
    )
    tier_2: _Boxes | Literal["hosts"] | None = Field(default=None, description="the same for the tier above")
    tier_3: _Boxes | Literal["hosts"] | None = Field(default=None, description="the same for the third tier")


class Scenario(BaseModel):
    """Everything one run needs. Made by `load_scenario` or `scenario_of`, which check it and fill in the defaults.

    Parameters
    ----------
    title
        What reports and the viewer call it.
    seed
        Seed of everything random.
    tags
        Words to find its run by.
    caveat
        Printed beside the result, for example why it does not compare like for like.
    topology, workload, routing
        What is built, what is sent, and how it is routed.
    design
        Component id by role.
    catalogue
        Values that take the place of the catalogue's, by ``component.key``.
    phases
        How the demand changes and circuits follow it; None where it does not.
    scale_out
        Topology of the scale-out network that the endpoints have beside this one; None where nothing is said of it.
    racks
        How boxes stand in racks; None where height and power alone decide.
    failures
        What may fail and how many states of that are looked at; None where none are.
    failed
        What is down; None where everything works.
    folder
        Where relative paths start; no part of what is resolved, since the content of files is known by its hash.
    """

    model_config = _Frozen

    title: str = ""
    seed: int = 0
    tags: tuple[str, ...] = ()
    caveat: str = ""
    topology: Choice
    workload: Choice
    routing: Choice
    design: Mapping[str, str]
    catalogue: Mapping[str, float]
    phases: Phases | None = None
    scale_out: Choice | None = None
    racks: RackPlan | None = None
    failures: FailureSettings | None = None
    failed: FailedParts | None = None
    folder: str = ""

    def resolved(self) -> dict[str, Any]:
        """Return all of it as plain values that TOML and JSON can hold, in a fixed order of keys."""
        plain = {"title": self.title, "seed": self.seed, "tags": list(self.tags), "caveat": self.caveat}
        sections = {name: getattr(self, name).flat() for name in SECTIONS}
        further: dict[str, Any] = {"phases": self.phases.model_dump()} if self.phases else {}
        further |= {"scale_out": self.scale_out.flat()} if self.scale_out else {}
        further |= {"racks": self.racks.model_dump(exclude_none=True)} if self.racks else {}
        further |= {"failures": self.failures.model_dump(mode="json")} if self.failures else {}
        further |= {"failed": self.failed.plain()} if self.failed else {}
        return plain | sections | further | {"design": dict(self.design), "catalogue": dict(self.catalogue)}

    def to_toml(self) -> str:
        """Return a scenario file that loads as this scenario."""
        return tomli_w.dumps(self.resolved())

    @cached_property
    def content_sha256(self) -> str:
        """SHA-256 of `resolved`, as hexadecimal text."""
        return hashlib.sha256(json.dumps(self.resolved(), sort_keys=True).encode()).hexdigest()


def load_scenario(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """Read a scenario file, or a shipped scenario by its name.

    Parameters
    ----------
    path_or_name
        Path of a TOML file, or a name of `shipped` scenarios.
    overrides
        ``key=value`` options that take the place of what the file says.

    Raises
    ------
    ScenarioError
        Naming every mistake of the file and the options; a syntax error stands alone.
    """
    return scenario_of(scenario_draft(path_or_name, overrides))


def scenario_draft(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Draft:
    """Read what `load_scenario` checks, for those who tell of problems that only show later."""
    source = find_source(path_or_name, "systems")
    if is_study(source):
        raise ScenarioError(
            Problem("", "is a study, not a scenario: run it with 'optinet sweep'", location=source.name)
        )
    return Draft().merged(source.values, source).overridden(overrides)


def scenario_of(draft: Draft) -> Scenario:
    """Check a draft against every registry and fill in the defaults; `ScenarioError` naming every mistake."""
    file, shape_problems = checked(_ScenarioFile, draft.values, (), draft)
    problems = list(shape_problems)
    choices: dict[str, Choice] = {}
    for section in SECTIONS:
        table = draft.values.get(section, {"name": "best"} if section == "routing" else None)
        if isinstance(table, Mapping) and isinstance(table.get("name"), str):
            choice, section_problems = _checked_choice(section, table, draft)
            problems += section_problems
            if choice:
                choices[section] = choice
    scale_out, scale_out_problems = _scale_out(draft)
    problems += [*scale_out_problems, *_component_problems(draft)]
    if file is not None and file.failed and "topology" in choices:
        problems += failed_problems(draft, choices["topology"].flat(), file.failed)
    if problems or file is None:
        raise ScenarioError(sorted(problems, key=_reading_order))
    return Scenario(
        title=file.title,
        seed=file.seed,
        tags=file.tags,
        caveat=file.caveat,
        **choices,
        design=_with_default_roles(file.design),
        catalogue=dict(sorted(file.catalogue.items())),
        phases=file.phases,
        scale_out=scale_out,
        racks=file.racks,
        failures=file.failures,
        failed=file.failed or None,
        folder=str(draft.folder(("workload", "path"))),
    )


def is_study(source: TomlSource) -> bool:
    """Tell a study from a scenario."""
    return any(key in source.values for key in ("base", "case", "grid", "zip"))


def find_source(path_or_name: str | Path, folder: str, beside: Path | None = None) -> TomlSource:
    """Read a file by its path, or a shipped one by its name.

    Parameters
    ----------
    path_or_name
        A path has a suffix or a folder, or leads to a file; everything else is a name.
    folder
        ``systems`` or ``studies``.
    beside
        Folder that a relative path starts from; the working directory when None.
    """
    path = Path(path_or_name)
    if path.suffix or len(path.parts) > 1 or path.is_file():
        return TomlSource.from_path(beside / path if beside else path)
    files = shipped(folder)
    if str(path_or_name) not in files:
        what = "scenario" if folder == "systems" else "study"
        if str(path_or_name) and path.is_dir():
            raise ScenarioError(Problem(str(path), "is a folder", f"a {what} file"))
        if what == "scenario" and str(path_or_name) in shipped("studies"):
            found = "is a study, not a scenario: run it with 'optinet sweep'"
            raise ScenarioError(Problem(str(path_or_name), found))
        problem = unknown_name("", str(path_or_name), tuple(files), what)
        raise ScenarioError(dataclasses.replace(problem, allowed=f"a file, or {problem.allowed}".removesuffix(", or ")))
    return TomlSource.from_path(files[str(path_or_name)])


def shipped(folder: str) -> dict[str, Path]:
    """Return the files that come with optinet, by name; `folder` is ``systems`` or ``studies``."""
    shelf = importlib.resources.files("experiments").joinpath(folder)
    paths = [Path(str(entry)) for entry in shelf.iterdir()] if shelf.is_dir() else []
    return {path.stem: path for path in sorted(paths) if path.suffix == ".toml"}


def shipped_titles(folder: str) -> dict[str, str]:
    """Return what the files that come with optinet are called, by name; their first lines are read, not the whole."""
    found = {}
    for name, path in shipped(folder).items():
        with path.open(encoding="utf-8") as lines:
            line = next((line for line in lines if line.startswith("title")), "title = ''")
        found[name] = str(tomllib.loads(line)["title"])
    return found


def section_names(section: str) -> tuple[str, ...]:
    """Return the names that a table of `SECTIONS` may give."""
    names: tuple[str, ...] = _registry(section).names()
    return names


def parameters_of(section: str, name: str) -> type[BaseModel]:
    """Return the parameter model of a topology, workload or routing; `OptinetError` if there is none of that name."""
    model: type[BaseModel] = _registry(section).parameters_of(name)
    return model


def scenario_keys() -> Mapping[str, FieldInfo]:
    """Return the keys of a scenario file with their types and defaults."""
    return _ScenarioFile.model_fields


class _Section(BaseModel):
    """A table with a name; its other keys are checked by the model of what it names."""

    model_config = ConfigDict(extra="allow")

    name: str


class _ScenarioFile(BaseModel):
    """The keys of a scenario file."""

    model_config = _Frozen

    title: str = Field(default="", description="what reports and the viewer call it")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(default=0, description="seed of everything random")
    tags: tuple[str, ...] = Field(default=(), description="words to find its run by")
    caveat: str = Field(
        default="", description="printed beside the result, such as why it does not compare like for like"
    )
    topology: _Section = Field(description="what to build: name, and its parameters")
    workload: _Section = Field(description="what to send: name, and its parameters")
    routing: _Section = _Section(name="best")
    design: dict[str, str] = Field(default_factory=dict)
    catalogue: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    phases: Phases | None = None
    scale_out: str | _Section | None = Field(
        default=None,
        description="the scale-out network of the same endpoints: a scenario by name or path, or a table like topology",
    )
    racks: RackPlan | None = None
    failures: FailureSettings | None = None
    failed: FailedParts | None = None


def _reading_order(problem: Problem) -> tuple[bool, str, int]:
    """Sort problems by file and line, those of options last and as they were given."""
    name, _, line = problem.location.rpartition(":")
    return (False, name, int(line)) if line.isdigit() else (True, "", 0)


def _checked_choice(section: str, table: Mapping[str, Any], draft: Draft) -> tuple[Choice | None, tuple[Problem, ...]]:
    registry = _registry(section)
    name = table["name"]
    try:
        model = registry.parameters_of(name)
    except OptinetError:
        problem = unknown_name(f"{section}.name", name, registry.names(), section)
        return None, (dataclasses.replace(problem, location=draft.location((section, "name"))),)
    given = {key: value for key, value in table.items() if key != "name"}
    parameters, problems = checked(model, given, (section,), draft)
    if parameters is None:
        return None, problems
    plain = parameters.model_dump(mode="json", exclude_none=True)
    if section == "workload" and "sha256" in model.model_fields:
        from optinet.workloads.inputs import checked_files

        try:
            plain["sha256"] = checked_files(parameters, draft.folder((section, "path")))[1]
        except OptinetError as error:
            location = draft.location((section, "path"))
            return None, tuple(dataclasses.replace(problem, location=location) for problem in error.problems)
    return Choice(name=name, parameters=plain), ()


def _scale_out(draft: Draft) -> tuple[Choice | None, tuple[Problem, ...]]:
    """Check the topology of the scale-out network, written out or that of another scenario file."""
    table, section = draft.values.get("scale_out"), "scale_out"
    if isinstance(table, str):
        where, origin = draft.location(("scale_out",)), draft.origins.get(("scale_out",))
        try:
            source = find_source(table, "systems", Path(origin[0].name).parent if isinstance(origin, tuple) else None)
        except ScenarioError as error:
            return None, tuple(dataclasses.replace(each, where="scale_out", location=where) for each in error.problems)
        if not isinstance(source.values.get("topology"), Mapping):
            return None, (Problem("scale_out", f"{source.name} has no topology", "a scenario file", location=where),)
        draft, table, section = Draft().merged(source.values, source), source.values["topology"], "topology"
    if isinstance(table, Mapping) and isinstance(table.get("name"), str):
        return _checked_choice(section, table, draft)
    return None, ()


def _registry(section: str) -> Any:
    """Return the module that lists the names of a section; imported here because they all need numpy."""
    if section in ("topology", "scale_out"):
        import topologies

        return topologies
    if section == "workload":
        from optinet import workloads

        return workloads
    from optinet import routing

    return routing


def _component_problems(draft: Draft) -> Iterator[Problem]:
    """Check roles, components and replaced values one by one, so that each problem knows its line."""
    from optinet.catalogue import load_catalogue
    from optinet.design import Design

    catalogue = load_catalogue()

    def problems(section: str, check: Callable[[Any], Any], wanted: tuple[type, ...]) -> Iterator[Problem]:
        table = draft.values.get(section)
        for key, value in table.items() if isinstance(table, Mapping) else ():
            if isinstance(value, wanted) and not isinstance(value, bool):
                try:
                    check({key: value})
                except OptinetError as error:
                    path = (section, key)
                    for problem in error.problems:
                        yield dataclasses.replace(problem, where=dotted(path), location=draft.location(path))

    yield from problems("design", lambda roles: Design.from_roles(roles, catalogue), (str,))
    yield from problems("catalogue", catalogue.with_values, (int, float))


def _with_default_roles(design: Mapping[str, str]) -> dict[str, str]:
    """Return a design in the order of the roles, with the component each silent role falls back on."""
    from optinet.design import ROLES

    roles = {role: design.get(role, entry.default) for role, entry in ROLES.items()}
    return {role: component for role, component in roles.items() if component is not None}
