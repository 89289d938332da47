# SPDX-License-Identifier: Apache-2.0
"""Routings in exact rationals from lists of all simple paths, pair by pair: slow, plain, independent of the engine."""

import itertools
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

import optinet


def simple_paths(fabric, source, target, arc_up=None):
    """Yield every simple path from one node to another through forwarding nodes, as a tuple of arcs."""
    out = defaultdict(list)
    for arc in np.flatnonzero((fabric.arc_capacity_gbps > 0) & (True if arc_up is None else arc_up)).tolist():
        out[int(fabric.arc_tail[arc])].append(arc)

    def extend(path, at, seen):
        if at == target:
            yield tuple(path)
            return
        if at != source and not fabric.forwards[at]:
            return
        for arc in out[at]:
            head = int(fabric.arc_head[arc])
            if head not in seen:
                yield from extend([*path, arc], head, seen | {head})

    yield from extend([], source, {source})


def cost_of(fabric, path):
    return sum((Fraction(float(fabric.arc_cost[arc])) for arc in path), Fraction(0))


def shortest(fabric, paths):
    paths = list(paths)
    least = min((cost_of(fabric, path) for path in paths), default=None)
    return [path for path in paths if cost_of(fabric, path) == least]


def goes_up_then_down(fabric, path):
    rises = [fabric.node_tier[fabric.arc_head[arc]] > fabric.node_tier[fabric.arc_tail[arc]] for arc in path]
    return all(before or not after for before, after in itertools.pairwise(rises))


def split_paths(fabric, source, target, arc_up=None):
    """Equal split over all shortest paths: arc -> part of the pair's traffic."""
    return equal_over(shortest(fabric, simple_paths(fabric, source, target, arc_up)))


def split_k_shortest(fabric, source, target, arc_up=None, k=4):
    paths = sorted(simple_paths(fabric, source, target, arc_up), key=lambda path: cost_of(fabric, path))
    return equal_over(paths[:k])


def equal_over(paths):
    load = Counter()
    for path in paths:
        for arc in path:
            load[arc] += Fraction(1, len(paths))
    return load


def split_ecmp(fabric, source, target, arc_up=None):
    paths = shortest(fabric, simple_paths(fabric, source, target, arc_up))
    return hop_by_hop(fabric, paths, at_node, equally)


def split_up_down(fabric, source, target, arc_up=None):
    paths = [p for p in simple_paths(fabric, source, target, arc_up) if goes_up_then_down(fabric, p)]

    def state(node, path, i):
        tier = fabric.node_tier
        return node, any(tier[fabric.arc_head[arc]] < tier[fabric.arc_tail[arc]] for arc in path[:i])

    return hop_by_hop(fabric, shortest(fabric, paths), state, equally)


def split_wcmp(fabric, source, target, arc_up=None):
    """Weights as documented: min(c N(w), p W(w)), shared last hops left out."""
    paths = shortest(fabric, simple_paths(fabric, source, target, arc_up))
    nexts = defaultdict(set)
    for path in paths:
        for arc in path:
            nexts[int(fabric.arc_tail[arc])].add(arc)
    shared = shared_hops(fabric, target, arc_up)
    gbps = {arc: Fraction(float(fabric.arc_capacity_gbps[arc])) for path in paths for arc in path}

    def trunks(node):
        heads = defaultdict(list)
        for arc in nexts[node]:
            heads[int(fabric.arc_head[arc])].append(arc)
        return heads

    def count(node):
        return Fraction(1) if node in shared else sum((count(head) for head in trunks(node)), Fraction(0))

    def trunk_weight(head, arcs):
        through = sum((gbps[arc] for arc in arcs), Fraction(0)) * count(head)
        return through if head in shared else min(through, weight(head))

    def weight(node):
        return sum((trunk_weight(head, arcs) for head, arcs in trunks(node).items()), Fraction(0))

    def weights(node, _):
        result = {}
        for head, arcs in trunks(node).items():
            total = sum((gbps[arc] for arc in arcs), Fraction(0))
            result |= {arc: trunk_weight(head, arcs) * gbps[arc] / total for arc in arcs}
        return result

    return hop_by_hop(fabric, paths, at_node, weights)


def shared_hops(fabric, target, arc_up=None):
    """Return the nodes all paths to the target end with."""
    usable = np.flatnonzero((fabric.arc_capacity_gbps > 0) & (True if arc_up is None else arc_up))
    shared, node = [], target
    while True:
        shared.append(node)
        tails = {int(fabric.arc_tail[arc]) for arc in usable if fabric.arc_head[arc] == node}
        tails = {tail for tail in tails if fabric.forwards[tail] and tail not in shared}
        if len(tails) != 1:
            return set(shared)
        node = tails.pop()


def at_node(node, _path, _i):
    return node


def equally(_state, arcs):
    return dict.fromkeys(arcs, Fraction(1))


def hop_by_hop(fabric, paths, state_of, weights_of):
    """Send one unit along a set of paths; at each state it splits over the arcs that go on, in proportion to weights.

    A state is what a node knows of a packet: where it is and, if that matters, how it came there.
    """
    nexts = defaultdict(dict)
    for path in paths:
        nodes = [int(fabric.arc_tail[arc]) for arc in path] + [int(fabric.arc_head[path[-1]])]
        states = [state_of(node, path, i) for i, node in enumerate(nodes)]
        for i, arc in enumerate(path):
            nexts[states[i]][arc] = states[i + 1]
    load = Counter()

    def send(state, amount):
        weights = weights_of(state, list(nexts[state])) if nexts[state] else {}
        for arc, after in nexts[state].items():
            part = amount * weights[arc] / sum(weights.values())
            load[arc] += part
            send(after, part)

    if paths:
        send(state_of(int(fabric.arc_tail[paths[0][0]]), paths[0], 0), Fraction(1))
    return load


def loads_of(split, fabric, demand, arc_up=None, **options):
    """Return the loads of a dense demand under one of the splits above; shape (n_arcs,)."""
    load = Counter()
    for i, source in enumerate(fabric.endpoints.tolist()):
        for j, target in enumerate(fabric.endpoints.tolist()):
            if i != j and demand[i, j] > 0:
                for arc, part in split(fabric, source, target, arc_up, **options).items():
                    load[arc] += part * Fraction(float(demand[i, j]))
    return np.array([float(load[arc]) for arc in range(fabric.n_arcs)])


def reachable(fabric, split, arc_up=None):
    """Return which endpoint pairs a split has a path for, themselves excluded; shape (n_endpoints, n_endpoints)."""
    ends = fabric.endpoints.tolist()
    return np.array([[s != t and bool(split(fabric, s, t, arc_up)) for t in ends] for s in ends])


@st.composite
def random_fabrics(draw, distinct_costs=False):
    """Small fabrics of hosts, chips and switches with parallel links, costs, capacities and one-way links."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_switches, n_chips, n_hosts = draw(st.integers(1, 4)), draw(st.integers(0, 2)), draw(st.integers(2, 4))
    kinds = [2] * n_switches + [1] * n_chips + [0] * n_hosts
    forwarding = n_switches + n_chips
    ends = [(i, int(rng.integers(i))) for i in range(1, forwarding)]
    for _ in range(int(rng.integers(6)) if forwarding > 1 else 0):
        ends.append(tuple(int(x) for x in rng.choice(forwarding, 2, replace=False)))
    for host in range(forwarding, len(kinds)):
        ends += [(host, int(rng.integers(forwarding))) for _ in range(int(rng.integers(1, 4)))]
    n = len(ends)
    gbps = rng.integers(1, 4, n).astype(float)
    return optinet.Fabric.from_links(
        kinds,
        ends,
        capacity_gbps=gbps,
        reverse_capacity_gbps=np.where(rng.random(n) < 0.15, 0.0, gbps),
        cost=1.0 + rng.permutation(n) / 64 + 2.0 ** -(7 + np.arange(n)) if distinct_costs else rng.integers(1, 3, n),
    )


@st.composite
def random_tiers(draw):
    """Small fabrics of hosts under two or three tiers of switches, irregular, with parallel and one-way links."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    n_hosts = draw(st.integers(2, 4))
    tier = np.repeat(np.arange(len(sizes) + 1), [n_hosts, *sizes])
    ends = []
    for node in range(len(tier)):
        above = np.flatnonzero((tier > tier[node]) & ((tier <= tier[node] + 1) | (rng.random(len(tier)) < 0.2)))
        if len(above):
            ends += [(node, int(above[rng.integers(len(above))])) for _ in range(int(rng.integers(1, 4)))]
    n = len(ends)
    return optinet.Fabric.from_links(
        np.where(tier == 0, 0, 2),
        ends,
        capacity_gbps=1.0,
        reverse_capacity_gbps=np.where(rng.random(n) < 0.1, 0.0, 1.0),
        cost=rng.integers(1, 3, n),
        node_tier=tier,
    )
