# SPDX-License-Identifier: Apache-2.0
"""Reading the catalogue: the shipped files, and a user's files over them.

Each table of a file is a component, ``[palomar]`` with ``[palomar.values]``; ``[sources.ID]`` describes a source.
A file of a user adds components, or names a shipped one and gives only what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from optinet.catalogue.catalogue import Catalogue
from optinet.catalogue.schema import Component, Header, Source, Value, component_problems, value_problems
from optinet.errors import CatalogueError, OptinetError, Problem
from optinet.toml_source import KeyPath, TomlSource
from optinet.validation import problems_of

Model = TypeVar("Model", bound=BaseModel)

_SOURCES = "sources"
_ID = re.compile(r"[a-z][a-z0-9_]*")
_HEADER_KEYS = tuple(Header.model_fields)


def load_catalogue(paths: Sequence[str | Path] = ()) -> Catalogue:
    """Return the shipped catalogue, with a user's files over it.

    Parameters
    ----------
    paths
        TOML files; a later one wins.

    Raises
    ------
    CatalogueError
        Naming everything wrong in all files, with file and line.
    """
    shipped = _shipped()
    if not paths:
        return shipped.catalogue
    problems: list[Problem] = []
    files: list[TomlSource] = []
    for path in paths:
        try:
            files.append(TomlSource.from_path(path))
        except OptinetError as error:  # a file that cannot be parsed must not hide what is wrong in the others
            problems += error.problems
    catalogue, more = _read(_Files((*shipped.files.files, *files)), shipped.catalogue, files)
    if problems or more:
        raise CatalogueError([*problems, *more])
    return catalogue


@dataclass(frozen=True)
class _Files:
    """Files in order; the last one that mentions a key is where the key comes from."""

    files: tuple[TomlSource, ...]

    def tables(self, name: str) -> Iterator[Any]:
        """Yield what each file says under a top-level name."""
        return (file.values[name] for file in self.files if name in file.values)

    def location(self, key_path: KeyPath) -> str:
        """Return ``file:line`` of a key, or of the innermost table around it that a file mentions."""
        deepest = max(reversed(self.files), key=lambda file: _depth(file.values, key_path))
        return deepest.location(key_path)


@dataclass(frozen=True)
class _Shipped:
    files: _Files
    catalogue: Catalogue


@lru_cache(maxsize=1)
def _shipped() -> _Shipped:
    folder = resources.files("optinet.catalogue") / "data"
    entries = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name
    )
    files = _Files(tuple(TomlSource.from_text(entry.read_text("utf-8"), entry.name) for entry in entries))
    catalogue, problems = _read(files, Catalogue({}, {}), files.files)
    if problems:
        raise CatalogueError(problems)
    return _Shipped(files, catalogue)


def _read(files: _Files, base: Catalogue, new: Sequence[TomlSource]) -> tuple[Catalogue, list[Problem]]:
    """Read the components and sources that `new` files mention from all `files`; the others stay as in `base`."""
    problems: list[Problem] = []
    mentioned = dict.fromkeys(name for file in new for name in file.values)
    sources = dict(base.sources())
    if _SOURCES in mentioned:
        sources |= _read_sources(files, problems)
    components = {name: base[name] for name in base.ids()}
    for name in mentioned:
        if name != _SOURCES and (component := _read_component(name, files, sources, problems)):
            components[name] = component
    return Catalogue(components, sources), problems


def _read_sources(files: _Files, problems: list[Problem]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for table in files.tables(_SOURCES):
        if not isinstance(table, dict):
            problems.append(Problem(_SOURCES, "is not a table", "[sources.ID]", location=files.location((_SOURCES,))))
            continue
        for name, entry in table.items():
            values = {"id": name, **entry} if isinstance(entry, dict) else entry
            source = _checked(Source, values, (_SOURCES, name), files, problems)
            sources |= {name: source} if source else {}
    return sources


def _read_component(
    name: str, files: _Files, sources: Mapping[str, Source], problems: list[Problem]
) -> Component | None:
    n_before = len(problems)
    if not _ID.fullmatch(name):
        allowed = "lower case letters, digits and _"
        problems.append(Problem(name, "is no component id", allowed, location=files.location((name,))))
    table = _merged(name, files, problems)
    header = _checked(Header, {key: table[key] for key in _HEADER_KEYS if key in table}, (name,), files, problems)
    raw_values = table.get("values", {})
    texts = {key: text for key, text in table.items() if key not in (*_HEADER_KEYS, "values")}
    if header:
        problems += component_problems(name, header.kind, texts, raw_values, files)
    values: dict[str, Value] = {}
    for key, raw in raw_values.items():
        if value := _checked(Value, raw, (name, "values", key), files, problems):
            problems += value_problems(name, key, value, sources, files)
            values[key] = value
    if not header or len(problems) > n_before:
        return None
    return Component(name, header.kind, header.title, header.vendor, texts, values)


def _merged(name: str, files: _Files, problems: list[Problem]) -> dict[str, Any]:
    """Lay the tables of a component over each other, value by value."""
    merged: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for table in files.tables(name):
        inner = table.get("values", {}) if isinstance(table, dict) else None
        if not isinstance(table, dict) or not isinstance(inner, dict):
            path = name if not isinstance(table, dict) else f"{name}.values"
            problems.append(Problem(path, "is not a table", f"[{path}]", location=files.location((name, "values"))))
            continue
        merged |= table
        values |= inner
    return {**merged, "values": values}


def _checked(model: type[Model], values: Any, path: KeyPath, files: _Files, problems: list[Problem]) -> Model | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems += problems_of(error, model, path, files)
        return None


def _depth(values: Any, key_path: KeyPath) -> int:
    """Return how many keys of a path a file has."""
    for depth, key in enumerate(key_path):
        if not isinstance(values, dict) or key not in values:
            return depth
        values = values[key]
    return len(key_path)
