# SPDX-License-Identifier: Apache-2.0
"""The parts that a scenario says are down: checked against its fabric, and as the masks that solvers take."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from experiments.draft import Draft
from experiments.fabrics import fabric_of
from optinet.errors import OptinetError, Problem
from optinet.reliability.settings import FailedParts, FailureSettings, RiskGroup

if TYPE_CHECKING:
    from optinet.fabric import Fabric
    from optinet.failure_masks import FailureMasks


def failed_parts(scenario: Mapping[str, Any]) -> FailedParts:
    """Return what a resolved scenario says is down; nothing where it has no such table."""
    return FailedParts.model_validate(scenario.get("failed") or {})


def named_groups(scenario: Mapping[str, Any]) -> Mapping[str, RiskGroup]:
    """Return the groups that a resolved scenario names as failing together."""
    return FailureSettings.model_validate(scenario.get("failures") or {}).group


def masks_of(fabric: Fabric, scenario: Mapping[str, Any], parts: FailedParts) -> Iterator[FailureMasks]:
    """Yield the masks of parts of a scenario's fabric, as `optinet.reliability.left.masks_left` does."""
    from optinet.reliability.left import masks_left

    return masks_left(fabric, parts, named_groups(scenario))


def failed_problems(draft: Draft, topology: Mapping[str, Any], parts: FailedParts) -> Iterator[Problem]:
    """Yield what is wrong with the parts a scenario says are down, each with the line of its key.

    Parameters
    ----------
    draft
        The scenario, its keys checked.
    topology
        The table of its topology, checked.
    parts
        What is down; the fabric is built to look for them.
    """
    from optinet.reliability.parts import failure_of

    for given, what, allowed in (
        (draft.values.get("phases"), "circuits that follow the demand", "[failed] or [phases]"),
        (
            draft.values.get("workload", {}).get("circuits", "fixed") != "fixed",
            "circuits per part of a step",
            '[failed], or workload.circuits other than "fixed"',
        ),
    ):
        if given:
            found = f"parts are down, and {what} are chosen for a whole plant"
            yield Problem("failed", found, allowed, location=draft.location(("failed",)))
    try:
        fabric = fabric_of(topology)
    except OptinetError:
        return  # which running it tells
    failures = draft.values.get("failures")
    try:
        failure_of(fabric, parts, named=named_groups({"failures": failures}))
    except OptinetError as error:
        for problem in error.problems:
            path = tuple(problem.where.split("."))
            yield dataclasses.replace(problem, location=draft.location(path))
