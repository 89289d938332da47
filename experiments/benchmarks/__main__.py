# SPDX-License-Identifier: Apache-2.0
"""``python -m experiments.benchmarks [NAMES...] [--quick] [-o DIR]``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console

from experiments.benchmarks import first_calls, flow_simulation, growth, link_loads, max_min, report, sweeps, throughput
from experiments.benchmarks.measure import Effort
from experiments.benchmarks.rows import Row

Subject = Literal["link_loads", "max_min", "flow_simulation", "throughput", "sweeps", "first_calls", "growth"]
_ROWS: dict[Subject, Callable[[Effort], Iterator[Row]]] = {
    "link_loads": link_loads.rows,
    "max_min": max_min.rows,
    "flow_simulation": flow_simulation.rows,
    "throughput": throughput.rows,
    "sweeps": sweeps.rows,
    "first_calls": first_calls.rows,
}

app = App(name="benchmarks", help="optinet beside its peers, on the same inputs.", help_format="plaintext")


@app.default
def benchmarks(
    *names: Subject, quick: bool = False, output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
) -> None:
    """Measure and print a table.

    Parameters
    ----------
    names
        What to measure; everything if none is named.
    quick
        Leave out what takes minutes or gigabytes.
    output
        Folder to write benchmarks.md and the growth plots to.
    """
    console = Console()
    effort = Effort(quick=quick)
    rows: list[Row] = []
    growths: list[growth.Growth] = []
    for name in names or (*_ROWS, "growth"):
        with console.status(name):
            if name == "growth":
                growths.extend(growth.studies(effort))
            else:
                for row in _ROWS[name](effort):
                    console.print(report.summary(row), soft_wrap=True)
                    rows.append(row)
    if rows:
        console.print(report.table(rows))
    for each in growths:
        console.print(report.growth_table(each))
    console.print(report.machine())
    if output is not None:
        report.write(rows, growths, output)
        console.print(f"Written to {output / 'benchmarks.md'}")


if __name__ == "__main__":
    app()
