# SPDX-License-Identifier: Apache-2.0
"""Splitting traffic between nodes over their direct trunk and paths with one transit node.

``demand[u, v]`` is what u sends to v, ``capacity[u, v]`` the trunk from u to v (0 for none), ``transit[w]`` whether w
may be passed, and ``flow[u, v, w]`` what of the demand goes by way of w: w = v stands for the direct trunk. All paths
of a pair are disjoint. ``load[u, v]`` is what the trunk carries.

The largest utilization is made small by minimising the sum over trunks of exp(sharpness * utilization) with rising
sharpness. Within one pair, flow moves from every dearer path to the cheapest by the Newton step that would make their
prices equal (gradient projection: R. Jayakrishnan et al., "A Faster Path-Based Algorithm for Traffic Assignment",
Transportation Research Record 1443, 1994). Prices also bound the optimum from below: no split has a largest utilization
under sum of demand * cheapest path over sum of capacity * price.

Prices are kept twice, so that the paths of a pair are read in order: ``price[u, w]`` of the trunk from u to w, and
``into[v, w]`` of the trunk from w to v as a second hop. What does not exist has an infinite price.
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel, part


@kernel
def balance_transit(demand, capacity, transit, flow, load, best_price, gap, rounds):
    """Change `flow` and `load` towards the smallest largest utilization; return what was reached and a lower bound.

    Stops when the result is within `gap` (a fraction) of the lower bound, or when `rounds` per sharpness, or rounds
    without progress, are through. `best_price` is set to the prices of the bound, 0 where there is no trunk.
    """
    n = len(capacity)
    price, into = np.full((n, n), np.inf), np.full((n, n), np.inf)
    lower = 0.0
    highest = largest_utilization(capacity, load)
    for sharpness in (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0):
        last = np.inf
        for i in range(rounds):
            # utilization is measured against the largest so far, so that no exponent overflows
            scale = sharpness / highest
            for u in range(n):
                for v in range(n):
                    if capacity[u, v] > 0.0:
                        _set_price(u, v, scale, highest, capacity, transit, load, price, into)
            bound = lower_bound(demand, capacity, price, into)
            if bound > lower:
                lower = bound
                best_price[:] = np.where(capacity > 0.0, price, 0.0)
            if highest <= lower * (1.0 + gap):
                return highest, lower
            # a blunt potential is not worth following to its end
            if i > 2 and abs(last - highest) < 0.02 / sharpness * highest:
                break
            last = highest
            for _ in range(2):
                _sweep(demand, capacity, transit, scale, highest, flow, load, price, into)
            highest = largest_utilization(capacity, load)
    return highest, lower


@kernel
def largest_utilization(capacity, load):
    """Return the largest load over capacity; inf if a trunk of capacity 0 has load."""
    highest = 0.0
    for u in range(len(capacity)):
        for v in range(len(capacity)):
            if load[u, v] > 0.0:
                highest = max(highest, load[u, v] / capacity[u, v] if capacity[u, v] > 0.0 else np.inf)
    return highest


@part
def lower_bound(demand, capacity, price, into):
    """Return what no split's largest utilization can be under, by linear programming duality."""
    spent, room = 0.0, 0.0
    for u in range(len(capacity)):
        for v in range(len(capacity)):
            if capacity[u, v] > 0.0:
                room += capacity[u, v] * price[u, v]
            if demand[u, v] > 0.0:
                spent += demand[u, v] * _cheapest(v, price[u], into[v])[1]
    return spent / room


@kernel
def prefer_direct(capacity, flow, load, highest):
    """Move flow from transit paths to direct trunks as far as those have room under the utilization `highest`."""
    n = len(capacity)
    for u in range(n):
        for v in range(n):
            for w in range(n):
                room = highest * capacity[u, v] - load[u, v]
                if room <= 0.0:
                    break
                if w != v and flow[u, v, w] > 0.0:
                    shift = min(room, flow[u, v, w])
                    _add(u, v, w, -shift, flow, load)
                    _add(u, v, v, shift, flow, load)


@part
def _sweep(demand, capacity, transit, scale, highest, flow, load, price, into):
    n = len(capacity)
    for u in range(n):
        for v in range(n):
            if demand[u, v] <= 0.0:
                continue
            best, lowest = _cheapest(v, price[u], into[v])
            for w in range(n):
                if w == best or flow[u, v, w] <= 0.0:
                    continue
                cost = price[u, w] if w == v else price[u, w] + into[v, w]
                if cost > lowest:
                    slope = _slope(u, v, w, scale, capacity, price) + _slope(u, v, best, scale, capacity, price)
                    # far below the top prices underflow
                    shift = min(flow[u, v, w], (cost - lowest) / max(slope, 1e-300))
                    for path, change in ((w, -shift), (best, shift)):
                        _add(u, v, path, change, flow, load)
                        _set_price(u, path, scale, highest, capacity, transit, load, price, into)
                        if path != v:
                            _set_price(path, v, scale, highest, capacity, transit, load, price, into)
                    lowest = price[u, best] if best == v else price[u, best] + into[v, best]


@part
def _cheapest(v, first, second):
    """Return the node by way of which v is reached at the lowest price, and that price; v itself for the trunk."""
    best, lowest = v, first[v]
    for w in range(len(first)):
        cost = first[w] + second[w]
        if cost < lowest:
            best, lowest = w, cost
    return best, lowest


@part
def _set_price(u, v, scale, highest, capacity, transit, load, price, into):
    price[u, v] = np.exp(scale * (load[u, v] / capacity[u, v] - highest)) / capacity[u, v]
    if transit[u]:
        into[v, u] = price[u, v]


@part
def _slope(u, v, w, scale, capacity, price):
    """Return how fast a path's price rises with its flow."""
    slope = scale * price[u, w] / capacity[u, w]
    return slope if w == v else slope + scale * price[w, v] / capacity[w, v]


@part
def _add(u, v, w, change, flow, load):
    flow[u, v, w] += change
    load[u, w] += change
    if w != v:
        load[w, v] += change
