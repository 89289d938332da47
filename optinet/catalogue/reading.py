# SPDX-License-Identifier: Apache-2.0
"""Reading and checking catalogue files.

Each table of a file is a component, ``[palomar]`` with ``[palomar.values]``; ``[sources.ID]`` describes a source.
Files are laid over each other: a later one adds components, or names an earlier one and gives only what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from optinet.catalogue.schema import Component, Header, Source, Value, component_problems, value_problems
from optinet.errors import Problem
from optinet.toml_source import KeyPath, TomlSource
from optinet.validation import problems_of

Model = TypeVar("Model", bound=BaseModel)

SOURCES = "sources"
_ID = re.compile(r"[a-z][a-z0-9_]*")
_HEADER_KEYS = tuple(Header.model_fields)


@dataclass(frozen=True)
class CatalogueFiles:
    """Files in order; the last one that mentions a key is where the key comes from."""

    files: tuple[TomlSource, ...]

    def names(self) -> tuple[str, ...]:
        """Return the ids of all components in the order of the files."""
        return tuple(dict.fromkeys(name for file in self.files for name in file.values if name != SOURCES))

    def tables(self, name: str) -> Iterator[Any]:
        """Yield what each file says under a top-level name."""
        return (file.values[name] for file in self.files if name in file.values)

    def location(self, key_path: KeyPath) -> str:
        """Return ``file:line`` of a key, or of the innermost table around it that a file mentions."""
        deepest = max(reversed(self.files), key=lambda file: _depth(file.values, key_path))
        return deepest.location(key_path)


def read_all(files: CatalogueFiles) -> tuple[dict[str, Component], dict[str, Source], list[Problem]]:
    """Return the components and sources of some files, and everything that is wrong with the others."""
    sources, problems = read_sources(files)
    components: dict[str, Component] = {}
    for name in files.names():
        component, more = read_component(name, files, sources)
        problems += more
        components |= {name: component} if component else {}
    return components, sources, problems


def read_sources(files: CatalogueFiles) -> tuple[dict[str, Source], list[Problem]]:
    """Return the sources by id, and what is wrong with them."""
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for table in files.tables(SOURCES):
        if not isinstance(table, dict):
            problems.append(Problem(SOURCES, "is not a table", "[sources.ID]", location=files.location((SOURCES,))))
            continue
        for name, entry in table.items():
            values = {**entry, "id": name} if isinstance(entry, dict) else entry
            source = _checked(Source, values, (SOURCES, name), files, problems)
            sources |= {name: source} if source else {}
    return sources, problems


def read_component(
    name: str, files: CatalogueFiles, sources: Mapping[str, Source]
) -> tuple[Component | None, list[Problem]]:
    """Return a component, or None and everything that is wrong with it."""
    problems: list[Problem] = []
    if not _ID.fullmatch(name):
        allowed = "lower case letters, digits and _"
        problems.append(Problem(name, "is no component id", allowed, location=files.location((name,))))
    table = _merged(name, files, problems)
    if problems:
        return None, problems
    header = _checked(Header, {key: table[key] for key in _HEADER_KEYS if key in table}, (name,), files, problems)
    raw_values = table.get("values", {})
    texts = {key: text for key, text in table.items() if key not in (*_HEADER_KEYS, "values")}
    if isinstance(kind := table.get("kind"), str):  # also when the header lacks something else
        problems += component_problems(name, kind, texts, raw_values, files)
    values: dict[str, Value] = {}
    for key, raw in raw_values.items():
        if value := _checked(Value, raw, (name, "values", key), files, problems):
            problems += value_problems(name, key, value, sources, files)
            values[key] = value
    if not header or problems:
        return None, problems
    return Component(name, header.kind, header.title, header.vendor, texts, values), []


def _merged(name: str, files: CatalogueFiles, problems: list[Problem]) -> dict[str, Any]:
    """Lay the tables of a component over each other, value by value."""
    merged: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for table in files.tables(name):
        inner = table.get("values", {}) if isinstance(table, dict) else None
        if not isinstance(inner, dict):
            path = (name, "values") if isinstance(table, dict) else (name,)
            problems.append(
                Problem(".".join(path), "is not a table", f"[{'.'.join(path)}]", location=files.location(path))
            )
            continue
        merged |= table
        values |= inner
    return {**merged, "values": values}


def _checked(
    model: type[Model], values: Any, path: KeyPath, files: CatalogueFiles, problems: list[Problem]
) -> Model | None:
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
