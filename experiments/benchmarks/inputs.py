# SPDX-License-Identifier: Apache-2.0
"""Inputs that optinet and its peers are given alike, built in the process that measures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def demanded(topology: str, parameters: dict[str, Any], workload: dict[str, Any]) -> tuple[Any, Any]:
    """Return a fabric, its links of 1 Gb/s unless told otherwise, and a demand of 1 Gb/s for each pair or flow."""
    import topologies
    from optinet import workloads

    model = topologies.parameters_of(topology)
    units = {name: 1.0 for name in model.model_fields if name.endswith("_gbps")}
    fabric = topologies.build(topology, **(units | parameters))
    rest = {key: value for key, value in workload.items() if key != "name"}
    n = fabric.n_endpoints
    per_endpoint = float(n - 1) if workload["name"] == "uniform" else 1.0
    return fabric, workloads.demand(fabric, workload["name"], {"gbps_per_endpoint": per_endpoint, **rest}, 1)


def failed(fabric: Any, fraction: float) -> NDArray[np.int64]:
    """Return links between switches, drawn with a fixed seed."""
    inner = np.flatnonzero(fabric.forwards[fabric.arc_tail[::2]] & fabric.forwards[fabric.arc_head[::2]])
    return np.random.default_rng(1).choice(inner, round(fraction * fabric.n_links), replace=False)
