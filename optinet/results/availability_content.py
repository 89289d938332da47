# SPDX-License-Identifier: Apache-2.0
"""What failures take away, in a run file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from optinet.failure_study import FailureStudy
    from optinet.solution import Solution

_LEVEL = ("time_fraction", "delivered_gbps", "low_gbps", "high_gbps", "served_fraction", "error_fraction")
_CAUSE = ("kind", "part", "where", "count", "repair_hours", "down_fraction", "extent")


def failed_groups(solution: Solution) -> dict[str, dict[str, Any]]:
    """Return the group of what is down in a solution; none where everything works."""
    failed = solution.failed
    if failed is None:
        return {}
    up = {"link_up": failed.link_up, "node_up": failed.node_up, "endpoint_served": failed.served}
    return {"failed": {name: flags.astype(np.int8) for name, flags in up.items()}}


def availability_groups(study: FailureStudy) -> dict[str, dict[str, Any]]:
    """Return the groups of a failure study: the availability curve, and what may fail."""
    curve, causes = study.curve, study.risks.causes
    return {
        "availability": {name: [getattr(level, name) for level in curve.levels] for name in _LEVEL}
        | {
            "rate_gbps": curve.delivered_gbps,
            "rate_time_fraction": curve.time_fraction,
            "rate_time_low_fraction": curve.time_low,
            "rate_time_high_fraction": curve.time_high,
            "rate_error_fraction": curve.error_fraction,
            "n_states": len(study.states.weight),
            "n_solved": study.found.n_solved,
            "unseen_fraction": curve.unseen_fraction,
        },
        "failure_causes": {name: [getattr(cause, name) for cause in causes] for name in _CAUSE}
        | {"failures_fit": [cause.fit for cause in causes]},
    }
