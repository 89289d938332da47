# SPDX-License-Identifier: Apache-2.0
"""Scenario content on its way to a `Scenario`: values merged from several places, each of which is remembered.

A study merges base, case and grid, and the command line sets keys on top. When the result is not valid, the user wants
the line that brought the value in, not the line it replaced.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from optinet.errors import OptinetError, Problem, ScenarioError
from optinet.toml_source import KeyPath, TomlSource

# a key of a file, or the option that set it
Origin: TypeAlias = tuple[TomlSource, KeyPath] | str


@dataclass(frozen=True)
class Draft:
    """Scenario content that has not been checked, and where each part of it was written.

    Parameters
    ----------
    values
        Nested tables, as tomllib returns them.
    origins
        Where the value at each key path comes from.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[KeyPath, Origin] = field(default_factory=dict)

    def merged(self, values: Mapping[str, Any], source: TomlSource, at: KeyPath = ()) -> Draft:
        """Return this draft with tables of a file merged over it, key by key.

        A table that names another topology, workload or routing than the one here takes its place entirely: parameters
        of the one mean nothing to the other.

        Parameters
        ----------
        values
            The tables.
        source
            The file they were written in.
        at
            Their key path in that file.
        """
        origins = dict(self.origins)
        return Draft(_merge(self.values, values, (), (source, at), origins), origins)

    def assigned(self, path: KeyPath, value: Any, origin: Origin) -> Draft:
        """Return this draft with one key set to exactly `value`; `ScenarioError` if the path runs through a value."""
        values = dict(self.values)
        table = values
        for depth, key in enumerate(path[:-1], start=1):
            inner = table.get(str(key), {})
            if not isinstance(inner, Mapping):
                found = f"'{'.'.join(map(str, path[:depth]))}' is not a table, so no key of it can be set"
                raise ScenarioError(Problem(".".join(map(str, path)), found, location=_location(origin)))
            table[str(key)] = table = dict(inner)
        table[str(path[-1])] = value
        origins = {known: where for known, where in self.origins.items() if known[: len(path)] != path}
        origins[path] = origin
        return Draft(values, origins)

    def overridden(self, overrides: Sequence[str]) -> Draft:
        """Return this draft with ``key=value`` options set on top; `ScenarioError` naming every wrong option."""
        draft = self
        problems: list[Problem] = []
        for text in overrides:
            option = f"--set {text}"
            key, equals, value = text.partition("=")
            try:
                if not equals:
                    raise ScenarioError(Problem("", "has no '='", "key=value, for example seed=2", location=option))
                draft = draft.assigned(key_path(key, option), option_value(value.strip()), option)
            except ScenarioError as error:
                problems += error.problems
        if problems:
            raise ScenarioError(problems)
        return draft

    def folder(self, key_path: KeyPath) -> Path:
        """Return the folder of the file that a key or the nearest table around it comes from."""
        ends = (key_path[:end] for end in range(len(key_path), -1, -1))
        return folder_of(next((self.origins[end] for end in ends if end in self.origins), None))

    def location(self, key_path: KeyPath) -> str:
        """Return the file and line, or the option, that a key or the nearest table around it comes from."""
        inside = next((path for path in self.origins if path[: len(key_path)] == key_path), None)
        if key_path not in self.origins and inside is not None:
            return _location(self.origins[inside])  # a table that came to be by setting a key of it
        for end in range(len(key_path), -1, -1):
            if key_path[:end] in self.origins:
                return _location(self.origins[key_path[:end]], key_path[end:])
        return ""

    def located(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Yield problems, each with the line or the option of the key that it names."""
        for problem in problems:
            yield problem if problem.location else replace(problem, location=self.location(_named_key(problem.where)))

    @contextlib.contextmanager
    def locating(self) -> Iterator[None]:
        """Say of every problem that comes up inside which line or option it has to do with."""
        try:
            yield
        except OptinetError as error:
            raise type(error)(self.located(error.problems)) from None


def folder_of(origin: Origin | None) -> Path:
    """Return the folder that a relative path in a value starts from: that of its file, or the working directory."""
    return Path.cwd() if origin is None or isinstance(origin, str) else Path.cwd() / Path(origin[0].name).parent


def key_path(text: str, location: str) -> KeyPath:
    """Split a dotted key; what follows ``catalogue.`` is one key, because values are addressed as ``component.key``."""
    try:
        parts = tuple(_single_path(tomllib.loads(f"{text} = 0")))
    except (tomllib.TOMLDecodeError, ValueError):
        raise ScenarioError(Problem("", f"'{text}' is not a key", "a dotted key", location=location)) from None
    return (parts[0], ".".join(parts[1:])) if parts[0] == "catalogue" and len(parts) > 1 else parts


def option_value(text: str) -> Any:
    """Read a value as TOML would, or else as bare text, so that quotes need no quoting on the command line."""
    try:
        values = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return text
    return values["value"] if len(values) == 1 else text


def _named_key(where: str) -> KeyPath:
    """Return the key path that a problem names: ``topology.slices[0].chips``."""
    path = tuple(int(index) if index else key for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", where))
    return ("catalogue", ".".join(map(str, path[1:]))) if path[:1] == ("catalogue",) else path


def _single_path(table: Any) -> Iterator[str]:
    while isinstance(table, dict):
        ((key, table),) = table.items()
        yield key


def _merge(
    under: Mapping[str, Any],
    over: Mapping[str, Any],
    path: KeyPath,
    where: tuple[TomlSource, KeyPath],
    origins: dict[KeyPath, Origin],
) -> dict[str, Any]:
    source, at = where
    origins[path] = where
    merged = dict(under)
    for key, value in over.items():
        here, there = (*path, key), (source, (*at, key))
        if path == ("catalogue",) and isinstance(value, Mapping):
            # `palomar.power_w = 90` without quotes is what anybody writes first
            for inner, number in value.items():
                merged[f"{key}.{inner}"] = number
                origins[*path, f"{key}.{inner}"] = (source, (*at, key, inner))
        elif isinstance(value, Mapping):
            before = merged.get(key, {})
            if not isinstance(before, Mapping) or value.get("name", before.get("name")) != before.get("name"):
                before = {}
                for known in [known for known in origins if known[: len(here)] == here]:
                    del origins[known]
            merged[key] = _merge(before, value, here, there, origins)
        else:
            merged[key] = value
            origins[here] = there
    return merged


def _location(origin: Origin, rest: KeyPath = ()) -> str:
    if isinstance(origin, str):
        return origin
    source, path = origin
    return source.location((*path, *rest))
