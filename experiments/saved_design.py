# SPDX-License-Identifier: Apache-2.0
"""From a saved run back to its design and catalogue values."""

from __future__ import annotations

from typing import Any

from optinet.catalogue import Catalogue, load_catalogue
from optinet.catalogue.schema import Value
from optinet.design import Design
from optinet.errors import Problem, RunFileError
from optinet.results import Run


def saved_design(run: Run) -> tuple[Design, Catalogue]:
    """Return the components a run was assessed with, and the values it used; without loading a solver.

    Raises
    ------
    OptinetError
        If the run has no catalogue, or was made by an optinet whose components this one does not know.
    """
    if not run.table("catalogue"):
        raise RunFileError(Problem(str(run.path), "has no catalogue", "a run made by 'run' or 'sweep'"))
    scenario = run.scenario
    catalogue = load_catalogue().with_values(scenario["catalogue"]).with_ranges(_values(run))
    return Design.from_roles(scenario["design"], catalogue, scenario.get("racks")), catalogue


def _values(run: Run) -> dict[tuple[str, str], Value]:
    table = run.table("catalogue")
    names = ("value", "low", "high", "unit", "source", "basis", "confidence", "note")
    rows: list[dict[str, Any]] = [
        dict(zip(names, row, strict=True)) for row in zip(*(list(table[name]) for name in names), strict=True)
    ]
    keys = zip(table["component"], table["key"], strict=True)
    return {key: Value(**row) for key, row in zip(keys, rows, strict=True)}
