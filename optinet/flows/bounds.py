# SPDX-License-Identifier: Apache-2.0
r"""Bounds on throughput and distance that need no routing.

*By distances*: a unit from s to t takes up at least dist(s, t) of the network's capacity, so

.. math:: \lambda \le \sum_a c_a \Big/ \sum_{st} d_{st}\, \mathrm{dist}(s, t)

(A. Singla, P. B. Godfrey, A. Kolla, "High throughput data center topology design", NSDI 2014), with hops between
switches, and never more than a host's own links carry. It is the bound of equal lengths (`concurrent_flow`).

*Throughput upper bound (TUB)*: the same for the worst permutation, which sends every endpoint's traffic as far away as
possible: a maximum-weight matching of distances (P. Namyar et al., "A throughput-centric view of the performance of
datacenter topologies", SIGCOMM 2021). No routing carries every permutation at a higher rate.

*Moore-type distance bound*: from a node of degree r at most r (r - 1)^(h - 1) others are h hops away; filling these
shells gives the least mean distance of any such graph (V. G. Cerf et al., Networks 4 (1974)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optinet.arguments import public
from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.flows.concurrent.problem import FlowProblem, require_demand_fits
from optinet.kernels.trees import shortest_tree, tree_workspace
from optinet.traffic.demand import Demand

_MOST_MATCHED = 5_000


@public
def throughput_bound(fabric: Fabric, demand: Demand, *, arc_up: NDArray[np.bool_] | None = None) -> float:
    """Return the bound by distances on the throughput of a demand; infinite if nothing crosses any link.

    Parameters
    ----------
    fabric, demand
        A fabric and a demand made for it.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.

    Raises
    ------
    SolverError
        If a demand has no path.
    """
    require_demand_fits(fabric, demand)
    problem = FlowProblem.of(fabric, demand, arc_up)
    distance = problem.distance_sum(np.ones(problem.n_arcs))
    by_distance = float(problem.capacity_gbps.sum()) / distance if distance > 0 else np.inf
    return min(by_distance, problem.cut_limit.throughput)


@public
def worst_permutation(fabric: Fabric, gbps: float = 1.0) -> Demand:
    """Return the permutation that sends the traffic of every endpoint as far as possible, in hops.

    Parameters
    ----------
    fabric
        Any fabric with at least two endpoints.
    gbps
        What each endpoint sends, finite, >= 0.

    Raises
    ------
    SolverError
        If there are fewer than two endpoints, two are not connected, or there are too many to match.
    """
    if fabric.n_endpoints < 2:
        raise SolverError(Problem("worst_permutation", "fewer than two endpoints have no permutation"))
    # a demand between everyone makes the groups of endpoints alike in place, whose members may stand for one another
    problem = FlowProblem.of(fabric, Demand.uniform(fabric))
    core = problem.core
    sizes = np.bincount(core.group_of, minlength=core.n_groups)
    alike = bool(np.all(sizes == sizes[0]))
    group = np.arange(core.n_groups) if alike else core.group_of
    if len(group) > _MOST_MATCHED:
        raise SolverError(Problem("worst_permutation", f"{len(group)} endpoints to match", f"at most {_MOST_MATCHED}"))
    hops = _group_hops(problem)
    from scipy.optimize import linear_sum_assignment  # slow to load

    _, target = linear_sum_assignment(hops[np.ix_(group, group)], maximize=True)
    if not alike:
        return Demand.permutation(fabric, target, gbps)
    members = np.argsort(core.group_of, kind="stable").reshape(core.n_groups, -1)
    # a group that is its own target passes its traffic round within
    aim = np.where((target == group)[:, None], np.roll(members, -1, axis=1), members[target])
    whole = np.empty(fabric.n_endpoints, dtype=np.int64)
    whole[members.ravel()] = aim.ravel()
    return Demand.permutation(fabric, whole, gbps)


@public
def permutation_bound(fabric: Fabric, gbps: float = 1.0) -> float:
    """Return TUB: no routing carries every permutation of `gbps` per endpoint at a higher throughput.

    Parameters
    ----------
    fabric
        Any fabric with two endpoints or more.
    gbps
        What every endpoint sends to its partner, finite, >= 0.

    Returns
    -------
    float
        Bound on the common scale factor; dimensionless. It is `throughput_bound` of `worst_permutation`.
    """
    return throughput_bound(fabric, worst_permutation(fabric, gbps))


@public
def least_mean_distance(n_nodes: int, degree: int) -> float:
    """Return the Moore-type bound on the mean distance of a graph, self pairs excluded.

    Parameters
    ----------
    n_nodes
        At least 2.
    degree
        Links per node, at least 1; one link suffices for two nodes only.

    Raises
    ------
    SolverError
        If no such graph is connected.
    """
    if n_nodes < 2 or degree < 1 or (degree == 1 and n_nodes > 2):
        raise SolverError(
            Problem(
                "least_mean_distance", f"{n_nodes} nodes of degree {degree}", "a connected graph of two or more nodes"
            )
        )
    left, shell, hops, total = n_nodes - 1, degree, 1, 0
    while left > 0:
        here = min(left, shell)
        total += here * hops
        left -= here
        shell *= max(1, degree - 1)
        hops += 1
    return total / (n_nodes - 1)


def _group_hops(problem: FlowProblem) -> NDArray[np.float64]:
    """Return hops between the nodes of all groups; shape (n_groups, n_groups)."""
    core = problem.core
    problem.distance_sum(np.ones(problem.n_arcs))  # names a pair without a path
    work = tree_workspace(problem.n_nodes, problem.n_arcs)
    sinks = problem.sink_of(core.group_node)
    hops = np.empty((core.n_groups, core.n_groups))
    length = np.ones(problem.n_arcs)
    for group, node in enumerate(core.group_node):
        shortest_tree(node, problem.out_offsets[:0], problem.out_offsets, problem.head, length, work)
        hops[group] = np.where(sinks == node, 0.0, work.distance[sinks])
    return hops
