# SPDX-License-Identifier: Apache-2.0
"""The catalogue as rows of a table, for the command line, reports, the viewer and the catalogue page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from optinet.catalogue.catalogue import Catalogue
from optinet.catalogue.kinds import KINDS
from optinet.catalogue.schema import Component, Source


class CatalogueRow(NamedTuple):
    """One component in a list of components."""

    id: str
    kind: str
    title: str
    n_values: int


class ValueRow(NamedTuple):
    """One value in a list of a component's values."""

    key: str
    value: float
    low: float
    high: float
    unit: str
    source: str
    basis: str
    confidence: str
    note: str


def catalogue_rows(catalogue: Catalogue, kind: str | None = None) -> list[CatalogueRow]:
    """Return one row for each component, or for each of one kind, kind by kind."""
    kinds = catalogue.kinds() if kind is None else (kind,)
    components = (catalogue[name] for each in kinds for name in catalogue.ids(each))
    return [CatalogueRow(found.id, found.kind, found.title, len(found.values)) for found in components]


def component_rows(component: Component) -> list[ValueRow]:
    """Return one row for each value of a component, in the order of the file."""
    return [
        ValueRow(key, v.value, v.low, v.high, v.unit, v.source, v.basis, v.confidence, v.remark)
        for key, v in component.values.items()
    ]


def cited_sources(catalogue: Catalogue, component: Component) -> list[Source]:
    """Return the sources that a component's values and their conflicts cite, by id."""
    cited = {name for value in component.values.values() for name in value.cited}
    return [catalogue.sources()[name] for name in sorted(cited & set(catalogue.sources()))]


def components_markdown(catalogue: Catalogue) -> str:
    """Return every component with its values as Markdown, kind by kind; remarks are left to the command line."""
    return "\n".join(line for kind in catalogue.kinds() for line in _kind_lines(catalogue, kind)) + "\n"


def conflicts_markdown(catalogue: Catalogue) -> str:
    """Return every figure that contradicts a picked one as Markdown, in the order of the components."""
    lines = ["| component | value | picked | other figure | source | what it is |", "|---|---|---:|---:|---|---|"]
    for row in catalogue_rows(catalogue):
        for key, value in catalogue[row.id].values.items():
            for other in value.conflicts:
                numbers = f"{value.value:,.10g} | {other.value:,.10g}"
                lines.append(f"| {row.id} | {key} | {numbers} | {other.source} | {_cell(other.note)} |")
    return "\n".join(lines) + "\n"


def sources_markdown(catalogue: Catalogue) -> str:
    """Return every source as Markdown, by id."""
    lines = ["| id | source |", "|---|---|"]
    for name, source in sorted(catalogue.sources().items()):
        parts = (source.title, source.publisher, str(source.year or ""), f"<{source.url}>" if source.url else "")
        lines.append(f"| {name} | {_cell(', '.join(filter(None, parts)))} |")
    return "\n".join(lines) + "\n"


def _kind_lines(catalogue: Catalogue, kind: str) -> Iterator[str]:
    meaning = KINDS[kind].meaning
    yield from (f"## {kind}", "", f"{meaning[0].upper()}{meaning[1:]}.", "")
    for name in catalogue.ids(kind):
        component = catalogue[name]
        attributes = (f"{key}: {text}" for key, text in component.text.items())
        title = component.title
        if component.vendor and component.vendor not in title:
            title = f"{title} ({component.vendor})"
        yield from (f"### {name}", "", "; ".join((title, *attributes)) + ".", "")
        yield from (
            "| key | value | low | high | unit | basis | confidence | source |",
            "|---|---:|---:|---:|---|---|---|---|",
        )
        for row in component_rows(component):
            numbers = " | ".join(f"{number:,.10g}" for number in (row.value, row.low, row.high))
            yield f"| {row.key} | {numbers} | {row.unit} | {row.basis} | {row.confidence} | {row.source} |"
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
