# SPDX-License-Identifier: Apache-2.0
"""The command about parts that are down: fail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from experiments.cli.common import AsJson, Flag, width, write, write_json
from optinet.errors import Problem, TopologyError

_Words = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]


def fail(
    run: Path,
    /,
    *,
    node: _Words = (),
    link: _Words = (),
    ocs: Annotated[tuple[int, ...], Parameter(negative="", show_default=False)] = (),
    bound: Flag = False,
    loads: Annotated[Path | None, Parameter(show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Route the demand of a run anew around parts that are down, beside what it carries intact.

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
    bound
        Find what no routing surpasses, and where that limit is.
    loads
        Write the load of every arc into this file, as NumPy arrays.
    as_json
        Print JSON.
    """
    from experiments.degraded import degraded, degraded_json, degraded_text, save_loads
    from optinet.reliability.parts import FailedParts
    from optinet.results import open_run

    if problems := [Problem("--ocs", str(each), "a number from 0") for each in ocs if each < 0]:
        raise TopologyError(problems)
    parts = FailedParts(nodes=node, links=tuple(map(_link, link)), ocs=ocs)
    found = degraded(open_run(run), parts, bound=bound)
    if loads is not None:
        save_loads(found, loads)
    if as_json:
        write_json(degraded_json(found))
    else:
        write(degraded_text(found, width()))


def _link(text: str) -> int | tuple[str, str]:
    if text.isdigit():
        return int(text)
    one, dashes, other = text.partition("--")
    if not dashes:
        raise TopologyError(Problem("--link", f"'{text}'", "the number of a link, or NODE--NODE"))
    return one, other
