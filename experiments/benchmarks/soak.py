# SPDX-License-Identifier: Apache-2.0
"""A soak run: sweeps killed at random moments, damaged run files, and random cases with an eye on memory.

``python -m experiments.benchmarks.soak --minutes 10 --kills 100 --mutations 2000``. Sweeps and files are treated as
`experiments.benchmarks.unkind` says. Then every round draws a fabric, a demand and flows; loads must account for every
hop of the paths, and a flow simulation must not depend on the order the flows are listed in. Stops with an error at the
first trial that fails, naming its seed, or when memory keeps growing.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from cyclopts import App
from rich.console import Console

import optinet
import topologies
from experiments.benchmarks import unkind

_GROWTH_LIMIT_MB = 300.0  # engineering estimate: compiled kernels and caches settle well below this

app = App(name="soak", help="Random cases, each checked, for a while.", help_format="plaintext")


@app.default
def soak(minutes: float = 10.0, kills: int = 100, mutations: int = 2000, seed: int = 0) -> None:
    """Treat sweeps and files unkindly, then run random cases for a while.

    Parameters
    ----------
    minutes
        How long random cases go on.
    kills
        Sweeps to be killed.
    mutations
        Damaged run files to be read.
    seed
        Seed of the first trial and round; later ones count up.
    """
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        target = unkind.Target.made_in(Path(name))
        _kills(console, target, Path(name), kills, seed)
        _disks(console, target)
        _mutations(console, target, Path(name), mutations, seed)
    _cases(console, minutes, seed)


def _kills(console: Console, target: unkind.Target, folder: Path, count: int, seed: int) -> None:
    killed: Counter[str] = Counter()
    for number in range(count):
        what, problem = unkind.kill_trial(target, folder / f"kill-{number}", np.random.default_rng(seed + number))
        if problem:
            sys.exit(f"kill with seed {seed + number}, {what}: {problem}")
        killed[what.split(" after ")[0]] += 1
        shutil.rmtree(folder / f"kill-{number}")
        if (number + 1) % 10 == 0:
            console.print(f"{number + 1} of {count} sweeps killed")
    console.print(f"{count} sweeps killed and resumed ({dict(killed)}): no damage, nothing lost, the same content")


def _disks(console: Console, target: unkind.Target) -> None:
    with unkind.small_disk(size_kib=1000) as disk:
        if disk is None:
            console.print("small disks: not tried, nothing can be mounted here")
            return
        problem = unkind.full_disk_trial(target, disk)
        unkind.make_read_only(disk)
        problem = problem or unkind.read_only_trial(target, disk / "runs")
        if problem:
            sys.exit(f"small disk: {problem}")
    console.print("a full and a read-only disk: clear errors, no damage")


def _mutations(console: Console, target: unkind.Target, folder: Path, count: int, seed: int) -> None:
    run = folder / "undisturbed" / next(iter(target.contents))
    for number, problem in enumerate(unkind.mutation_trials(run, folder, count, seed), 1):
        if problem:
            sys.exit(problem)
        if number % 500 == 0:
            console.print(f"{number} of {count} damaged files read")
    console.print(f"{count} damaged files: each read whole or refused, in one process that outlived them all")


def _cases(console: Console, minutes: float, seed: int) -> None:
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
