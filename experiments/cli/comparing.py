# SPDX-License-Identifier: Apache-2.0
"""Commands that judge designs: compare, report, uncertainty; and the viewer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from experiments.cli.common import (
    AsJson,
    Flag,
    Output,
    Paths,
    Words,
    check_output,
    complain,
    runs_of,
    width,
    write,
    write_json,
)


def compare(
    paths: Paths,
    /,
    *,
    baseline: str = "",
    pareto: Words = (),
    to: Literal["text", "markdown", "json"] = "text",
    as_json: AsJson = False,
) -> None:
    """Compare runs: one row for each design.

    Parameters
    ----------
    paths
        Run files and folders of run files.
    baseline
        The design that differences are shown from.
    pareto
        A metric of the front, such as network_kw or throughput:max; repeated. Designs that no other beats get a star.
    to
        How to print the table.
    as_json
        The same as --to json.

    Examples
    --------
    optinet compare runs --baseline retimed --pareto cost_usd --pareto delivered_tbps
    """
    print_comparison(runs_of(paths), "json" if as_json else to, baseline=baseline, pareto=pareto)


def report(
    paths: Paths,
    /,
    *,
    output: Output,
    force: Flag = False,
    title: str = "",
    baseline: str = "",
    pareto: Words = (),
) -> None:
    """Write one HTML page about a folder of runs, complete by itself, to be read and passed on.

    Parameters
    ----------
    paths
        Run files and folders of run files.
    output
        The page to write, such as report.html.
    force
        Replace a file of that name.
    title
        The question the page answers; the title of the study unless given.
    baseline
        The design that differences are shown from.
    pareto
        A metric of the front, such as network_kw or throughput:max; repeated. Cost and power against the delivered
        rate unless given.

    Examples
    --------
    optinet report runs -o report.html --title 'Which optics?'
    """
    from experiments.report import report_html

    check_output(output, force=force, such_as=", such as report.html")
    page = report_html(runs_of(paths), title=title, baseline=baseline, goals=pareto)
    output.write_text(page, encoding="utf-8")
    complain(f"{output}: {len(page) / 1e6:.1f} MB")


def uncertainty(
    path: Path,
    /,
    *,
    metric: Words = (),
    against: Path | None = None,
    draws: Annotated[int, Parameter(validator=Number(gte=1, lte=1_000_000))] = 10_000,
    seed: int = 0,
    as_json: AsJson = False,
) -> None:
    """Tell how sure a run's numbers are, what makes them unsure, and how probably it beats another design.

    Parameters
    ----------
    path
        The run file.
    metric
        A metric whose drivers are wanted; may be repeated. The main ones unless given.
    against
        A run file of another design.
    draws
        Draws of the ranges of all component values.
    seed
        Seed of the draws.
    as_json
        Print JSON.

    Examples
    --------
    optinet uncertainty row.h5 --against half.h5 --metric network_kw
    """
    from experiments.saved import reopened
    from experiments.summary import uncertainty_text
    from experiments.uncertainty import MAIN_METRICS, probability_better, spreads, to_json, tornado
    from optinet.results import open_run

    saved = reopened(open_run(path))
    found = spreads(saved, draws, seed)
    drivers = tornado(saved, metric or [name for name in MAIN_METRICS if name in found])
    better = {}
    if against is not None:
        others = spreads(reopened(open_run(against)), draws, seed)
        better = {name: probability_better(found[name], others[name]) for name in found if name in others}
    if as_json:
        write_json(to_json(found, drivers, better))
    else:
        write(uncertainty_text(saved.run, found, drivers, better, against, width()))


def view(paths: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (), /) -> int:
    """Open runs in the desktop viewer.

    Parameters
    ----------
    paths
        Run files, scenario files, and folders of run files, which may be empty until a sweep writes into them.

    Examples
    --------
    optinet view runs
    """
    import subprocess

    from optinet.results import find_runs

    find_runs(paths)  # what is missing is told here
    # a process of its own: nothing but the viewer may need Qt
    return subprocess.run([sys.executable, "-m", "gui.app", *map(str, paths)], check=False).returncode


def print_comparison(paths: Sequence[Path], form: str, *, baseline: str = "", pareto: Sequence[str] = ()) -> None:
    """Print run files side by side, as text, Markdown or JSON."""
    from experiments.compare import comparison, in_order
    from experiments.present import comparison_markdown, comparison_text
    from optinet.results import open_run

    table = comparison(in_order(map(open_run, paths)))
    table = table.beside(baseline) if baseline else table
    table = table.with_front(pareto) if pareto else table
    if form == "json":
        write_json(table.to_json())
    else:
        write(comparison_markdown(table) if form == "markdown" else comparison_text(table, width()))
