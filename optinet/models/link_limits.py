# SPDX-License-Identifier: Apache-2.0
"""How far a link class is from where its links no longer close: more OCS passes, and longer fiber.

Both ask the whole budget again, reflections included, until its 3 sigma margin turns negative. Values are taken as
listed, undrawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from optinet.models.link_budget import LinkBudget, link_budget
from optinet.models.physical_path import PathPart, PhysicalPath
from optinet.models.values import median, nominal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optinet.catalogue import Catalogue
    from optinet.design import Design

_MOST_PASSES = 99
_REACH_STEPS = 14  # to a ten-thousandth of the module's reach


@dataclass(frozen=True)
class LinkLimits:
    """What the links of a class could still cross at 3 sigma.

    Parameters
    ----------
    link_class
        Whose limits they are.
    ocs_passes
        Largest number of OCS in a row, with one leg of fiber more than OCS, each as long as the first leg of the
        class; -1 if the links do not close without any, or the design names no OCS.
    reach_m
        Longest fiber with everything else as it is; at most what the modules reach, 0 if the links do not close.
    """

    link_class: str
    ocs_passes: int
    reach_m: float


def link_limits(paths: Iterable[PhysicalPath], design: Design, catalogue: Catalogue) -> tuple[LinkLimits, ...]:
    """Return the limits of all optical link classes.

    Parameters
    ----------
    paths, design, catalogue
        As for `optinet.models.physical_path.physical_paths`; the OCS is that of the design.
    """
    listed, ocs = catalogue.undrawn(), design.get("ocs")
    return tuple(
        LinkLimits(path.link_class, _ocs_passes(path, ocs, listed) if ocs else -1, _reach_m(path, listed))
        for path in paths
        if path.medium == "fiber"
    )


def with_ocs_passes(path: PhysicalPath, passes: int, ocs: str) -> PhysicalPath:
    """Return a path through a number of OCS, with as many legs of fiber and one more."""
    legs = [i for i, part in enumerate(path.parts) if part.name == "fiber"]
    first, last = legs[0], legs[-1]
    leg = path.parts[first]
    middle = (leg, *(PathPart("ocs", ocs), leg) * passes)
    return replace(path, parts=(*path.parts[:first], *middle, *path.parts[last + 1 :]))


def with_length(path: PhysicalPath, length_m: float) -> PhysicalPath:
    """Return a path whose legs of fiber are together so long."""
    legs = path.count("fiber")
    parts = (replace(part, length_m=length_m / legs) if part.name == "fiber" else part for part in path.parts)
    return replace(path, parts=tuple(parts))


def _closes(path: PhysicalPath, catalogue: Catalogue) -> bool:
    budget = link_budget(path, catalogue)
    return isinstance(budget, LinkBudget) and median(budget.margin.margin_3sigma_db) >= 0


def _ocs_passes(path: PhysicalPath, ocs: str, catalogue: Catalogue) -> int:
    fails = (n for n in count() if n > _MOST_PASSES or not _closes(with_ocs_passes(path, n, ocs), catalogue))
    return next(fails) - 1


def _reach_m(path: PhysicalPath, catalogue: Catalogue) -> float:
    """Bisect between no fiber, where the margin is largest, and what the modules reach."""
    low_m, high_m = 0.0, min(nominal(catalogue, end, "reach_m") for end in (path.end_a, path.end_b))
    if not _closes(with_length(path, low_m), catalogue):
        return 0.0
    if _closes(with_length(path, high_m), catalogue):
        return high_m
    for _ in range(_REACH_STEPS):
        middle_m = (low_m + high_m) / 2
        low_m, high_m = (middle_m, high_m) if _closes(with_length(path, middle_m), catalogue) else (low_m, middle_m)
    return low_m
