# SPDX-License-Identifier: Apache-2.0
"""Maximum concurrent flow beside a linear program solved by HiGHS."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from experiments.benchmarks.measure import Effort, Work, measured
from experiments.benchmarks.peers import highs_lp
from experiments.benchmarks.rows import Row, Target, peer_name, relative_difference

GAP = 0.01


def rows(effort: Effort) -> Iterator[Row]:
    """Yield the rows."""
    dims = (3, 4, 4) if effort.quick else (4, 4, 4)
    yield throughput_row(dims, effort, symmetry=True)
    yield throughput_row(dims, effort, symmetry=False)


def uniform_throughput(dims: tuple[int, ...], symmetry: bool) -> Work:
    """Return the work: throughput of one Gb/s between every ordered pair of a torus of 1 Gb/s links.

    Parameters
    ----------
    dims
        The torus.
    symmetry
        Whether the solver may know that it is one; else it approximates to `GAP`.
    """
    import optinet
    import topologies

    fabric = topologies.build("torus", dims=dims, capacity_gbps=1.0)
    if not symmetry:
        fabric = dataclasses.replace(fabric, structure=None)
    demand = optinet.Demand.uniform(fabric)
    method = "symmetric" if symmetry else "fptas"
    return lambda: np.array([optinet.concurrent_flow(fabric, demand, method=method, gap=GAP).lower])


def throughput_row(dims: tuple[int, ...], effort: Effort, *, symmetry: bool) -> Row:
    """Return the throughput by symmetry, which is exact, or to a gap, beside the exact linear program."""
    ours = measured(uniform_throughput, (dims, symmetry), effort, warm_up=((2, 3), symmetry))
    version = highs_lp.version()
    theirs = measured(highs_lp.uniform_throughput, (dims,), effort) if version else None
    return Row(
        f"concurrent_flow, uniform, {' x '.join(map(str, dims))} torus, "
        + ("by symmetry" if symmetry else f"symmetry not used, gap {GAP:g}"),
        peer_name(highs_lp.NAME, version),
        theirs.seconds if theirs else None,
        ours,
        Target(difference=1e-6 if symmetry else GAP),
        relative_difference(ours.answer, theirs.answer) if theirs else None,
        "throughput",
    )
