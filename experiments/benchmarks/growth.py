# SPDX-License-Identifier: Apache-2.0
"""Time and memory against size over at least two decades, each solver and the peer it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.benchmarks import flow_simulation, link_loads, max_min, throughput
from experiments.benchmarks.measure import Effort, Measurement, Work, measured
from experiments.benchmarks.peers import igraph_loads, simgrid_torus

if TYPE_CHECKING:
    from pathlib import Path

_TORI = ((4, 4, 4), (6, 6, 6), (8, 8, 8), (10, 10, 10), (12, 12, 12), (16, 16, 16), (20, 20, 20))


@dataclass(frozen=True)
class Point:
    """One size; memory is NaN where it was not measured."""

    size: int
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Curve:
    """Points of one solver or peer."""

    label: str
    points: tuple[Point, ...]

    @property
    def exponent(self) -> float:
        """Slope of time over size in the upper decade, in logarithms."""
        upper = [point for point in self.points if point.size * 10 >= self.points[-1].size]
        if len(upper) < 2:
            return float("nan")
        size, seconds = np.log([(point.size, point.seconds) for point in upper]).T
        return float(np.polyfit(size, seconds, 1)[0])


@dataclass(frozen=True)
class Growth:
    """What grows with what."""

    name: str
    title: str
    size_label: str
    curves: tuple[Curve, ...]


def studies(effort: Effort) -> Iterator[Growth]:
    """Yield growth of link loads, max-min rates, flow simulation and exact throughput."""
    last = -2 if effort.quick else None
    yield loads_growth(_TORI[:last], effort)
    flows = (10_000, 31_600, 100_000, 316_000, 1_000_000)
    yield max_min_growth(16 if effort.quick else 32, flows[: -1 if effort.quick else None], effort)
    cases = [((4, 4, 4), 4), ((4, 4, 4), 8), ((6, 6, 6), 8), ((8, 8, 8), 8), ((8, 8, 8), 16), ((12, 12, 12), 16)]
    yield simulation_growth(tuple(cases[: -2 if effort.quick else None]), effort)
    yield throughput_growth((16, 32, 64, 128, 256)[: -3 if effort.quick else None], effort)


def loads_growth(tori: tuple[tuple[int, ...], ...], effort: Effort) -> Growth:
    """Return growth of uniform ECMP loads with the torus."""
    nodes = [int(np.prod(dims)) for dims in tori]
    shapes: list[tuple[str, dict[str, Any]]] = [("torus", {"dims": dims}) for dims in tori]
    curves = [
        _curve(f"link_loads, symmetry {word}", nodes, link_loads.uniform_loads, cases, effort, cases[0])
        for word, cases in (
            ("not used", [(*shape, False) for shape in shapes]),
            ("used", [(*shape, True) for shape in shapes]),
        )
    ]
    if igraph_loads.version():
        few = [(dims,) for dims in tori if np.prod(dims) <= 4096]
        curves.append(_curve("igraph, edge betweenness", nodes, igraph_loads.betweenness, few, effort))
    return Growth("link_loads", "Uniform all-to-all loads on k x k x k tori", "chips", tuple(curves))


def max_min_growth(k: int, flows: tuple[int, ...], effort: Effort) -> Growth:
    """Return growth of max-min rates with the number of flows on one fat tree."""
    cases = [(k, n) for n in flows]
    curve = _curve("max_min_rates", list(flows), max_min.rates, cases, effort, (4, 10))
    title = f"Max-min rates of random flows on fat_tree(k={k})"
    return Growth("max_min_rates", title, "flows", (curve,))


def simulation_growth(cases: tuple[tuple[tuple[int, ...], int], ...], effort: Effort) -> Growth:
    """Return growth of flow simulation with the torus and its flows."""
    flows = [int(np.prod(dims)) * per_chip for dims, per_chip in cases]
    ours = [(dims, per_chip, 0.0) for dims, per_chip in cases]
    curves = [_curve("simulate_flows", flows, flow_simulation.simulation, ours, effort, ((3, 3), 2, 0.0))]
    if simgrid_torus.version():
        points = []
        for n, (dims, per_chip) in zip(flows, cases, strict=True):
            if n <= 4096:
                random_flows = flow_simulation.random_flows(dims, per_chip)
                run = simgrid_torus.simulate(
                    dims, flow_simulation.CAPACITY_GBPS, 0.0, *random_flows, full_updates=False
                )
                points.append(Point(n, run.seconds, np.nan))
        curves.append(Curve("SimGrid", tuple(points)))
    return Growth("simulate_flows", "Simulation of random flows on k x k x k tori", "flows", tuple(curves))


def throughput_growth(leaves: tuple[int, ...], effort: Effort) -> Growth:
    """Return growth of exact throughput with the fabric: leaf-spines of 256 hosts a leaf, and tori as large."""
    hosts = [256 * n for n in leaves]
    clos = [{"leaves": n, "spines": 64, "hosts_per_leaf": 256, "uplink_gbps": 4.0} for n in leaves]
    tori = [{"dims": (16, 16, n)} for n in leaves]
    grids = [{"name": "grid_neighbors", "dims": [16, 16, n]} for n in leaves]
    cases: dict[str, list[tuple[Any, ...]]] = {
        "leaf-spine, uniform": [("leaf_spine", shape, throughput.UNIFORM) for shape in clos],
        "leaf-spine, six neighbors": [("leaf_spine", *each) for each in zip(clos, grids, strict=True)],
        "torus, uniform": [("torus", shape, throughput.UNIFORM) for shape in tori],
        "torus, six neighbors": [("torus", *each) for each in zip(tori, grids, strict=True)],
    }
    curves = []
    for label, each in cases.items():
        works = [(*case, "symmetric", 0.0) for case in each]
        curves.append(_curve(label, hosts, throughput.bounds, works, effort, works[0]))
    return Growth("concurrent_flow", "Exact throughput by symmetry", "endpoints", tuple(curves))


def plot(growth: Growth, file: Path) -> None:
    """Write time and memory against size as a PNG.

    Parameters
    ----------
    growth
        What to show.
    file
        Where to write.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, name, label in zip(
        axes, ("seconds", "peak_mb"), ("time, s", "peak memory of the process, MB"), strict=True
    ):
        for curve in growth.curves:
            values = [getattr(point, name) for point in curve.points]
            if np.isfinite(values).any():
                axis.plot([point.size for point in curve.points], values, marker="o", label=curve.label)
        axis.set(xscale="log", yscale="log", xlabel=growth.size_label, ylabel=label)
        axis.grid(visible=True, which="both", alpha=0.3)
    axes[0].legend()
    figure.suptitle(growth.title)
    figure.savefig(file, dpi=100, metadata={"Software": None})
    plt.close(figure)


def _curve(
    label: str,
    sizes: list[int],
    prepare: Callable[..., Work],
    cases: list[Any],
    effort: Effort,
    warm_up: tuple[Any, ...] | None = None,
) -> Curve:
    points = []
    for size, case in zip(sizes, cases, strict=False):
        found: Measurement = measured(prepare, case, effort, warm_up=warm_up)
        points.append(Point(size, found.seconds, found.peak_mb))
    return Curve(label, tuple(points))
