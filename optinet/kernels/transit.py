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
"""

from __future__ import annotations

import numpy as np

from optinet.kernels._jit import kernel


@kernel
def usable(u, v, w, capacity, transit):
    """Return whether the path from u to v by way of w exists; w = v is the direct trunk."""
    if w == u or capacity[u, w] <= 0.0:
        return False
    return w == v or (transit[w] and capacity[w, v] > 0.0)


@kernel
def balance_transit(demand, capacity, transit, flow, load, gap, rounds):
    """Change `flow` and `load` towards the smallest largest utilization; return the largest utilization reached.

    Stops when the result is within `gap` (a fraction) of the lower bound, or when `rounds` per sharpness, or rounds
    without progress, are through.
    """
    price = np.zeros(capacity.shape)
    lower = 0.0
    highest = largest_utilization(capacity, load)
    for sharpness in (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0):
        last = np.inf
        for i in range(rounds):
            # utilization is measured against the largest so far, so that no exponent overflows
            scale = sharpness / highest
            for u in range(len(capacity)):
                for v in range(len(capacity)):
                    price[u, v] = _price(u, v, scale, highest, capacity, load)
            lower = max(lower, lower_bound(demand, capacity, transit, price))
            if highest <= lower * (1.0 + gap):
                return highest
            if i > 5 and abs(last - highest) < 1e-4 * highest:
                break
            last = highest
            for _ in range(2):
                _sweep(demand, capacity, transit, scale, highest, flow, load, price)
            highest = largest_utilization(capacity, load)
    return highest


@kernel
def largest_utilization(capacity, load):
    """Return the largest load over capacity; inf if a trunk of capacity 0 has load."""
    highest = 0.0
    for u in range(len(capacity)):
        for v in range(len(capacity)):
            if load[u, v] > 0.0:
                highest = max(highest, load[u, v] / capacity[u, v] if capacity[u, v] > 0.0 else np.inf)
    return highest


@kernel
def lower_bound(demand, capacity, transit, price):
    """Return what no split's largest utilization can be under, by linear programming duality."""
    spent, room = 0.0, 0.0
    for u in range(len(capacity)):
        for v in range(len(capacity)):
            room += capacity[u, v] * price[u, v]
            if demand[u, v] > 0.0:
                spent += demand[u, v] * _path_price(u, v, _cheapest(u, v, capacity, transit, price), price)
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


@kernel
def _sweep(demand, capacity, transit, scale, highest, flow, load, price):
    n = len(capacity)
    for u in range(n):
        for v in range(n):
            if demand[u, v] <= 0.0:
                continue
            best = _cheapest(u, v, capacity, transit, price)
            for w in range(n):
                if w == best or flow[u, v, w] <= 0.0:
                    continue
                dearer = _path_price(u, v, w, price) - _path_price(u, v, best, price)
                if dearer > 0.0:
                    slope = _slope(u, v, w, scale, capacity, price) + _slope(u, v, best, scale, capacity, price)
                    shift = min(flow[u, v, w], dearer / slope)
                    for path, change in ((w, -shift), (best, shift)):
                        _add(u, v, path, change, flow, load)
                        price[u, path] = _price(u, path, scale, highest, capacity, load)
                        if path != v:
                            price[path, v] = _price(path, v, scale, highest, capacity, load)


@kernel
def _price(u, v, scale, highest, capacity, load):
    if capacity[u, v] <= 0.0:
        return 0.0
    return np.exp(scale * (load[u, v] / capacity[u, v] - highest)) / capacity[u, v]


@kernel
def _path_price(u, v, w, price):
    return price[u, w] if w == v else price[u, w] + price[w, v]


@kernel
def _slope(u, v, w, scale, capacity, price):
    """Return how fast a path's price rises with its flow."""
    slope = scale * price[u, w] / capacity[u, w]
    return slope if w == v else slope + scale * price[w, v] / capacity[w, v]


@kernel
def _cheapest(u, v, capacity, transit, price):
    best, lowest = v, np.inf
    for w in range(len(capacity)):
        if usable(u, v, w, capacity, transit):
            cost = _path_price(u, v, w, price)
            if cost < lowest:
                best, lowest = w, cost
    return best


@kernel
def _add(u, v, w, change, flow, load):
    flow[u, v, w] += change
    load[u, w] += change
    if w != v:
        load[w, v] += change
