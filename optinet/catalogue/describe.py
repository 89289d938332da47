# SPDX-License-Identifier: Apache-2.0
"""The catalogue as rows of a table, for the command line, reports and the viewer."""

from __future__ import annotations

from typing import NamedTuple

from optinet.catalogue.catalogue import Catalogue
from optinet.catalogue.schema import Component


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
        ValueRow(key, v.value, v.low, v.high, v.unit, v.source, v.basis, v.confidence, v.note)
        for key, v in component.values.items()
    ]
