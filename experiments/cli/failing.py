# SPDX-License-Identifier: Apache-2.0
"""The command about parts that are down: fail."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from experiments.cli.common import (
    AsJson,
    Flag,
    OptionalOutput,
    Words,
    check_output,
    check_run_output,
    command_line,
    width,
    write,
    write_json,
)
from optinet.errors import OptinetError, Problem, TopologyError


def fail(
    run: Path,
    /,
    *,
    node: Words = (),
    link: Words = (),
    ocs: Annotated[tuple[int, ...], Parameter(negative="", show_default=False)] = (),
    group: Words = (),
    instead: Flag = False,
    bound: Flag = False,
    output: OptionalOutput = None,
    loads: Annotated[Path | None, Parameter(show_default=False)] = None,
    force: Flag = False,
    as_json: AsJson = False,
) -> None:
    """Route the demand of a run anew around parts that are down, beside what it carries as it is.

    Parameters
    ----------
    run
        The run file.
    node
        Name of a node that is down, or a pattern such as 'leaf-1*'; may be repeated.
    link
        Number of a link that is down, or NODE--NODE for all links between two nodes; may be repeated.
    ocs
        Number of an optical circuit switch that is down; may be repeated.
    group
        Number of a pod, cube or block that is down, or a group that the scenario's [failures.group] names; may be
        repeated.
    instead
        Let the parts work that were down in the run, but for those named here.
    bound
        Find what no routing surpasses, and where that limit is.
    output
        Evaluate the scenario with these parts down, and write its run file.
    loads
        Write the load of every arc into this file, as NumPy arrays.
    force
        Replace files of those names.
    as_json
        Print JSON.

    Examples
    --------
    optinet fail row.h5 --node spine0 --link leaf1--spine2
    optinet fail row.h5 --node 'spine[01]' --bound -o degraded.h5
    """
    from experiments.degraded import degraded, degraded_json, degraded_scenario, degraded_text, save_loads
    from optinet.reliability.settings import FailedParts
    from optinet.results import open_run

    if problems := [Problem("--ocs", str(each), "a number from 0") for each in ocs if each < 0]:
        raise TopologyError(problems)
    groups = tuple(int(each) if each.isdecimal() else each for each in group)
    parts = FailedParts(nodes=node, links=tuple(map(_link, link)), ocs=ocs, groups=groups)
    if output is not None:
        check_run_output(output, force=force)
    if loads is not None:
        check_output(loads, force=force)
    with _naming_options():
        found = degraded(open_run(run), parts, instead=instead, bound=bound)
    if output is not None:
        from experiments.evaluate import evaluate, evaluation_bytes
        from optinet.results import write_run

        evaluation = evaluate(degraded_scenario(found))
        write_run(output, evaluation_bytes(evaluation, found.run.case, command_line()))
    if loads is not None:
        save_loads(found, loads)
    if as_json:
        write_json(degraded_json(found))
    else:
        write(degraded_text(found, width()))


_OPTIONS = {"failed.nodes": "--node", "failed.links": "--link", "failed.ocs": "--ocs", "failed.groups": "--group"}


@contextlib.contextmanager
def _naming_options() -> Iterator[None]:
    """Say of parts that are not there which option names them, and not which key of a scenario would."""
    try:
        yield
    except OptinetError as error:
        raise type(error)(
            replace(each, where=_OPTIONS.get(each.where, each.where)) for each in error.problems
        ) from None


def _link(text: str) -> int | tuple[str, str]:
    if text.isdigit():
        return int(text)
    one, dashes, other = text.partition("--")
    if not dashes:
        raise TopologyError(Problem("--link", f"'{text}'", "the number of a link, or NODE--NODE"))
    return one, other
