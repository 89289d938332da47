# SPDX-License-Identifier: Apache-2.0
r"""Drawing states of failure so that rare ones are seen, with their exact probability.

States are sorted into strata by how many risks are down and by the gravest cause among them (that whose risks take most
down). With N_c ~ Bin(n_c, q_c) failures of cause c, causes in order of gravity, the probability of k failures of which
the gravest is of cause c is

.. math:: P(c, k) = \sum_{j=1}^{k} P(N_c = j)\,f_{c-1}(k - j) \prod_{d > c} (1 - q_d)^{n_d},
          \qquad f_c = \mathrm{Bin}(n_1, q_1) * \dots * \mathrm{Bin}(n_c, q_c),

exactly. Inside a stratum states are drawn from their conditional distribution, cause by cause backwards through the
convolutions; a stratum of one failure with no more risks than draws is gone through in full. A state stands for
P / n of the time when n were drawn in its stratum of probability P. Draws are dealt out in proportion to
:math:`P^{2/3}`, for which :math:`\sum (P/n)^2` is least: what strata in which all draws agree leave open. Each stratum
that happens more than `RARE` of the time gets some. What is rarer is not looked at, and counts as carrying nothing.

The fraction of time in which a property holds is 1 - y, y being the sum of the weights :math:`w_i` of the states in
which it does not. The interval of y is that of a weighted sum of rare counts (M. P. Fay and E. J. Feuer, Confidence
intervals for directly standardized rates: a method based on the gamma distribution, Statistics in Medicine 16, 1997):
with :math:`v = \sum w_i^2` and the largest weight :math:`w_M`,

.. math:: \frac{v}{y}\,\Gamma^{-1}_{y^2/v}(0.05)
          \quad\text{to}\quad
          \frac{v'}{y'}\,\Gamma^{-1}_{y'^2/v'}(0.95), \qquad y' = y + w_M,\ v' = v + w_M^2,

which is that of a Poisson count when all weights are equal: 3.0 w if the property held in all draws. It covers at least
as often as it says. Strata gone through in full add nothing to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv

from optinet.reliability.risks import Floats, Ints, Risks

RARE = 1e-7
"""Probability below which a stratum is not looked at: a hundredth of what 99.999 % leaves."""
TAIL = 0.05
"""Probability that a fraction of time lies beyond either end of its interval."""
_MOST_FAILED = 400


class Share(NamedTuple):
    """A fraction of the time and its 5 to 95 % interval, of the draws alone."""

    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Standard error, as a normal distribution with this interval has it."""
        return (self.high - self.low) / (2.0 * 1.645)


@dataclass(frozen=True, eq=False)
class States:
    """States of failure with the fraction of time that each stands for.

    Parameters
    ----------
    failed
        For every state the risks that are down.
    weight
        shape (n_states,): fraction of the time; with `unseen_fraction` they sum to 1.
    stratum
        shape (n_states,): stratum of each.
    stratum_fraction, stratum_size, stratum_is_whole
        shape (n_strata,): probability, draws, and whether they are all the states there are.
    unseen_fraction
        Probability of all strata that were not looked at.
    """

    failed: tuple[Ints, ...]
    weight: Floats
    stratum: Ints
    stratum_fraction: Floats
    stratum_size: Ints
    stratum_is_whole: np.ndarray[tuple[int], np.dtype[np.bool_]]
    unseen_fraction: float

    def fraction(self, holds: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Share:
        """Return the fraction of time in which a property holds.

        Parameters
        ----------
        holds
            shape (n_states,). Where nothing was looked at it does not hold; at the high end of the interval it does.
        """
        drawn = ~self.stratum_is_whole[self.stratum]
        missing = self.weight[~holds & drawn]
        y, v, most = float(missing.sum()), float(missing @ missing), float(self.weight[drawn].max(initial=0.0))
        y_low = v / y * float(gammaincinv(y * y / v, TAIL)) if len(missing) else 0.0
        y_high = 0.0
        if most > 0.0:
            y, v = y + most, v + most * most
            y_high = min(v / y * float(gammaincinv(y * y / v, 1.0 - TAIL)), float(self.weight[drawn].sum()))
        value = float(self.weight @ holds)
        known = value + float(missing.sum())
        return Share(value, max(0.0, known - y_high), min(1.0, known - y_low + self.unseen_fraction))

    def mean(self, value: Floats) -> float:
        """Return the mean over time of a value, 0 where nothing was looked at."""
        return float(self.weight @ value)


def draw_states(risks: Risks, n_samples: int, seed: int = 0) -> States:
    """Draw states of failure, the intact one first.

    Parameters
    ----------
    risks
        What may fail.
    n_samples
        States with a failure, about: fewer where a stratum is gone through in full, more where there are more strata.
    seed
        Of the draws.
    """
    counts = _Counts(risks)
    rng = np.random.default_rng(seed)
    fraction = counts.strata()
    cause, k = np.nonzero(fraction >= RARE)
    chosen = fraction[cause, k]
    part = np.cbrt(chosen) ** 2
    size = np.maximum(np.rint(n_samples * part / max(part.sum(), 1e-300)).astype(np.int64), 1)
    population = np.array([risks.causes[c].count for c in cause], dtype=np.int64)
    whole = (k == 1) & (size >= population)
    size = np.where(k == 1, np.minimum(size, population), size)
    failed: list[Ints] = [np.zeros(0, dtype=np.int64)]
    for c, count, n in zip(cause, k, size, strict=True):
        failed += counts.draw(int(c), int(count), int(n), rng)
    intact = counts.intact
    size, chosen = np.concatenate(([1], size)), np.concatenate(([intact], chosen))
    stratum = np.repeat(np.arange(len(size)), size)
    return States(
        failed=tuple(failed),
        weight=(chosen / size)[stratum],
        stratum=stratum,
        stratum_fraction=chosen,
        stratum_size=size,
        stratum_is_whole=np.concatenate(([True], whole)),
        unseen_fraction=max(0.0, 1.0 - float(chosen.sum())),
    )


def binomial(n: int, q: float, most: int) -> Floats:
    """Return the probability of 0, 1, ... `most` failures among n risks, each down for a fraction q of the time."""
    k = np.arange(1, min(n, most) + 1)
    log_ways = np.concatenate(([0.0], np.cumsum(np.log(n - k + 1) - np.log(k))))
    failed = np.arange(len(log_ways))
    found = np.exp(log_ways + failed * np.log(q) + (n - failed) * np.log1p(-q))
    return np.pad(found, (0, most + 1 - len(found)))


class _Counts:
    """How many risks of each cause are down at once; row 0 of `prefix` is of no cause, row c of the first c."""

    def __init__(self, risks: Risks) -> None:
        self._risks = risks
        mean = sum(cause.count * cause.down_fraction for cause in risks.causes)
        self.most = int(min(len(risks), _MOST_FAILED, np.ceil(mean + 8.0 * np.sqrt(mean) + 8)))
        self.own = [binomial(cause.count, cause.down_fraction, self.most) for cause in risks.causes]
        prefix = [np.eye(1, self.most + 1)[0]]
        for pmf in self.own:
            prefix.append(np.convolve(prefix[-1], pmf)[: self.most + 1])
        self.prefix = prefix

    @property
    def intact(self) -> float:
        """Probability that nothing is down."""
        return float(self.prefix[-1][0])

    def strata(self) -> Floats:
        """Return the probability of k failures of which the gravest is of cause c; shape (n_causes, most + 1)."""
        found, graver_up = np.zeros((len(self.own), self.most + 1)), 1.0
        for c in reversed(range(len(self.own))):
            some = np.where(np.arange(self.most + 1) > 0, self.own[c], 0.0)
            found[c] = np.convolve(self.prefix[c], some)[: self.most + 1] * graver_up
            graver_up *= self.own[c][0]
        return found

    def draw(self, cause: int, k: int, n: int, rng: np.random.Generator) -> list[Ints]:
        """Draw n states of k failures, the gravest of a cause."""
        causes, first = self._risks.causes, self._risks.first
        if k == 1:
            return [np.array([first[cause] + i]) for i in rng.permutation(causes[cause].count)[:n]]
        left = np.full(n, k)
        picks: list[list[Ints]] = [[] for _ in range(n)]
        for c in range(cause, -1, -1):
            number = self._number(c, left, rng, at_least=int(c == cause))
            for i in np.flatnonzero(number):
                picks[i].append(first[c] + rng.choice(causes[c].count, int(number[i]), replace=False, shuffle=False))
            left = left - number
            if not left.any():
                break
        return [np.concatenate(each) for each in picks]

    def _number(self, c: int, left: Ints, rng: np.random.Generator, at_least: int) -> Ints:
        """Draw how many of the failures left are of cause c, the others being of the causes before."""
        number = np.zeros(len(left), dtype=np.int64)
        for total in np.unique(left[left > 0]):
            j = np.arange(at_least, total + 1)
            chance = self.own[c][j] * self.prefix[c][total - j]
            here = left == total
            number[here] = rng.choice(j, int(here.sum()), p=chance / chance.sum())
        return number
