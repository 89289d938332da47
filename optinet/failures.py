# SPDX-License-Identifier: Apache-2.0
"""What a failure takes away, and what reconfiguring around it brings back.

A failure is a set of parts that are down together: ports and boxes of the OCS layer, links, nodes, whole groups (cubes
or blocks). Without reconfiguring, traffic is routed over what is left. With it, circuits move: a pod puts spare cubes
in the place of those that miss a chip or a face, a mesh of blocks is engineered anew for its demand over the fiber ends
that are left. An OCS of a pod cannot be replaced by another, since each holds the fibers of one
face position alone.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.arguments import public
from optinet.engineering.topology import BlockLayer, engineer_topology
from optinet.errors import Problem, SolverError, TopologyError
from optinet.fabric import Fabric
from optinet.flows.link_loads import link_loads
from optinet.plant import OpticalPlant
from optinet.rewiring import Rewiring, block_links, plant_of, reconfigure, rewire
from optinet.shown import Shown
from optinet.slices import pod_of, set_slices, slice_nodes
from optinet.structure import Pod, PodSlice, Torus
from optinet.traffic.demand import Demand

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Failure:
    """Parts that are down together.

    Parameters
    ----------
    ocs
        Devices of the plant.
    ports
        (device, port) pairs; on a duplex plant either port of an end.
    links, nodes
        Indices into the fabric. A host of a pod is several chips.
    groups
        Cubes or blocks, with all their nodes and fiber ends.
    """

    ocs: tuple[int, ...] = ()
    ports: tuple[tuple[int, int], ...] = ()
    links: tuple[int, ...] = ()
    nodes: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()


@public
def power_domain(plant: OpticalPlant, domain: int, n_domains: int = 4) -> Failure:
    """Return the loss of one of several power domains that the devices are dealt out to in turn.

    Jupiter has four (L. Poutievski et al., SIGCOMM 2022), so that one takes a quarter of every block's links.

    Parameters
    ----------
    plant
        Whose OCS are dealt out: number i goes to domain i mod `n_domains`.
    domain
        Which one is lost, from 0 to `n_domains` - 1.
    n_domains
        How many there are, at least 1.

    Raises
    ------
    TopologyError
        If there is no such domain.
    """
    if not 0 <= domain < n_domains:
        raise TopologyError(Problem("domain", f"{domain}", f"0 to {n_domains - 1}"))
    return Failure(ocs=tuple(range(domain, plant.n_ocs, n_domains)))


def nodes_down(fabric: Fabric, failure: Failure) -> Flags:
    """Return which nodes are down, those of failed groups included; shape (n_nodes,)."""
    down = np.isin(fabric.node_group, failure.groups)
    down[list(failure.nodes)] = True
    return down


def ends_up(fabric: Fabric, failure: Failure) -> Flags:
    """Return which fiber ends of the plant still work; shape (n_ends,)."""
    plant = plant_of(fabric)
    up = ~np.isin(plant.end_ocs, failure.ocs) & ~nodes_down(fabric, failure)[plant.end_node]
    place = plant.end_port // plant.ports_per_end
    for ocs, port in failure.ports:
        up &= ~((plant.end_ocs == ocs) & (place == port // plant.ports_per_end))
    return up


def arcs_up(fabric: Fabric, failure: Failure) -> Flags:
    """Return which arcs are up, for the `arc_up` of the solvers; shape (n_arcs,).

    Raises
    ------
    TopologyError
        Naming every part that the fabric does not have.
    """
    _check(fabric, failure)
    lost = np.array(failure.links, dtype=np.int64)
    if fabric.plant is not None:
        works = ends_up(fabric, failure)[fabric.plant.circuit_ends].all(axis=1)
        lost = np.concatenate((lost, fabric.plant.circuit_link[~works]))
    return fabric.arc_mask(lost, np.flatnonzero(nodes_down(fabric, failure)))


@public
def reconfigure_around(fabric: Fabric, failure: Failure, demand: Demand | None = None) -> Rewiring:
    """Set circuits anew so that a failure hurts less.

    Parameters
    ----------
    fabric
        A pod (cubes that miss a chip or a face are replaced by spare ones, as far as there are) or a fabric whose
        groups are blocks.
    failure
        What is down.
    demand
        What blocks are joined for, by topology engineering over the ends that are left. Without one they keep the same
        share of every pair's links, as far as those ends allow (`fair_links`). A pod does not look at it.

    Returns
    -------
    Rewiring
        No circuit uses a fiber end that is down.

    Raises
    ------
    TopologyError
        If there is no plant, or the fabric does not have what is to fail.
    """
    _check(fabric, failure)
    usable = ends_up(fabric, failure)
    if isinstance(fabric.structure, Pod | Torus):
        return _replace_cubes(fabric, failure, usable)
    links = block_links(fabric)
    ends = plant_of(fabric).ends_of_blocks(fabric.node_group, len(links), usable).sum(axis=1)
    if demand is not None:
        wanted = _engineered(fabric, among(fabric, demand, ~nodes_down(fabric, failure)[fabric.endpoints]), ends)
    else:
        wanted = fair_links(links, ends)
    while True:
        try:
            return rewire(fabric, wanted, usable=usable)
        except TopologyError:  # blocks with an odd end here and there: one link fewer where links are most
            a, b = np.unravel_index(int(np.argmax(wanted)), wanted.shape)
            if not wanted[a, b]:
                raise
            wanted[[a, b], [b, a]] -= 1


def _engineered(fabric: Fabric, demand: Demand, ends: Ints) -> Ints:
    """Return the links between blocks that suit a demand best when each has some ends left."""
    plant = plant_of(fabric)
    group = fabric.node_group[fabric.endpoints]
    member = sparse.csr_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=(len(ends), len(group)))
    if demand.source_gbps is not None and demand.target_share is not None:
        between = np.outer(np.asarray(member @ demand.source_gbps), np.asarray(member @ demand.target_share))
    else:
        assert demand.matrix is not None
        between = np.asarray((member @ demand.matrix @ member.T).todense())
    np.fill_diagonal(between, 0.0)
    gbps = np.zeros(len(ends))
    np.maximum.at(gbps, fabric.node_group[plant.end_node], plant.end_gbps)
    alive = np.flatnonzero(ends > 0)
    links = np.zeros((len(ends), len(ends)), dtype=np.int64)
    if len(alive) > 1:
        layer = BlockLayer.of(len(alive), ends[alive], gbps[alive])
        links[np.ix_(alive, alive)] = engineer_topology(between[np.ix_(alive, alive)], layer).circuits
    return links


def fair_links(links: Ints, most: Ints) -> Ints:
    """Return the links that fit when blocks have lost ends: the same share of every pair's links, then what is left.

    Parameters
    ----------
    links
        shape (n_blocks, n_blocks), symmetric: links wanted.
    most
        shape (n_blocks,): ends that each block has left.
    """
    degree = links.sum(axis=1)
    share = float(np.min(most / np.maximum(degree, 1), where=degree > 0, initial=1.0))
    fit = np.floor(links * share + 1e-9).astype(np.int64)
    free = most - fit.sum(axis=1)
    tie = np.random.default_rng(0).random(links.shape)  # in order, what is left would join the first blocks alone
    while True:
        open_pairs = np.triu((fit < links) & (free[:, None] > 0) & (free[None, :] > 0), 1)
        a, b = np.nonzero(open_pairs)
        if not len(a):
            return fit
        i = np.lexsort((tie[a, b], -(free[a] + free[b]), fit[a, b] / links[a, b]))[0]
        fit[[a[i], b[i]], [b[i], a[i]]] += 1
        free[[a[i], b[i]]] -= 1


def boxes_down(plant: OpticalPlant, dead: Flags) -> Flags:
    """Return which OCS have lost all their fiber ends, of which `dead`, shape (n_ends,), are; shape (n_ocs,)."""
    ends, lost = (np.bincount(plant.end_ocs[each], minlength=plant.n_ocs) for each in (slice(None), dead))
    return (ends == lost) & (ends > 0)


def slices_around(pod: Pod, broken: set[int]) -> list[PodSlice]:
    """Return the slices of a pod with spare cubes in the place of broken ones, as far as there are."""
    spares = [cube for cube in pod.spare_cubes if cube not in broken]
    slices = []
    for part in pod.slices:
        cubes = tuple(spares.pop(0) if cube in broken and spares else cube for cube in part.cubes)
        slices.append(dataclasses.replace(part, cubes=cubes))
    return slices


def _replace_cubes(fabric: Fabric, failure: Failure, usable: Flags) -> Rewiring:
    pod, plant = pod_of(fabric), plant_of(fabric)
    # a box takes a face from every cube alike; no spare would help
    of_one_box = np.isin(plant.end_ocs, failure.ocs)
    broken = set(fabric.node_group[plant.end_node[~usable & ~of_one_box]].tolist())
    broken |= set(fabric.node_group[nodes_down(fabric, failure)].tolist())
    slices = slices_around(pod, broken)
    ends = plant_of(set_slices(fabric, slices).fabric).circuit_ends
    alive = usable[ends].all(axis=1)
    return reconfigure(fabric, ends[alive], structure=dataclasses.replace(pod, slices=tuple(slices)))


@dataclass(frozen=True, eq=False)
class FailureImpact(Shown):
    """Throughput of a demand before a failure, after it, and after reconfiguring around it.

    Parameters
    ----------
    healthy, remaining, reconfigured
        Largest common scale factor that fits of the whole demand, and of what endpoints that are left send each other;
        0 if some of them have no path. Where reconfiguring would gain nothing, the circuits stay.
    lost_endpoints, lost_after
        Endpoints of the demand that are gone, before and after reconfiguring: a spare cube takes the place of one that
        failed.
    rewiring
        The circuits that move.
    """

    healthy: float
    remaining: float
    reconfigured: float
    lost_endpoints: int
    lost_after: int
    rewiring: Rewiring


@public
def failure_impact(fabric: Fabric, demand: Demand, failure: Failure, routing: str = "best") -> FailureImpact:
    """Route a demand before a failure, after it, and after reconfiguring around it.

    Parameters
    ----------
    fabric
        A fabric with a plant.
    demand
        A demand for it.
    failure
        What is down.
    routing
        As in `optinet.link_loads`.

    Raises
    ------
    TopologyError, SolverError
        If the fabric does not have what is to fail, or cannot carry the demand before.
    """
    _check(fabric, failure)
    healthy = link_loads(fabric, demand, routing).throughput
    down = nodes_down(fabric, failure)[fabric.endpoints]
    remaining = _throughput(fabric, among(fabric, demand, ~down), routing, arcs_up(fabric, failure))
    change = reconfigure_around(fabric, failure, demand)
    after_move = moved(fabric, change, demand)
    links = np.flatnonzero(np.isin(change.link_before, failure.links))
    after = dataclasses.replace(failure, links=tuple(links.tolist()))
    reconfigured = _throughput(change.fabric, among(fabric, after_move, ~down), routing, arcs_up(change.fabric, after))
    lost = [int(np.count_nonzero(down & part.active)) for part in (demand, after_move)]
    if reconfigured <= remaining * (1 + 1e-9) and lost[0] == lost[1]:  # then nobody would
        works = ends_up(fabric, failure)[plant_of(fabric).circuit_ends].all(axis=1)
        change = reconfigure(fabric, plant_of(fabric).circuit_ends[works], structure=fabric.structure)
        reconfigured = remaining
    return FailureImpact(healthy, remaining, reconfigured, lost[0], lost[1], change)


def _throughput(fabric: Fabric, demand: Demand, routing: str, arc_up: Flags) -> float:
    try:
        return link_loads(fabric, demand, routing, arc_up=arc_up).throughput
    except SolverError:  # the same demand had paths before, so some are cut
        return 0.0


def among(fabric: Fabric, demand: Demand, up: Flags) -> Demand:
    """Return what the endpoints that are up, shape (n_endpoints,), send each other; the demand itself if all are."""
    if up.all():
        return demand
    keep = up.astype(np.float64)
    if demand.source_gbps is not None and demand.target_share is not None:
        return Demand.rank_one(fabric, demand.source_gbps * keep, demand.target_share * keep)
    assert demand.matrix is not None
    kept = sparse.diags_array(keep)
    return Demand.from_matrix(fabric, kept @ demand.matrix @ kept)


def moved(fabric: Fabric, change: Rewiring, demand: Demand) -> Demand:
    """Return the demand with the ranks of replaced cubes on the spare ones."""
    if not isinstance(change.fabric.structure, Pod):
        return demand
    place = np.arange(fabric.n_nodes)
    for index in range(len(change.fabric.structure.slices)):
        old, new = slice_nodes(fabric, index), slice_nodes(change.fabric, index)
        place[new] = old
        place[np.setdiff1d(old, new)] = np.setdiff1d(new, old)
    if demand.source_gbps is not None and demand.target_share is not None:
        return Demand.rank_one(fabric, demand.source_gbps[place], demand.target_share[place])
    assert demand.matrix is not None
    return Demand.from_matrix(fabric, demand.matrix[place][:, place])


def _check(fabric: Fabric, failure: Failure) -> None:
    plant = fabric.plant
    n_ocs = plant.n_ocs if plant else 0
    limits = {
        "ocs": (failure.ocs, n_ocs),
        "links": (failure.links, fabric.n_links),
        "nodes": (failure.nodes, fabric.n_nodes),
        "groups": (failure.groups, int(fabric.node_group.max(initial=-1)) + 1),
    }
    problems = [
        Problem(f"failure.{name}", f"{index}", f"0 to {limit - 1}" if limit else "none: the fabric has no such part")
        for name, (indices, limit) in limits.items()
        for index in indices
        if not 0 <= index < limit
    ]
    per_end = plant.ports_per_end if plant else 1
    taken = set(zip(plant.end_ocs.tolist(), (plant.end_port // per_end).tolist(), strict=True)) if plant else set()
    problems += [
        Problem("failure.ports", f"no fiber end is on port {port} of OCS {ocs}", "(OCS, port) of a fiber end")
        for ocs, port in failure.ports
        if (ocs, port // per_end) not in taken
    ]
    if problems:
        raise TopologyError(problems)
