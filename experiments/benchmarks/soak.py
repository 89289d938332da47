# SPDX-License-Identifier: Apache-2.0
"""A soak run: random cases without end, each checked, with an eye on memory.

``python -m experiments.benchmarks.soak --minutes 10``. Every round draws a fabric, a demand and flows; loads must
account for every hop of the paths, and a flow simulation must not depend on the order the flows are listed in. Stops
with an error at the first case that fails, naming its seed, or when memory keeps growing.
"""

from __future__ import annotations

import resource
import sys
import time
from typing import Annotated

import numpy as np
from cyclopts import App, Parameter
from rich.console import Console

import optinet
import topologies

_GROWTH_LIMIT_MB = 300.0  # engineering estimate: compiled kernels and caches settle well below this

app = App(name="soak", help="Random cases, each checked, for a while.", help_format="plaintext")


@app.default
def soak(minutes: Annotated[float, Parameter(help="how long to go on")] = 10.0, seed: int = 0) -> None:
    """Run random cases for a while.

    Parameters
    ----------
    minutes
        How long to go on.
    seed
        Seed of the first round; later rounds count up.
    """
    console = Console()
    end = time.monotonic() + 60 * minutes
    settled_mb = 0.0
    rounds = 0
    while time.monotonic() < end:
        problem = _round(seed + rounds)
        if problem:
            sys.exit(f"round with seed {seed + rounds}: {problem}")
        rounds += 1
        used_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if rounds == 50:
            settled_mb = used_mb
        if rounds > 50 and used_mb > settled_mb + _GROWTH_LIMIT_MB:
            sys.exit(f"memory grew from {settled_mb:.0f} to {used_mb:.0f} MB over {rounds} rounds")
        if rounds % 50 == 0:
            console.print(f"{rounds} rounds, {used_mb:.0f} MB")
    console.print(f"{rounds} rounds passed")


def _round(seed: int) -> str:
    """Return what is wrong in one random case, or nothing."""
    rng = np.random.default_rng(seed)
    dims = tuple(int(k) for k in rng.integers(2, 6, int(rng.integers(1, 4))))
    fabric = [
        lambda: topologies.build("torus", dims=dims, capacity_gbps=100.0),
        lambda: topologies.build("fat_tree", k=2 * int(rng.integers(1, 4)), capacity_gbps=100.0),
        lambda: topologies.build("ocs_mesh", blocks=int(rng.integers(2, 8)), hosts_per_block=3, uplinks_per_block=8),
    ][int(rng.integers(3))]()
    n = fabric.n_endpoints
    demand = optinet.Demand.from_matrix(fabric, rng.integers(0, 3, (n, n)))
    solution = optinet.solve(fabric, demand)
    hops = float(solution.paths.weight @ solution.paths.total_hops) * demand.total_gbps
    if abs(solution.loads.arc_load_gbps.sum() - hops) > 1e-6 * max(1.0, hops):
        return f"loads sum to {solution.loads.arc_load_gbps.sum()}, the paths to {hops}"
    n_flows = int(rng.integers(1, 200))
    paths = [
        rng.choice(fabric.n_arcs, int(rng.integers(1, min(6, fabric.n_arcs) + 1)), replace=False)
        for _ in range(n_flows)
    ]
    size = rng.random(n_flows)
    first = _finish(fabric, paths, size, np.arange(n_flows))
    again = _finish(fabric, paths, size, rng.permutation(n_flows))
    if not np.allclose(first, again, rtol=1e-9):
        return "finish times depend on the order of the flows"
    return ""


def _finish(fabric: optinet.Fabric, paths: list[np.ndarray], size: np.ndarray, order: np.ndarray) -> np.ndarray:
    offsets = np.concatenate(([0], np.cumsum([len(paths[i]) for i in order])))
    run = optinet.simulate_flows(
        fabric.arc_capacity_gbps, offsets, np.concatenate([paths[i] for i in order]), size[order]
    )
    finish = np.empty(len(order))
    finish[order] = run.finish_s
    return finish


if __name__ == "__main__":
    app()
