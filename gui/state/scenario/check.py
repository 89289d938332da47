# SPDX-License-Identifier: Apache-2.0
"""What the engine says about a scenario before it is run: every problem, how large it is, and how long it may take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optinet.errors import OptinetError, Problem

if TYPE_CHECKING:
    from experiments.study import Point
    from optinet.fabric import Fabric
    from optinet.toml_source import TomlSource


@dataclass(frozen=True)
class Check:
    """The answer.

    Parameters
    ----------
    problems
        Everything wrong.
    size
        How many hosts, switches and links; empty while something is wrong.
    points
        Number of scenarios.
    seconds
        Roughly how long running takes.
    compiling_s
        How much of that is compiling, which is done but once on a machine.
    """

    problems: tuple[Problem, ...] = ()
    size: str = ""
    points: int = 0
    seconds: float = 0.0
    compiling_s: float = 0.0

    def estimate(self) -> str:
        """Return size, points and time in words; empty while something is wrong."""
        from experiments.progress import duration_text

        if self.problems or not self.points:
            return ""
        points = f"{self.points:,} points, the first with " if self.points > 1 else ""
        once = f", {duration_text(self.compiling_s)} of it for compiling, once" if self.compiling_s else ""
        return f"{points}{self.size}: about {duration_text(self.seconds)} to run{once}"


def check(text: str, workers: int = 0, name: str = "") -> Check:
    """Check the text of a scenario or study file as far as possible without solving anything.

    The parameters are checked first, then the fabric is built and everything else fitted to it: every step reports all
    of its problems, and the next is taken when there are none.

    Parameters
    ----------
    text
        The file.
    workers
        Processes that a study may use; all processors when 0.
    name
        Path of the file, from where a study finds the scenarios that it names.
    """
    from experiments.fitting import fitted
    from experiments.plan import plan_of
    from optinet.toml_source import TomlSource

    try:
        points = _points(TomlSource.from_text(text, name))
        size = _size(fitted(points[0].scenario))
    except OptinetError as error:
        return Check(_plain(error.problems))
    count = min(workers or os.cpu_count() or 1, len(points))
    plan = plan_of(points, count)
    return Check((), size, len(points), plan.estimated_s(count), plan.compiling_s(count))


def _points(source: TomlSource) -> tuple[Point, ...]:
    from experiments.draft import Draft
    from experiments.scenario import is_study, scenario_of
    from experiments.study import Point, study_of

    if is_study(source):
        return study_of(source).points()
    return (Point("", "", {}, scenario_of(Draft().merged(source.values, source))),)


def _size(fabric: Fabric) -> str:
    """Return the size of a fabric in words."""
    from optinet.fabric import NodeKind

    switches = int((fabric.node_kind == NodeKind.SWITCH).sum())
    parts = [
        f"{fabric.n_endpoints:,} endpoints",
        f"{switches:,} switches" * bool(switches),
        f"{fabric.n_links:,} links",
    ]
    return ", ".join(filter(None, parts))


def _plain(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems without the lines of a file that nobody sees, each once: values that vary have the same ones."""
    return tuple(dict.fromkeys(Problem(p.where, p.found, p.allowed, p.nearest) for p in problems))


def by_field(problems: Sequence[Problem], fields: Iterable[str]) -> tuple[dict[str, list[Problem]], list[Problem]]:
    """Return problems by the field they belong to, and those that belong to none.

    A problem belongs to the field whose key path it names, or lies in; a builder names its parameter alone.
    """
    known = set(fields)
    found: dict[str, list[Problem]] = {}
    others = []
    for problem in problems:
        where = problem.where.removeprefix("base.")
        tried = [where, f"topology.{where.rpartition('.')[2]}"]
        place = next((name for start in tried for name in _shorter(start) if name in known), None)
        if place is None:
            others.append(problem)
        else:
            found.setdefault(place, []).append(problem)
    return found, others


def of_section(problem: Problem, section: str) -> bool:
    """Whether a problem that belongs to no field is one of a whole section, such as ``topology``."""
    start = problem.where.removeprefix("base.").partition(".")[0].partition("[")[0]
    return bool(section) and start == section


def _shorter(where: str) -> Iterable[str]:
    """Yield a key path and the paths of what it lies in: topology.dims[1], topology.dims, topology."""
    while where:
        yield where
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
