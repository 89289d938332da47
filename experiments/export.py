# SPDX-License-Identifier: Apache-2.0
"""A run for other programs: JSON, CSV, GraphML, node-link JSON, its scenario as TOML, and its demand."""

from __future__ import annotations

import csv
import io
from itertools import zip_longest
from typing import Any, Literal, TypeAlias

import numpy as np

from experiments.plain_values import to_json
from experiments.run_text import head
from experiments.saved import reopened
from optinet.errors import Problem, RunFileError, nearest_name
from optinet.fabric import NodeKind
from optinet.results import Run, schema
from optinet.traffic.demand import Demand
from optinet.workloads.files import demand_csv, demand_npz

Form: TypeAlias = Literal["json", "csv", "graphml", "node-link", "toml", "demand-csv", "demand-npz"]


def exported(run: Run, form: Form, table: str = "metrics") -> str | bytes:
    """Return a run, or the part of it that suits a format, as text; a demand for numpy as bytes.

    Parameters
    ----------
    run
        The run.
    form
        The format.
    table
        The table for CSV.
    """
    if form == "json":
        return run_json(run)
    if form == "csv":
        return table_csv(run, table)
    if form == "toml":
        return str(run.table("scenario")["toml"])
    if form in ("demand-csv", "demand-npz"):
        demand = demand_of(run)
        names = [run.node_names[node] for node in np.flatnonzero(run.node_kind != NodeKind.SWITCH)]
        return demand_csv(demand, names) if form == "demand-csv" else demand_npz(demand)
    return graphml(run) if form == "graphml" else node_link(run)


def demand_of(run: Run) -> Demand:
    """Return what a run asked of its fabric, made anew of its scenario.

    Raises
    ------
    OptinetError
        If a file that its workload reads is no more beside the run or has changed.
    """
    return reopened(run).solution.demand


def graphml(run: Run) -> str:
    """Return the fabric with its loads as GraphML."""
    import networkx as nx

    return "\n".join(nx.generate_graphml(run.to_networkx())) + "\n"


def node_link(run: Run) -> str:
    """Return the fabric with its loads as node-link JSON, as D3 reads it, and networkx with ``edges="links"``."""
    import networkx as nx

    return to_json(nx.node_link_data(run.to_networkx(), edges="links"))


def run_json(run: Run) -> str:
    """Return everything in a run file as JSON: its headline, and for each group its columns."""
    groups = {group: dict(run.table(group)) for group in run.groups}
    return to_json(head(run) | {"groups": groups})


def table_csv(run: Run, group: str) -> str:
    """Return a group of a run file as CSV, in the order of the format; columns that are shorter end in empty cells.

    Raises
    ------
    RunFileError
        With the nearest name if there is no such group.
    """
    if group not in run.groups:
        found = f"has no table '{group}'"
        raise RunFileError(Problem(str(run.path), found, ", ".join(run.groups), nearest_name(group, run.groups)))
    columns: dict[str, list[Any]] = {}
    table = run.table(group)
    order = [*(schema.columns(group) or ()), *table]  # those of newer versions last
    for name in (name for name in dict.fromkeys(order) if name in table):
        values = table[name]
        if isinstance(values, np.ndarray) and values.ndim == 2:
            columns |= {f"{name}_{i}": column.tolist() for i, column in enumerate(values.T)}
        else:
            columns[name] = np.atleast_1d(np.asarray(values, dtype=object)).tolist()
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip_longest(*columns.values(), fillvalue=""))
    return stream.getvalue()
