# SPDX-License-Identifier: Apache-2.0
"""Parts that somebody says are down, by name: from a scenario, the command line or the viewer to a `Failure`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, TopologyError, nearest_name
from optinet.fabric import Fabric
from optinet.failures import Failure
from optinet.reliability.settings import FailedParts, RiskGroup


def failure_of(
    fabric: Fabric, parts: FailedParts, where: str = "failed", named: Mapping[str, RiskGroup] | None = None
) -> Failure:
    """Return the failure that parts by name stand for.

    Parameters
    ----------
    fabric
        The fabric that has them.
    parts
        What is down.
    where
        What problems are told to be in.
    named
        The groups that may be given by name.

    Raises
    ------
    TopologyError
        Naming every part that the fabric does not have.
    """
    problems: list[Problem] = []
    names = [str(name) for name in fabric.node_names]
    nodes = nodes_named(names, parts.nodes, f"{where}.nodes", problems)
    links: set[int] = set()
    ends = np.column_stack((fabric.arc_tail[::2], fabric.arc_head[::2]))
    for part in parts.links:
        if isinstance(part, int):
            links.add(part)
            if part >= fabric.n_links:
                problems.append(Problem(f"{where}.links", f"{part}", f"0 to {fabric.n_links - 1}"))
            continue
        pair = [nodes_named(names, [name], f"{where}.links", problems) for name in part]
        between = links_between(ends, *pair)
        if all(pair) and not len(between):
            problems.append(
                Problem(f"{where}.links", f"no link joins '{part[0]}' and '{part[1]}'", "nodes with a link")
            )
        links.update(between.tolist())
    problems += ocs_problems(fabric, parts.ocs, f"{where}.ocs")
    groups, together = _groups(fabric, parts.groups, named or {}, f"{where}.groups", problems)
    ocs = set(parts.ocs)
    for each in together:
        nodes |= nodes_named(names, each.nodes, f"{where}.groups", problems)
        problems += ocs_problems(fabric, each.ocs, f"{where}.groups")
        ocs |= set(each.ocs)
    if problems:
        raise TopologyError(problems)
    down = (tuple(sorted(indices)) for indices in (links, nodes, groups))
    return Failure(tuple(sorted(ocs)), (), *down)


def links_between(link_ends: NDArray[np.int64], a: Iterable[int], b: Iterable[int]) -> NDArray[np.int64]:
    """Return the links that join a node of one set and a node of the other; `link_ends` has shape (n_links, 2)."""
    in_a, in_b = (np.isin(link_ends, list(nodes)) for nodes in (a, b))
    return np.flatnonzero((in_a & in_b[:, ::-1]).any(axis=1))


def _groups(
    fabric: Fabric, wanted: Sequence[int | str], named: Mapping[str, RiskGroup], where: str, problems: list[Problem]
) -> tuple[set[int], list[RiskGroup]]:
    """Return the groups given by number, and what those given by name hold; adds a problem for each there is not."""
    numbers = {each for each in wanted if isinstance(each, int)}
    n_groups = int(fabric.node_group.max(initial=-1)) + 1
    allowed = f"0 to {n_groups - 1}" if n_groups else "none: the fabric has no pods, cubes or blocks"
    problems += [Problem(where, f"{each}", allowed) for each in sorted(numbers) if each >= n_groups]
    texts = list(dict.fromkeys(each for each in wanted if isinstance(each, str)))
    for text in texts:
        if text not in named:
            shown = ", ".join(named) or "a number, or a group that [failures.group] names"
            problems.append(Problem(where, f"no group is called '{text}'", shown, nearest_name(text, named)))
    return numbers, [named[text] for text in texts if text in named]


def nodes_named(names: Sequence[str], patterns: Sequence[str], where: str, problems: list[Problem]) -> set[int]:
    """Return the nodes whose names are given or fit a pattern; adds a problem for each that fits none."""
    found = set[int]()
    place = {name: i for i, name in enumerate(names)}
    for pattern in patterns:
        # a name may hold what a pattern would take for its own
        hits = [place[pattern]] if pattern in place else [i for i, n in enumerate(names) if fnmatchcase(n, pattern)]
        if not hits:
            shown = ", ".join([*names[:2], "...", *names[-2:]] if len(names) > 4 else names)
            problems.append(Problem(where, f"no node is called '{pattern}'", shown, nearest_name(pattern, names)))
        found.update(hits)
    return found


def ocs_problems(fabric: Fabric, ocs: Sequence[int], where: str) -> list[Problem]:
    """Return a problem for each optical circuit switch that a fabric does not have."""
    n_ocs = fabric.plant.n_ocs if fabric.plant else 0
    allowed = f"0 to {n_ocs - 1}" if n_ocs else "none: the fabric has no optical circuit switches"
    return [Problem(where, f"{each}", allowed) for each in ocs if each >= n_ocs]
