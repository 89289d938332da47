# SPDX-License-Identifier: Apache-2.0
"""A part that has failed, and what is left without some: values alone, which know no scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from experiments.plain_values import format_number

Ints = NDArray[np.int64]
Kind = Literal["links", "node", "group", "ocs"]
DECIMALS = 3


@dataclass(frozen=True)
class Part:
    """One thing that has failed.

    Parameters
    ----------
    kind
        Links drawn as one line; a node; a pod, cube, plane, block or rack; or an optical circuit switch.
    members
        Its links, its nodes, or the number of the OCS.
    title
        What people call it.
    pattern
        The pattern of names that the nodes of a group fit, where a scenario gives one.
    """

    kind: Kind
    members: tuple[int, ...]
    title: str
    pattern: str = field(default="", compare=False)


@dataclass(frozen=True, eq=False)
class After:
    """What a run carries without some parts.

    Parameters
    ----------
    parts
        What has failed.
    bound
        Whether the limit is that of any routing.
    facts
        What ``optinet fail --json`` says.
    arc_load_gbps, arc_up, limiting
        shape (n_arcs,) the first two; arcs the third.
    """

    parts: tuple[Part, ...]
    bound: bool
    facts: dict[str, Any]
    arc_load_gbps: NDArray[np.float64]
    arc_up: NDArray[np.bool_]
    limiting: Ints

    @classmethod
    def read(cls, parts: tuple[Part, ...], bound: bool, facts: dict[str, Any], loads: Path) -> After:
        """Return it with the arrays of a file."""
        with np.load(loads) as arrays:
            return cls(parts, bound, facts, arrays["arc_load_gbps"], arrays["arc_up"], arrays["limiting"])

    def lines(self) -> tuple[str, ...]:
        """Return what it means, one line each."""
        facts = self.facts
        before, after = (float(facts[name]) for name in ("throughput_before", "throughput"))
        delivered = [float(facts[name]) for name in ("delivered_before_gbps", "delivered_gbps")]
        lost, down = int(facts["lost_endpoints"]), int(facts["links_down"])
        served = f"{lost:,} of {facts['endpoints']:,} endpoints {'is' if lost == 1 else 'are'}"
        lines = []
        if self.parts or before != after:
            rates = " to ".join(f"{format_number(rate)} Gb/s" for rate in delivered)
            throughput = f"{before:.{DECIMALS}f} to {after:.{DECIMALS}f} of the demand{_change(before, after)}"
            lines += [
                f"Throughput {throughput}, routing {facts['routing']}",
                f"Delivered {rates}{_change(*delivered)}",
                f"{served} not served, {down:,} link{' is' if down == 1 else 's are'} down",
            ]
        if facts.get("bound") is not None:
            lines.append(f"No routing carries more than {float(facts['bound']):.{DECIMALS}f} of the demand")
        return (*lines, f"What limits: {facts['limit']}")

    def brief(self) -> tuple[str, ...]:
        """Return it in short lines; with endpoints lost their demand is gone too, so the throughput alone misleads."""
        before, after = (float(self.facts[name]) for name in ("throughput_before", "throughput"))
        lost = int(self.facts["lost_endpoints"])
        unserved = (f"{lost:,} endpoint{'s' * (lost != 1)} not served",) if lost else ()
        of = " of the others" if lost else ""
        return (*unserved, f"throughput{of} {before:.{DECIMALS}f} to {after:.{DECIMALS}f}{_change(before, after)}")


def _change(before: float, after: float) -> str:
    return f" ({100 * (after / before - 1):+.1f} %)".replace("-", "−") if before > 0 else ""
