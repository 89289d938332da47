# SPDX-License-Identifier: Apache-2.0
"""Errors a user can act on.

Every message says *where* the trouble is, *what* was found, what is *allowed* and, for a misspelt name, the *nearest*
valid one. An error carries all problems found, not only the first.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a user's input.

    Parameters
    ----------
    where
        The key path, option or argument, for example ``topology.leaves``.
    found
        What is wrong with what was found there, as a sentence without a full stop.
    allowed
        What would be right; empty when `found` says it all.
    nearest
        The nearest valid name; empty when there is none.
    location
        ``file:line`` when known.
    """

    where: str
    found: str
    allowed: str = ""
    nearest: str = ""
    location: str = ""

    def __str__(self) -> str:
        text = f"{self.location}: " if self.location else ""
        text += f"{self.where}: {self.found}" if self.where else self.found
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.nearest:
            text += f"; did you mean '{self.nearest}'?"
        return text


class OptinetError(Exception):
    """Base of every error caused by input, never by a fault of optinet itself.

    Parameters
    ----------
    problems
        One message, one `Problem`, or several of them.
    """

    def __init__(self, problems: str | Problem | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(where="", found=problems)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[OptinetError], tuple[tuple[Problem, ...]]]:
        # the default would rebuild the error from its text and lose the problems on the way back from a worker process
        return type(self), (self.problems,)


class ArgumentError(OptinetError, TypeError):
    """An argument of a public function is of the wrong type."""


class TopologyError(OptinetError):
    """A fabric cannot be built from these parameters or this graph."""


class DemandError(OptinetError):
    """A demand does not fit its fabric."""


class SolverError(OptinetError):
    """A demand cannot be routed or solved on this fabric."""


class CatalogueError(OptinetError):
    """A component, a value or a design role is missing or does not fit."""


class ScenarioError(OptinetError):
    """A scenario or study file is not valid."""


class RunFileError(OptinetError):
    """A run file cannot be read or written."""


def nearest_name(name: str, allowed: Iterable[str]) -> str:
    """Return the allowed name most like `name`, or an empty string when none is close."""
    matches = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.5)
    return matches[0] if matches else ""


def unknown_name(where: str, name: str, allowed: Sequence[str], what: str) -> Problem:
    """Describe a name that is not one of those allowed."""
    listed = ", ".join(sorted(allowed)[:40])
    return Problem(where, f"unknown {what} '{name}'", listed, nearest_name(str(name), allowed))
