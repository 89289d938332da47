# SPDX-License-Identifier: Apache-2.0
"""The layout of a run file as Markdown tables, for the page on the file format."""

from __future__ import annotations

from collections.abc import Iterator

from optinet.results.column import Column
from optinet.results.schema import GROUPS, units

_TYPES = {"float": "float64", "int": "int32", "flag": "int8", "text": "text"}


def groups_markdown() -> str:
    """Return one table for each group: its arrays with type, dimensions, unit and meaning."""
    return "\n".join(line for group, table in GROUPS.items() for line in _group_lines(group, table))


def _group_lines(group: str, table: dict[str, Column]) -> Iterator[str]:
    yield from (f"### /{group}", "", "| array | type | dimensions | unit | meaning |", "|---|---|---|---|---|")
    for name, column in table.items():
        dims = ", ".join(column.dims) or "-"
        unit = "-" if column.type in ("text", "flag") else units(name, column)
        yield f"| {name} | {_TYPES[column.type]} | {dims} | {unit} | {_meaning(column)} |"
    yield ""


def _meaning(column: Column) -> str:
    flags = ", ".join(f"{code} {flag}" for code, flag in enumerate(column.flags))
    return f"{column.meaning} ({flags})" if flags else column.meaning
