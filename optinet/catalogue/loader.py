# SPDX-License-Identifier: Apache-2.0
"""The shipped catalogue, and a user's files over it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path

from optinet.arguments import public
from optinet.catalogue.catalogue import Catalogue
from optinet.catalogue.reading import CatalogueFiles, read_all, read_component, read_sources
from optinet.catalogue.schema import Component, Source
from optinet.errors import CatalogueError, OptinetError, Problem
from optinet.toml_source import TomlSource

_COMPONENT = re.compile(r'^\[(\w+)\]\nkind = "(\w+)"$', re.MULTILINE)
_SOURCES_FILE = "sources.toml"


@public
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
    if not paths:
        return _shipped_catalogue()
    problems: list[Problem] = []
    files = list(shipped_files().files)
    for path in paths:
        try:
            files.append(TomlSource.from_path(path))
        except OptinetError as error:  # a file that cannot be parsed must not hide what is wrong in the others
            problems += error.problems
    components, sources, more = read_all(CatalogueFiles(tuple(files)))
    if problems or more:
        raise CatalogueError([*problems, *more])
    return Catalogue(components, sources, {name: found.kind for name, found in components.items()})


@lru_cache(maxsize=1)
def shipped_files() -> CatalogueFiles:
    """Return the shipped files, parsed: 0.1 s, which `load_catalogue` avoids without a user's files."""
    return CatalogueFiles(tuple(TomlSource.from_text(text, name) for name, text in _shipped_texts().items()))


@lru_cache(maxsize=1)
def _shipped_catalogue() -> Catalogue:
    texts = _shipped_texts()
    sources, _ = read_sources(CatalogueFiles((TomlSource.from_text(texts.pop(_SOURCES_FILE), _SOURCES_FILE),)))
    components = ShippedComponents(texts, sources)
    return Catalogue(components, sources, components.kinds)


def _shipped_texts() -> dict[str, str]:
    folder = resources.files("optinet.catalogue") / "data"
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {entry.name: entry.read_text("utf-8") for entry in sorted(files, key=lambda entry: entry.name)}


class ShippedComponents(Mapping[str, Component]):
    """The shipped components, each parsed and checked when it is first asked for.

    Every run loads the catalogue and uses a small part of it; parsing all of it would take longer than many a run.

    Parameters
    ----------
    texts
        Text by file name. Each component starts with its header, the next line is its kind.
    sources
        Sources by id.
    """

    def __init__(self, texts: Mapping[str, str], sources: Mapping[str, Source]) -> None:
        self.kinds: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._sources = sources
        self._read: dict[str, Component] = {}
        for text in texts.values():
            starts = list(_COMPONENT.finditer(text))
            ends = [start.start() for start in starts[1:]] + [len(text)]
            for start, end in zip(starts, ends, strict=True):
                self.kinds[start[1]] = start[2]
                self._texts[start[1]] = text[start.start() : end]

    def __getitem__(self, name: str) -> Component:
        if name not in self._read:
            files = CatalogueFiles((TomlSource.from_text(self._texts[name], f"catalogue entry {name}"),))
            component, problems = read_component(name, files, self._sources)
            if component is None:
                raise CatalogueError(problems)
            self._read[name] = component
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)
