# SPDX-License-Identifier: Apache-2.0
"""What a run file holds: every group, array, dimension, unit and meaning, as data.

Writer, reader, tests and the format page all read this table; nothing about the layout is written down twice. Units
follow from the names (`optinet.units`). A group is a set of columns; the dimension of a table is called like its key
column (``category``, ``name``), which then is the coordinate of the others, or by what its rows are (``node``).
"""

from __future__ import annotations

from optinet.results import schema_assessed, schema_jobs, schema_solved
from optinet.results.column import Column
from optinet.units import unit_of

FORMAT = "optinet-run"
FORMAT_VERSION = 1  # frozen: see optinet.results.migrate for what may change
CONVENTIONS = "CF-1.11"
SUFFIX = ".h5"
PROVENANCE = "provenance"
BARE_DIMENSION = "This is a netCDF dimension but not a netCDF variable."  # netCDF-4's own mark of one without values

GROUPS: dict[str, dict[str, Column]] = schema_solved.GROUPS | schema_assessed.GROUPS | schema_jobs.GROUPS
PER_CLASS = "link_budgets"


def columns(group: str) -> dict[str, Column] | None:
    """Return the columns of a group, or None for a group this version does not know."""
    return GROUPS.get(f"{PER_CLASS}/*" if group.startswith(f"{PER_CLASS}/") else group)


def units(name: str, column: Column) -> str:
    """Return the UDUNITS string of a column; text and plain numbers have "1"."""
    return "1" if column.type == "text" else unit_of(name)
