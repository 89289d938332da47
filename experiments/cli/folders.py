# SPDX-License-Identifier: Apache-2.0
"""Commands for folders of runs: runs, note, pack, unpack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

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
from experiments.labels import counted

_COLUMNS = (
    "design",
    "workload",
    "routing",
    "delivered_gbps_per_endpoint",
    "latency_p99_ns",
    "network_kw",
    "cost_per_endpoint_usd",
    "verdict",
    "tag",
)


def runs(
    folder: Path,
    filter_text: Annotated[str, Parameter(name="filter", show_default=False)] = "",
    /,
    *,
    columns: Words = (),
    sort: str = "",
    descending: Flag = False,
    as_json: AsJson = False,
) -> int:
    """List the runs of a folder, or those that a filter finds.

    Parameters
    ----------
    folder
        The folder.
    filter_text
        Terms that must all hold: a word, topology:torus, tag:paper, network_kw<500, topology.leaves>=16,
        -verdict:infeasible; quoted as one argument.
    columns
        A text or number to show; may be repeated.
    sort
        A text or number to sort by.
    descending
        Sort from high to low.
    as_json
        Print JSON.

    Examples
    --------
    optinet runs runs 'topology:torus network_kw<500 -verdict:infeasible' --sort cost_usd
    optinet runs runs --columns design --columns throughput --json
    """
    from experiments.index import Index
    from experiments.summary import runs_text

    with Index(folder) as index:
        known = index.numbers | index.texts
        shown = columns or tuple(name for name in _COLUMNS if name in known)
        found = index.find(filter_text, names=shown, sort=sort, descending=descending)
        if as_json:
            write_json([{"file": str(run.path), **run.texts, **run.numbers} for run in found])
        else:
            write(runs_text(found, shown, width()))
        for problem in index.problems:
            complain(problem)
        whole = counted(len(index), "run")
        none = index.why_none(filter_text) if filter_text and not found else ""
        complain(f"{len(found):,} of {whole}. {none}".removesuffix(". ") if filter_text else whole)
    return 0


def note(
    paths: Paths,
    /,
    *,
    tag: Words = (),
    untag: Words = (),
    star: bool | None = None,
    text: str | None = None,
    as_json: AsJson = False,
) -> None:
    """Show or change the notes of runs: tags, a star, a text. They live beside the run file.

    Parameters
    ----------
    paths
        Run files and folders of run files.
    tag
        A tag to add; may be repeated.
    untag
        A tag to take away; may be repeated.
    star
        Mark the runs as important, or not.
    text
        The note; an empty one takes it away.
    as_json
        Print the notes as JSON.

    Examples
    --------
    optinet note row.h5 --tag paper --star --text 'for figure 3'
    """
    from experiments.notes import read_notes, write_notes
    from experiments.present import rows_text

    changes = bool(tag or untag) or star is not None or text is not None
    found = {}
    for path in runs_of(paths):
        notes = read_notes(path)
        if changes:
            notes = notes.changed(add=tag, remove=untag, star=star, note=text)
            write_notes(path, notes)
        found[path] = notes
    if as_json:
        write_json([{"file": str(path), **notes.model_dump()} for path, notes in found.items()])
        return
    rows = [(path.name, "*" if each.star else "", " ".join(each.tags), each.note) for path, each in found.items()]
    write(rows_text(("run", "star", "tags", "note"), rows, width()))


def pack(folder: Path, /, *, output: Output, force: Flag = False) -> None:
    """Put all runs of a folder, with their notes, into one file to pass on.

    Parameters
    ----------
    folder
        The folder.
    output
        The file to write, such as runs.pack.h5.
    force
        Replace a file of that name.

    Examples
    --------
    optinet pack runs -o runs.pack.h5
    """
    from experiments.pack import pack as write_pack

    check_output(output, force=force, such_as=", such as runs.pack.h5")
    count = write_pack(folder, output)
    complain(f"{counted(count, 'run')} in {output} ({output.stat().st_size / 1e6:,.1f} MB)")


def unpack(path: Path, /, *, output: Output) -> None:
    """Take the runs out of a file that pack has written; each is checked.

    Parameters
    ----------
    path
        The file.
    output
        The folder for the runs, absent or empty.

    Examples
    --------
    optinet unpack runs.pack.h5 -o runs
    """
    from experiments.pack import unpack as read_pack

    complain(f"{counted(read_pack(path, output), 'run')} in {output}")
