# SPDX-License-Identifier: Apache-2.0
"""Fluid simulation of flows in time under max-min sharing.

Every flow has a volume and sends at its max-min fair rate (`optinet.flows.max_min`) from the moment it may until the
volume is sent; rates change only when a flow starts or ends or a capacity changes, so the simulation steps from event
to event and is exact. The model is that of SimGrid's LMM with the CM02 network model and its TCP factors set to 1 (H.
Casanova et al., "Versatile, scalable, and accurate simulation of distributed applications and platforms", JPDC 74,
2014): fluid, lossless, no headers, and a flow's latency passes before its data flows.

Example. Two flows of 1 Gbit share an arc of 1 Gb/s, the second starts 1 s after the first: the first is alone until
it ends at 1 s, the second ends at 2 s. Had both started at 0, both would have 0.5 Gb/s and end at 2 s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse import csgraph

from optinet.arguments import public
from optinet.errors import Problem, SolverError
from optinet.flows.max_min import Floats, FlowPaths, Ints, in_lines, numbers
from optinet.kernels import flow_events, settle
from optinet.kernels._ahead import together
from optinet.shown import Shown

_EVENTS_PER_STEP = 256  # events between two looks at progress and cancel


@dataclass(frozen=True, eq=False)
class FlowSimulation(Shown):
    """What came of a flow simulation.

    Parameters
    ----------
    finish_s
        shape (n_flows,): when each flow's last bit arrives; inf for a flow that never ends because its path has no
        capacity and never gets any, or because it waits for such a flow. NaN for flows not finished when the
        simulation was cancelled.
    begin_s
        shape (n_flows,): when each flow began, its latency not yet passed; inf for a flow that never did.
    n_events
        Moments at which something happened.
    n_rate_changes
        Rates that changed, over all events.
    cancelled
        Whether `cancel` stopped the simulation.
    """

    finish_s: Floats
    begin_s: Floats
    n_events: int
    n_rate_changes: int
    cancelled: bool

    @property
    def makespan_s(self) -> float:
        """When the last flow ends; 0 without flows."""
        return float(self.finish_s.max(initial=0.0))


@public
def simulate_flows(
    capacity_gbps: ArrayLike,
    flow_offsets: ArrayLike,
    flow_arcs: ArrayLike,
    size_gbit: ArrayLike,
    start_s: ArrayLike | None = None,
    *,
    after: ArrayLike | None = None,
    latency_s: ArrayLike | None = None,
    subflow_of: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    limit_gbps: ArrayLike | None = None,
    capacity_changes: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> FlowSimulation:
    """Simulate flows until all have ended or nothing more can happen.

    Parameters
    ----------
    capacity_gbps
        shape (n_arcs,), finite, >= 0.
    flow_offsets, flow_arcs
        Paths as in `optinet.max_min_rates`; one per flow, or per subflow when `subflow_of` is given.
    size_gbit
        shape (n_flows,), finite, >= 0. A flow of size 0, or with an empty path and no limit, takes its latency alone.
    start_s
        shape (n_flows,), finite, >= 0: no flow begins earlier; 0 when None.
    after
        shape (n, 2): pairs (i, j): flow j begins when flow i has ended, if not later by `start_s`. No cycles.
    latency_s
        shape (n_flows,), finite, >= 0: passes between a flow's beginning and its first bit taking bandwidth.
    subflow_of
        shape (n_paths,): the flow each path belongs to. The paths of a flow get their rates one by one and drain its
        volume together. Every flow needs at least one.
    weight, limit_gbps
        shape (n_paths,), as in `optinet.max_min_rates`.
    capacity_changes
        (time_s, arc, capacity_gbps), each of shape (n,): from that time on the arc has that capacity.
    progress
        Called now and then with the share of flows that have ended.
    cancel
        Called now and then; true stops the simulation.

    Returns
    -------
    FlowSimulation

    Raises
    ------
    SolverError
        If shapes do not fit, a number is out of range, an index does not exist or flows wait for each other in a cycle.
    """
    problems: list[Problem] = []
    paths = FlowPaths.checked(capacity_gbps, flow_offsets, flow_arcs, weight, limit_gbps)
    flow_of = np.arange(paths.n_flows) if subflow_of is None else _indices("subflow_of", subflow_of, None, problems)
    n_flows = paths.n_flows if subflow_of is None else int(flow_of.max(initial=-1)) + 1
    if len(flow_of) != paths.n_flows:
        problems.append(Problem("subflow_of", f"{len(flow_of)} entries", f"{paths.n_flows}, one per path"))
    elif len(np.unique(flow_of)) != n_flows:
        problems.append(Problem("subflow_of", "a flow has no path", "every flow from 0 to the largest named"))
    size = numbers("size_gbit", size_gbit, n_flows, problems, open_high=True)
    begin = _per_flow("start_s", start_s, n_flows, problems)
    latency = _per_flow("latency_s", latency_s, n_flows, problems)
    before, then = _indices("after", () if after is None else after, n_flows, problems, columns=2)
    change_time, change_arc, change_capacity = _changes(capacity_changes, len(paths.capacity_gbps), problems)
    if problems:
        raise SolverError(problems)
    together("simulate_flows")
    waits_for, next_offsets, next_flow = _dependencies(before, then, n_flows)

    if np.any(np.diff(flow_of) < 0):  # the kernels want a flow's paths side by side
        order = np.argsort(flow_of, kind="stable")
        paths, flow_of = paths.reordered(order), np.ascontiguousarray(flow_of[order])
    unheld = (np.diff(paths.offsets) == 0) & np.isinf(paths.limit_gbps)
    size = np.where(np.bincount(flow_of[unheld], minlength=n_flows) > 0, 0.0, size)  # such a path takes no time
    flows = _flows(flow_of, n_flows, size, begin, latency, waits_for, next_offsets, next_flow)
    sharing = paths.sharing()
    sharing.path["flow"] = flow_of
    cancelled, now, n_changed, until = False, 0.0, 0, change_time.min(initial=np.inf)
    while (now := flow_events.run_events(sharing, flows, now, until, n_changed, _EVENTS_PER_STEP)) < np.inf:
        n_changed = 0
        if now == until:
            due = change_time == now
            n_changed = _set_capacities(sharing, change_arc[due], change_capacity[due])
            until = change_time.min(initial=np.inf, where=change_time > now)
        if progress is not None:
            progress(float(flows.progress[flow_events.N_DONE]) / max(1, n_flows))
        if cancel is not None and cancel():
            cancelled = True
            break
    status = flows.stage["status"]
    ended = status == flow_events.DONE
    begun = ended | (status == flow_events.RUNNING) | (status == flow_events.READY)
    return FlowSimulation(
        finish_s=np.where(ended, flows.stage["finish"], np.nan if cancelled else np.inf),
        begin_s=np.where(begun, flows.stage["begin"], np.inf),
        n_events=int(flows.progress[flow_events.N_EVENTS]),
        n_rate_changes=int(flows.progress[flow_events.N_RATES]),
        cancelled=cancelled,
    )


def _set_capacities(sharing: settle.Sharing, arcs: Ints, capacity_gbps: Floats) -> int:
    """Give arcs other capacities, the last where one is named twice, and enter them into the heap; return how many."""
    arcs, last = np.unique(arcs[::-1], return_index=True)
    sharing.present["capacity"][arcs] = capacity_gbps[::-1][last]
    for arc in arcs:
        capacity, first, count = sharing.present[arc]
        paths = sharing.path[sharing.arc_paths[first : first + count]]
        sharing.arc["room"][arc] = capacity - paths["level"] @ paths["weight"]
    sharing.arc["waits"][arcs], sharing.arc["open"][arcs] = 0.0, 1  # to be seen from level 0 up
    n = len(arcs)
    sharing.heap_key[:n], sharing.heap_item[:n], sharing.heap_place[arcs] = 0.0, arcs, np.arange(n)
    return n


def _per_flow(name: str, values: ArrayLike | None, n_flows: int, problems: list[Problem]) -> Floats:
    if values is None:
        return np.zeros(n_flows)
    return numbers(name, values, n_flows, problems, open_high=True).copy()


def _indices(name: str, values: ArrayLike, count: int | None, problems: list[Problem], columns: int = 1) -> Ints:
    """Return indices as int64, transposed when they come in columns."""
    try:
        array = np.asarray(values)
    except ValueError:
        problems.append(Problem(name, "rows of unequal length", f"{columns} in each row"))
        array = np.zeros(0)
    if array.size == 0:
        array = np.zeros((0, columns) if columns > 1 else 0, dtype=np.int64)
    shape = (*array.shape[:1], columns) if columns > 1 else array.shape[:1]
    whole = array.ndim and array.shape == shape and np.issubdtype(array.dtype, np.integer)
    if not whole or (array.size and (array.min() < 0 or (count is not None and array.max() >= count))):
        allowed = f"whole numbers from 0 to {count - 1}" if count is not None else "whole numbers of at least 0"
        problems.append(
            Problem(name, f"shape {array.shape}, {array.dtype}" if not whole else "an index out of range", allowed)
        )
        array = np.zeros((0, columns) if columns > 1 else 0, dtype=np.int64)
    return np.ascontiguousarray(array.T, dtype=np.int64)


def _changes(
    changes: tuple[ArrayLike, ArrayLike, ArrayLike] | None, n_arcs: int, problems: list[Problem]
) -> tuple[Floats, Ints, Floats]:
    if changes is not None and len(changes) != 3:
        problems.append(Problem("capacity_changes", f"{len(changes)} entries", "(time_s, arc, capacity_gbps)"))
        changes = None
    time_values, arc_values, capacity_values = changes if changes is not None else ((), (), ())
    time = numbers("capacity_changes.time_s", time_values, None, problems, open_high=True)
    arc = _indices("capacity_changes.arc", arc_values, n_arcs, problems)
    capacity = numbers("capacity_changes.capacity_gbps", capacity_values, None, problems, open_high=True)
    if not len(time) == len(arc) == len(capacity) and not problems:
        problems.append(
            Problem(
                "capacity_changes", f"{len(time)} times, {len(arc)} arcs, {len(capacity)} capacities", "equally many"
            )
        )
    order = np.argsort(time, kind="stable") if len(time) == len(arc) == len(capacity) else np.zeros(0, dtype=np.int64)
    return time[order], arc[order], capacity[order]


def _dependencies(before: Ints, then: Ints, n_flows: int) -> tuple[Ints, Ints, Ints]:
    """Return how many flows each waits for and, in compressed rows, who waits for it; refuse cycles."""
    waits_for = np.bincount(then, minlength=n_flows).astype(np.int64)
    if len(then) == 0:
        return waits_for, np.zeros(n_flows + 1, dtype=np.int64), then
    order = np.argsort(before, kind="stable")
    offsets = np.concatenate(([0], np.cumsum(np.bincount(before, minlength=n_flows)))).astype(np.int64)
    followers = np.ascontiguousarray(then[order])
    waiting = sparse.csr_array((np.ones(len(then), dtype=np.int8), followers, offsets), shape=(n_flows, n_flows))
    _, knot = csgraph.connected_components(waiting, directed=True, connection="strong")
    tied = np.bincount(knot)[knot] > 1
    tied[before[before == then]] = True
    if tied.any():
        cycle = ", ".join(map(str, np.flatnonzero(tied)[:5]))
        raise SolverError(
            Problem(
                "after", f"flows wait for each other in a cycle, among them {cycle}", "dependencies without a cycle"
            )
        )
    return waits_for, offsets, followers


def _flows(
    flow_of: Ints,
    n_flows: int,
    size: Floats,
    begin: Floats,
    latency: Floats,
    waits_for: Ints,
    next_offsets: Ints,
    next_flow: Ints,
) -> flow_events.Flows:
    first = waits_for == 0
    volume, stage = in_lines(n_flows, flow_events.VOLUME), np.zeros(n_flows, flow_events.STAGE)
    volume["left"], volume["last_path"] = size, np.cumsum(np.bincount(flow_of, minlength=n_flows))
    volume["first_path"][1:] = volume["last_path"][:-1]
    stage["begin"], stage["latency"], stage["finish"], stage["waits_for"] = begin, latency, np.inf, waits_for
    stage["status"] = np.where(first, flow_events.READY, flow_events.WAITING)
    n_blocks = -(-n_flows // flow_events.BLOCK)
    moment = np.full(n_blocks * flow_events.BLOCK, np.inf)
    moment[:n_flows][first] = (begin + latency)[first]
    return flow_events.Flows(
        volume=volume,
        stage=stage,
        moment=moment,
        block_moment=np.full(n_blocks, -1.0),
        next_offsets=next_offsets,
        next_flow=next_flow,
        progress=np.zeros(3, dtype=np.int64),
    )
