# SPDX-License-Identifier: Apache-2.0
"""Commands that show many runs: compare, view."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from experiments.cli.common import AsJson, Paths, runs_of, width, write, write_json


def compare(
    paths: Paths,
    /,
    *,
    to: Literal["text", "markdown", "json"] = "text",
    as_json: AsJson = False,
) -> None:
    """Compare runs: one row for each design.

    Parameters
    ----------
    paths
        Run files and folders of run files.
    to
        How to print the table.
    as_json
        The same as --to json.
    """
    print_comparison(runs_of(paths), "json" if as_json else to)


def view(paths: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (), /) -> int:
    """Open runs in the desktop viewer.

    Parameters
    ----------
    paths
        Run files and folders of run files.
    """
    import subprocess

    if paths:
        runs_of(paths)
    # a process of its own: nothing but the viewer may need Qt
    return subprocess.run([sys.executable, "-m", "gui.app", *map(str, paths)], check=False).returncode


def print_comparison(paths: Sequence[Path], form: str) -> None:
    """Print run files side by side, as text, Markdown or JSON."""
    from experiments.compare import comparison
    from experiments.present import comparison_markdown, comparison_text
    from optinet.results import open_run

    table = comparison(map(open_run, paths))
    if form == "json":
        write_json(table.to_json())
    else:
        write(comparison_markdown(table) if form == "markdown" else comparison_text(table, width()))
