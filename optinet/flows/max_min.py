# SPDX-License-Identifier: Apache-2.0
r"""Max-min fair rates of flows with given paths.

Problem. Flow f crosses the arcs of its path and has a weight w_f > 0 and perhaps a limit. Find rates x_f >= 0 with

.. math:: \sum_{f \ni a} x_f \le c_a \text{ for every arc } a, \qquad x_f \le \mathrm{limit}_f

such that no x_f / w_f can grow without shrinking one that is smaller already. The solution is unique, and a set of
rates is it exactly if every flow is at its limit or crosses a *bottleneck*: a full arc on which no flow has a larger
x / w (D. Bertsekas, R. Gallager, "Data Networks", 2nd ed., section 6.5.2). Progressive filling finds it: raise all
rates together in proportion to the weights and freeze flows as arcs fill.

Example. Three arcs of capacity 1 in a row, flow 0 over all three and flows 1, 2, 3 over one each: every arc has two
flows, all fill at level 1/2, and every rate is 1/2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import ArrayLike, NDArray

from optinet.arguments import public
from optinet.errors import Problem, SolverError
from optinet.kernels.placed_heap import SPARE
from optinet.kernels.settle import ARC, LIST, OWN_LIMIT, PATH, Sharing, settle_anew

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LINE_BYTES = 64


@public
def max_min_rates(
    capacity_gbps: ArrayLike,
    flow_offsets: ArrayLike,
    flow_arcs: ArrayLike,
    weight: ArrayLike | None = None,
    limit_gbps: ArrayLike | None = None,
) -> Floats:
    """Return the max-min fair rate of every flow.

    Parameters
    ----------
    capacity_gbps
        shape (n_arcs,), finite, >= 0.
    flow_offsets, flow_arcs
        The arcs of flow f are ``flow_arcs[flow_offsets[f]:flow_offsets[f + 1]]``; shape (n_flows + 1,) and (n_hops,).
        An arc that occurs twice on a path is taken twice.
    weight
        shape (n_flows,), finite, > 0; 1 when None.
    limit_gbps
        shape (n_flows,), >= 0, may be infinite; no limits when None.

    Returns
    -------
    NDArray
        Rates in Gb/s, shape (n_flows,): 0 over an arc of capacity 0, the limit (perhaps infinite) without any arc.

    Raises
    ------
    SolverError
        If shapes do not fit, an arc does not exist, or a number is negative or not finite where it must be; all at
        once.
    """
    flows = FlowPaths.checked(capacity_gbps, flow_offsets, flow_arcs, weight, limit_gbps)
    sharing = flows.sharing()
    free = (np.diff(flows.offsets) == 0) & np.isinf(flows.limit_gbps)
    rising = np.flatnonzero(~free)
    sharing.present["count"] = np.bincount(flows.arcs, minlength=len(flows.capacity_gbps))
    sharing.up[: len(rising)] = rising
    settle_anew(sharing, len(rising))
    rate = sharing.path["level"] * flows.weight
    rate[free] = np.inf
    return rate


class FlowPaths:
    """Checked arrays that describe flows on arcs, as `max_min_rates` takes them."""

    def __init__(self, capacity_gbps: Floats, offsets: Ints, arcs: Ints, weight: Floats, limit_gbps: Floats) -> None:
        self.capacity_gbps, self.offsets, self.arcs = capacity_gbps, offsets, arcs
        self.weight, self.limit_gbps = weight, limit_gbps

    @property
    def limited(self) -> bool:
        """Whether any flow has a finite limit."""
        return bool(np.any(self.limit_gbps < np.inf))

    @property
    def n_flows(self) -> int:
        """Number of flows."""
        return len(self.offsets) - 1

    def sharing(self) -> Sharing:
        """Return the kernels' state: no path present, none rising."""
        n_arcs, n_hops = len(self.capacity_gbps), len(self.arcs)
        # a matrix of paths by arcs whose entries are the hops, turned over
        by_arc = sparse.csr_array(
            (np.arange(n_hops, dtype=np.int32), self.arcs, self.offsets), shape=(self.n_flows, n_arcs)
        ).tocsc()
        spot = np.empty(n_hops, dtype=np.int32)
        spot[by_arc.data] = np.arange(n_hops, dtype=np.int32)
        path, arc, present = in_lines(self.n_flows, PATH), in_lines(n_arcs, ARC), in_lines(n_arcs, LIST)
        path["weight"], path["bottleneck"], path["flow"] = self.weight, OWN_LIMIT, np.arange(self.n_flows)
        path["first"], path["last"] = self.offsets[:-1], self.offsets[1:]
        arc["room"] = present["capacity"] = self.capacity_gbps
        arc["holds"] = arc["waits"] = arc["seen"] = np.inf
        present["first"] = by_arc.indptr[:-1]
        return Sharing(
            path=path,
            arcs=self.arcs.astype(np.uint32),
            limit=self.limit_gbps if self.limited else np.zeros(0),
            arc=arc,
            present=present,
            arc_paths=by_arc.indices.astype(np.uint32),
            arc_hop=by_arc.data,
            spot=spot,
            heap_key=np.full(n_arcs + self.n_flows + SPARE, np.inf),
            heap_item=np.empty(n_arcs + self.n_flows, dtype=np.uint32),
            heap_place=np.full(n_arcs + self.n_flows, -1, dtype=np.int32),
            up=np.empty(n_hops + self.n_flows, dtype=np.uint32),
            stay=np.empty(n_hops + 1, dtype=np.uint32),
            changed=np.empty(self.n_flows, dtype=np.uint32),
            listed=np.zeros(self.n_flows, dtype=bool),
            risen=np.empty(n_arcs + 1, dtype=np.uint32),
        )

    def reordered(self, order: Ints) -> FlowPaths:
        """Return the same paths in another order."""
        length = np.diff(self.offsets)[order]
        offsets = np.concatenate(([0], np.cumsum(length))).astype(np.int64)
        hop = np.repeat(self.offsets[order] - offsets[:-1], length) + np.arange(offsets[-1])
        return FlowPaths(self.capacity_gbps, offsets, self.arcs[hop], self.weight[order], self.limit_gbps[order])

    @classmethod
    def checked(
        cls,
        capacity_gbps: ArrayLike,
        flow_offsets: ArrayLike,
        flow_arcs: ArrayLike,
        weight: ArrayLike | None,
        limit_gbps: ArrayLike | None,
    ) -> FlowPaths:
        """Return the arrays as float64 and int64, or raise `SolverError` naming every problem."""
        problems: list[Problem] = []
        capacity = numbers("capacity_gbps", capacity_gbps, None, problems, high=np.inf, open_high=True)
        offsets = _integers("flow_offsets", flow_offsets, problems)
        arcs = _integers("flow_arcs", flow_arcs, problems)
        if len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != len(arcs) or np.any(np.diff(offsets) < 0):
            problems.append(
                Problem(
                    "flow_offsets",
                    "not the bounds of the paths",
                    f"rising from 0 to the {len(arcs)} entries of flow_arcs",
                )
            )
        if len(arcs) and not (arcs.min() >= 0 and arcs.max() < len(capacity)):
            problems.append(
                Problem(
                    "flow_arcs",
                    f"arc {int(arcs.max() if arcs.max() >= len(capacity) else arcs.min())}",
                    f"0 to {len(capacity) - 1}",
                )
            )
        n = max(0, len(offsets) - 1)
        weights = (
            np.ones(n)
            if weight is None
            else numbers("weight", weight, n, problems, low=0.0, open_low=True, open_high=True)
        )
        limits = np.full(n, np.inf) if limit_gbps is None else numbers("limit_gbps", limit_gbps, n, problems)
        if problems:
            raise SolverError(problems)
        return cls(capacity, offsets, arcs, weights, limits)


def in_lines(count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return records, all zero, that begin where a line of the processor's cache does."""
    space = np.zeros(count * dtype.itemsize + _LINE_BYTES, dtype=np.uint8)
    start = -space.ctypes.data % _LINE_BYTES
    return space[start : start + count * dtype.itemsize].view(dtype)


def numbers(
    name: str,
    values: ArrayLike,
    size: int | None,
    problems: list[Problem],
    *,
    low: float = 0.0,
    high: float = np.inf,
    open_low: bool = False,
    open_high: bool = False,
) -> Floats:
    """Return values as a contiguous float64 vector, adding to `problems` what is wrong with them."""
    array = _vector(name, values, np.float64, problems)
    if size is not None and len(array) != size:
        problems.append(Problem(name, f"{len(array)} entries", f"{size}, one per flow"))
    fits = (array > low if open_low else array >= low) & (array < high if open_high else array <= high)
    if not fits.all():
        span = f"{'above' if open_low else 'at least'} {low:g}" + (", finite" if open_high else "")
        problems.append(Problem(f"{name}[{np.flatnonzero(~fits)[0]}]", f"{array[~fits][0]}", span))
    return array


def _integers(name: str, values: ArrayLike, problems: list[Problem]) -> Ints:
    array = _vector(name, values, np.float64, problems)
    whole = array.astype(np.int64) if np.isfinite(array).all() else np.zeros(0, dtype=np.int64)
    if len(whole) != len(array) or np.any(whole != array):
        problems.append(Problem(name, "not whole numbers", "indices"))
    return whole


def _vector(name: str, values: ArrayLike, dtype: type, problems: list[Problem]) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.ascontiguousarray(np.asarray(values, dtype=dtype))
    except (TypeError, ValueError):
        problems.append(Problem(name, "not numbers", "a vector of numbers"))
        return np.zeros(0, dtype=dtype)
    if array.ndim != 1:
        problems.append(Problem(name, f"shape {array.shape}", "a vector"))
        return np.zeros(0, dtype=dtype)
    return array
