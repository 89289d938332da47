# SPDX-License-Identifier: Apache-2.0
"""Commands that show one thing: a run, a topology, a component."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from experiments.cli.common import (
    AsJson,
    Changes,
    Flag,
    OptionalOutput,
    check_output,
    width,
    write,
    write_json,
    write_to,
)
from optinet.errors import Problem, RunFileError


def topologies(name: str = "", /, *, as_json: AsJson = False) -> None:
    """List the topologies, or show one with its parameters.

    Parameters
    ----------
    name
        The topology to show.
    as_json
        Print JSON (of one topology: the JSON Schema of its parameters).

    Examples
    --------
    optinet topologies torus
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

    Examples
    --------
    optinet catalogue ocs
    optinet catalogue palomar --json
    """
    from experiments import summary

    write(summary.catalogue_json(name) if as_json else summary.catalogue_text(name, width()))


def ocs(scenario: Path, /, *, changes: Changes = (), as_json: AsJson = False) -> None:
    """Show which optical circuit switches the plant of a scenario could be built of.

    Parameters
    ----------
    scenario
        The scenario file, or the name of a shipped one. The OCS it names plays no part.
    changes
        key=value, set on top of what the file says.
    as_json
        Print JSON.

    Examples
    --------
    optinet ocs tpu_v4
    """
    from experiments import plants

    write(plants.ocs_json(scenario, changes) if as_json else plants.ocs_text(scenario, changes, width()))


def inspect(path: Path, /, *, as_json: AsJson = False) -> None:
    """Show what is in a run file.

    Parameters
    ----------
    path
        The run file.
    as_json
        Print the metrics as JSON; `export` has everything.

    Examples
    --------
    optinet inspect row.h5
    """
    from experiments.run_text import metrics_json, run_text
    from optinet.results import open_run

    opened = open_run(path)
    write(metrics_json(opened) if as_json else run_text(opened, width()))


def diff(one: Path, other: Path, /, *, as_json: AsJson = False) -> None:
    """Show what differs between two runs: in scenario, components and results.

    Parameters
    ----------
    one
        A run file.
    other
        Another one.
    as_json
        Print JSON.

    Examples
    --------
    optinet diff row.h5 half.h5
    """
    from experiments.difference import differences, to_json
    from experiments.summary import differences_text
    from optinet.results import open_run

    before, after = open_run(one), open_run(other)
    changes = differences(before, after)
    if as_json:
        write_json(to_json(changes))
    else:
        write(differences_text(before, after, changes, width()))


def export(
    path: Path,
    /,
    *,
    to: Literal["json", "csv", "graphml", "node-link", "toml", "demand-csv", "demand-npz"] = "json",
    table: str = "metrics",
    output: OptionalOutput = None,
    force: Flag = False,
) -> None:
    """Write what is in a run file for other programs.

    Parameters
    ----------
    path
        The run file.
    to
        json for everything, csv for one table, graphml or node-link for the fabric with its loads (node-link is JSON
        for D3, and for networkx with edges="links"), toml for the scenario, which can be run again, demand-csv or
        demand-npz for the Gb/s between endpoints, which matrix_file reads.
    table
        The table to write as CSV, for example arcs, power or link_budgets/leaf-spine.
    output
        The file to write; standard output unless given.
    force
        Replace a file of that name.

    Examples
    --------
    optinet export row.h5 --to csv --table arcs -o arcs.csv
    optinet export row.h5 --to graphml -o row.graphml
    """
    from experiments.export import exported
    from optinet.results import open_run

    if output is not None and output.exists() and path.exists() and output.samefile(path):
        raise RunFileError(Problem(str(output), "is the run file itself", "another file"))
    if output is not None:
        check_output(output, force=force)
    elif to == "demand-npz":
        raise RunFileError(Problem("--to demand-npz", "writes no text", "-o FILE.npz"))
    write_to(output, exported(open_run(path), to, table))
