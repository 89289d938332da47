# SPDX-License-Identifier: Apache-2.0
"""Random regular graphs, as in Jellyfish.

References: A. Singla, C.-Y. Hong, L. Popa, P. B. Godfrey, "Jellyfish: Networking Data Centers Randomly", NSDI 2012;
for random edge switching, R. Taylor, "Constrained switchings in graphs", LNM 884 (1981), which shows that switching
reaches every connected graph of the same degrees.

The graph starts as a circulant and is switched at random: two links (a, b), (c, d) become (a, d), (c, b) where that
makes no loop and no parallel link. It depends on the seed (and NumPy's PCG64) alone.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from optinet.fabric import Fabric
from topologies.direct import (
    HostGbps,
    HostLength,
    HostsPerSwitch,
    LinkClass,
    LinkGbps,
    LinkLength,
    direct_fabric,
)
from topologies.parameters import Count, Parameters

# each round offers every link one switch; triangles and mean distance settle within five, in dense graphs too
_ROUNDS = 10


class RandomRegularParameters(Parameters):
    """Parameters of `random_regular`."""

    switches: Annotated[int, Field(ge=2)] = Field(description="switches")
    degree: Count = Field(description="links of each switch to others; switches x degree is even")
    seed: Annotated[int, Field(ge=0)] = Field(default=0, description="seed of the random graph")
    hosts_per_switch: HostsPerSwitch = 0
    host_gbps: HostGbps = 800.0
    link_gbps: LinkGbps = 800.0
    host_length_m: HostLength = 3.0
    link_length_m: LinkLength = 50.0

    @field_validator("degree")
    @classmethod
    def _graph_exists(cls, degree: int, info: ValidationInfo) -> int:
        switches = info.data.get("switches")  # missing when wrong itself
        if switches is None:
            return degree
        wrong = ""
        if degree >= switches:
            wrong = f"{degree} links cannot all go to different ones of {switches - 1} others"
        elif switches * degree % 2:
            wrong = f"{switches} switches of degree {degree} have an odd number of link ends"
        elif degree == 1 and switches > 2:
            wrong = f"{switches} switches of degree 1 are not connected"
        if wrong:
            allowed = f"2 to {switches - 1}" if switches > 2 else "1"
            msg = f"{wrong}; allowed: {allowed}" + ", an even number" * (switches % 2)
            raise ValueError(msg)
        return degree


def random_regular(p: RandomRegularParameters) -> Fabric:
    """Random connected graph in which every switch has the same degree and no two links join the same switches."""
    links = [LinkClass("random", random_regular_links(p.switches, p.degree, p.seed), p.link_gbps, p.link_length_m)]
    return direct_fabric(p, links, switches=p.switches)


def random_regular_links(switches: int, degree: int, seed: int) -> NDArray[np.int64]:
    """Return the links of a random connected regular graph, lower index first, sorted; shape (n_links, 2)."""
    rng = np.random.default_rng(seed)
    links = _circulant(switches, degree)
    for _ in range(_ROUNDS):
        links = _switched(links, switches, rng)
    links = np.sort(_connected(links, switches, rng), axis=1)
    return links[np.lexsort(links.T[::-1])]


def _circulant(n: int, degree: int) -> NDArray[np.int64]:
    a = np.arange(n)
    parts = [np.column_stack((a, (a + step) % n)) for step in range(1, degree // 2 + 1)]
    if degree % 2:
        parts.append(np.column_stack((a[: n // 2], a[: n // 2] + n // 2)))
    return np.concatenate(parts)


def _switched(links: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Pair the links at random and switch each pair that may be; every new link is unlike all old and all other new."""
    half = len(links) // 2
    order = rng.permutation(len(links))
    first, second = order[:half], order[half : 2 * half]
    a, b = links[first].T
    flip = rng.integers(2, size=half)
    c, d = links[second, flip], links[second, 1 - flip]
    new = np.array([(a, d), (c, b)])  # shape (2 links, 2 ends, half)
    key = np.concatenate((_keys(links.T, n), *_keys(new.swapaxes(0, 1), n)))
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    unlike = (count[inverse] == 1)[len(links) :].reshape(2, half)
    allowed = (unlike & (new[:, 0] != new[:, 1])).all(axis=0)
    result = links.copy()
    result[first[allowed]] = new[0].T[allowed]
    result[second[allowed]] = new[1].T[allowed]
    return result


def _keys(ends: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return one number for each unordered pair; `ends` has the two ends along its first axis."""
    return np.minimum(*ends) * n + np.maximum(*ends)


def _connected(links: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Join components by switching a link of one with a link of another.

    Two become one unless both links are bridges. A part of degree 2 or more has links that are not, so drawing again
    ends; the number of parts never grows.
    """
    links = links.copy()
    while True:
        parts, label = connected_components(coo_array((np.ones(len(links)), tuple(links.T)), shape=(n, n)), False)
        if parts == 1:
            return links
        inside = label[links[:, 0]] == 0
        i, j = rng.choice(np.flatnonzero(inside)), rng.choice(np.flatnonzero(~inside))
        links[[i, j], 1] = links[[j, i], 1]
