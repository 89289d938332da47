# SPDX-License-Identifier: Apache-2.0
"""A collective as flows with dependencies, simulated in time under max-min sharing.

Every transfer of every step is a flow on one path, which the routing's hash chooses for the pair, or on all links
between two neighbors (`optinet.collectives.striping`), and waits for what `optinet.collectives.chain` says. So parts
run ahead of each other, and transfers share arcs fairly instead of being paced; with nothing shared the time is that of
`optinet.collectives.timing`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optinet.collectives.chain import Chain
from optinet.collectives.operation import Collective
from optinet.collectives.schedule import PROPAGATION_S_PER_M, Floats, Ints, Schedule
from optinet.collectives.striping import striped
from optinet.errors import Problem, SolverError
from optinet.flows.simulate import simulate_flows
from optinet.routing.flow_paths import flow_paths

MOST_TRANSFERS = 400_000


def simulated_s(
    call: Collective,
    schedule: Schedule,
    routing: str,
    alpha_s: list[float],
    overhead_s: float | None,
    arc_up: NDArray[np.bool_] | None,
) -> float:
    """Return when the last transfer of a schedule has ended.

    Parameters
    ----------
    call, schedule
        The collective and what an algorithm sends for it.
    routing
        How each transfer's path is chosen.
    alpha_s
        Start-up time of a step of each phase.
    overhead_s
        Where a number, each transfer takes that and the propagation along its own path instead.
    arc_up
        Which arcs are up; all when None.

    Raises
    ------
    SolverError
        If there are more than `MOST_TRANSFERS` transfers.
    """
    fabric = call.fabric
    chain = Chain(fabric.n_endpoints)
    parts: list[tuple[Floats, Ints, Ints, Floats]] = []
    steps = [(phase, phase.traffic.pairs()) for phase in schedule.phases]
    n_transfers = sum(phase.times * len(step.source) for phase, step in steps)
    if n_transfers > MOST_TRANSFERS:
        found = f"{n_transfers:,} transfers to simulate"
        raise SolverError(Problem("method", found, f"at most {MOST_TRANSFERS:,}, or method 'loads'"))
    for (phase, step), start_s in zip(steps, alpha_s, strict=True):
        offsets, arcs = flow_paths(fabric, step.source, step.target, routing, arc_up=arc_up)
        hops = np.diff(offsets)
        latency = np.full(len(step.source), start_s)
        if overhead_s is not None:
            flow = np.repeat(np.arange(len(hops)), hops)
            latency = overhead_s + np.bincount(flow, fabric.arc_length_m[arcs], len(hops)) * PROPAGATION_S_PER_M
        for number in range(phase.repeat):
            made = phase.made(number)
            together = phase.together and number == 0
            chain.add(step.source[made], step.target[made], step.stream[made], together=together)
            taken = arcs if isinstance(made, slice) else arcs[np.repeat(made, hops)]
            parts.append((step.gbit[made], hops[made], taken, latency[made]))
    if not parts:
        return 0.0
    gbit, hops, arcs, latency = (np.concatenate(column) for column in zip(*parts, strict=True))
    offsets, arcs, subflow_of = striped(fabric, np.concatenate(([0], np.cumsum(hops))), arcs, arc_up)
    return simulate_flows(
        fabric.arc_capacity_gbps,
        offsets,
        arcs,
        gbit,
        after=chain.after(),
        latency_s=latency,
        subflow_of=subflow_of,
    ).makespan_s
