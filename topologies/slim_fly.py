# SPDX-License-Identifier: Apache-2.0
"""Slim Fly: the McKay-Miller-Siran graphs, of diameter 2 and near the Moore bound.

References: M. Besta, T. Hoefler, "Slim Fly: A Cost Effective Low-Diameter Network Topology", SC 2014; B. D. McKay,
M. Miller, J. Siran, "A note on large graphs of diameter two and given maximum degree", J. Combin. Theory B 74 (1998);
P. R. Hafner, "Geometric realisation of the graphs of McKay-Miller-Siran", J. Combin. Theory B 90 (2004), for the
generator sets.

For a prime power q = 4 w + d, d in {-1, 0, 1}, there are 2 q^2 switches (s, a, b) with s in {0, 1} and a, b in the
field of q elements, each of degree (3 q - d) / 2:

- (0, x, y) is joined to (0, x, y') if y - y' is in X,
- (1, m, c) to (1, m, c') if c - c' is in X',
- (0, x, y) to (1, m, c) if y = m x + c.

With a primitive element g, X and X' hold these powers of g:

- d = 1: the even powers, and the odd ones;
- d = 0: the even powers 0 .. q - 2, and the odd powers 1 .. q - 1;
- d = -1: 0, 2, .., 2w - 2 and 2w - 1, 2w + 1, .., 4w - 3; and each one higher in X'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

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
from topologies.parameters import Parameters


class SlimFlyParameters(Parameters):
    """Parameters of `slim_fly`."""

    q: Annotated[int, Field(ge=3)] = Field(description="a prime power; 2 q^2 switches of degree about 3 q / 2")
    hosts_per_switch: HostsPerSwitch = 0
    host_gbps: HostGbps = 800.0
    link_gbps: LinkGbps = 800.0
    host_length_m: HostLength = 3.0
    link_length_m: LinkLength = 50.0

    @field_validator("q")
    @classmethod
    def _prime_power(cls, q: int) -> int:
        if prime_of(q) is None:
            near = [next(n for n in numbers if prime_of(n)) for numbers in (range(q, 2, -1), range(q, 2 * q))]
            msg = f"{q} is not a prime power; allowed: a prime power of at least 3, such as {near[0]} or {near[1]}"
            raise ValueError(msg)
        return q


def slim_fly(p: SlimFlyParameters) -> Fabric:
    """McKay-Miller-Siran graph of 2 q^2 switches: any two are at most two hops apart."""
    links = [LinkClass("slim-fly", mms_links(p.q), p.link_gbps, p.link_length_m)]
    names = [f"({s},{a},{b})" for s, a, b in np.ndindex(2, p.q, p.q)]
    return direct_fabric(p, links, switches=len(names), switch_names=names)


def mms_links(q: int) -> NDArray[np.int64]:
    """Return the links of the McKay-Miller-Siran graph; switch (s, a, b) has index (s q + a) q + b; shape (n, 2)."""
    field = GaloisField.of(q)
    column = q * np.arange(q)[:, None, None]
    halves = []
    for half, exponents in enumerate(generator_exponents(q)):
        joined = np.isin(field.minus, field.powers[exponents % (q - 1)])
        pairs = np.argwhere(np.triu(joined, 1))
        halves.append((half * q * q + column + pairs[None]).reshape(-1, 2))
    x, m, c = (index.ravel() for index in np.meshgrid(*[np.arange(q)] * 3, indexing="ij"))
    y = field.plus[field.times[m, x], c]
    return np.concatenate((*halves, np.column_stack((x * q + y, (q + m) * q + c))))


def generator_exponents(q: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the exponents of the primitive element in X and in X'."""
    if q % 4 == 3:
        w = (q + 1) // 4
        first = np.concatenate((np.arange(0, 2 * w - 1, 2), np.arange(2 * w - 1, 4 * w - 2, 2)))
    else:
        first = np.arange(0, q - 1, 2)
    return first, first + 1


@dataclass(frozen=True)
class GaloisField:
    """The field of q elements; element e stands for the polynomial whose coefficients are the digits of e to base p.

    Parameters
    ----------
    powers
        shape (q - 1,): the powers of a primitive element, from 1.
    plus, minus, times
        shape (q, q): sum, difference and product of every two elements.
    """

    powers: NDArray[np.int64]
    plus: NDArray[np.int64]
    minus: NDArray[np.int64]
    times: NDArray[np.int64]

    @classmethod
    def of(cls, q: int) -> GaloisField:
        """Return the field of q elements, q a prime power."""
        p = prime_of(q)
        if p is None:
            msg = f"{q} is not a prime power"
            raise ValueError(msg)
        weight = p ** np.arange(round(np.log(q) / np.log(p)))
        digits = np.arange(q)[:, None] // weight % p
        plus = (digits[:, None] + digits[None]) % p @ weight
        minus = (digits[:, None] - digits[None]) % p @ weight
        powers = _powers(p, q, plus)
        times = np.zeros((q, q), dtype=np.int64)
        exponent = np.arange(q - 1)
        times[np.ix_(powers, powers)] = powers[(exponent[:, None] + exponent[None]) % (q - 1)]
        return cls(powers, plus, minus, times)


def _powers(p: int, q: int, plus: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the powers of x modulo the first polynomial x^m - r for which x is primitive."""
    for remainder in range(1, q):
        # multiplying by x shifts the digits up; each unit of the top digit comes back as the remainder
        multiple = [0]
        for _ in range(1, p):
            multiple.append(int(plus[multiple[-1], remainder]))
        powers, element = [], 1
        while element not in powers:
            powers.append(element)
            top, rest = divmod(element, q // p)
            element = int(plus[rest * p, multiple[top]])
        if len(powers) == q - 1:
            return np.array(powers)
    msg = f"no primitive polynomial over {p} for {q}"  # cannot happen: every finite field has a primitive element
    raise AssertionError(msg)


def prime_of(q: int) -> int | None:
    """Return the prime of which q is a power, or None."""
    p = next((n for n in range(2, int(q**0.5) + 1) if q % n == 0), q)
    power = p
    while power < q:
        power *= p
    return p if q > 1 and power == q else None
