# SPDX-License-Identifier: Apache-2.0
"""Flows replayed one by one in a run file, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from optinet.replay import PERCENTILES, Replay


def replay_group(replay: Replay) -> dict[str, Any]:
    """Return the columns of a replay: the design as listed, and other start-up times."""
    listed = int(np.searchsorted(replay.startup_s, replay.listed_s))
    return {
        **{name: getattr(replay, name) for name in ("routing", "n_flows", "computing_s", "listed_s", "startup_s")},
        "by_library": int(replay.by_library),
        "makespan_s": float(replay.makespan_s[listed]),
        "percentile": PERCENTILES,
        "completion_s": replay.completion_s[listed],
        "startup_makespan_s": replay.makespan_s,
        "startup_completion_s": replay.completion_s,
    }


def replay_of(table: Callable[[str], Mapping[str, Any]]) -> Replay | None:
    """Return the replay of a run; None where it has none, or an early one of a single start-up time."""
    found = table("replay")
    if "startup_s" not in found:
        return None
    return Replay(
        routing=str(found["routing"]),
        n_flows=int(found["n_flows"]),
        by_library=bool(found["by_library"]),
        computing_s=float(found["computing_s"]),
        listed_s=float(found["listed_s"]),
        startup_s=np.asarray(found["startup_s"]),
        makespan_s=np.asarray(found["startup_makespan_s"]),
        completion_s=np.asarray(found["startup_completion_s"]),
    )
