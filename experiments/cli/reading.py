# SPDX-License-Identifier: Apache-2.0
"""Commands that show one thing: a run, a topology, a component."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from experiments.cli.common import AsJson, OptionalOutput, width, write, write_to
from optinet.errors import Problem, RunFileError


def topologies(name: str = "", /, *, as_json: AsJson = False) -> None:
    """List the topologies, or show one with its parameters.

    Parameters
    ----------
    name
        The topology to show.
    as_json
        Print JSON (of one topology: the JSON Schema of its parameters).
    """
    from experiments import summary

    write(summary.topologies_json(name) if as_json else summary.topologies_text(name, width()))


def catalogue(name: str = "", /, *, as_json: AsJson = False) -> None:
    """List the components, or show one with its values, ranges and sources.

    Parameters
    ----------
    name
        The component, or kind of component, to show.
    as_json
        Print JSON.
    """
    from experiments import summary

    write(summary.catalogue_json(name) if as_json else summary.catalogue_text(name, width()))


def inspect(path: Path, /, *, as_json: AsJson = False) -> None:
    """Show what is in a run file.

    Parameters
    ----------
    path
        The run file.
    as_json
        Print the metrics as JSON; `export` has everything.
    """
    from experiments.summary import metrics_json, run_text
    from optinet.results import open_run

    opened = open_run(path)
    write(metrics_json(opened) if as_json else run_text(opened, width()))


def export(
    path: Path,
    /,
    *,
    to: Literal["json", "csv"] = "json",
    table: str = "metrics",
    output: OptionalOutput = None,
) -> None:
    """Write what is in a run file as JSON, or one of its tables as CSV.

    Parameters
    ----------
    path
        The run file.
    to
        The format.
    table
        The table to write as CSV, for example arcs, power or link_budgets/leaf-spine.
    output
        The file to write; standard output unless given.
    """
    from experiments.summary import run_json, table_csv
    from optinet.results import open_run

    if output is not None and output.exists() and path.exists() and output.samefile(path):
        raise RunFileError(Problem(str(output), "is the run file itself", "another file"))
    text = run_json(open_run(path)) if to == "json" else table_csv(open_run(path), table)
    write_to(output, text)
