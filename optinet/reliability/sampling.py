# SPDX-License-Identifier: Apache-2.0
r"""Drawing states of failure so that rare ones are seen, with their exact probability.

States are sorted into strata by how many risks are down and by the gravest cause among them (that whose risks take most
down). With N_c ~ Bin(n_c, q_c) failures of cause c, causes in order of gravity, the probability of k failures of which
the gravest is of cause c is

.. math:: P(c, k) = \sum_{j=1}^{k} P(N_c = j)\,f_{c-1}(k - j) \prod_{d > c} (1 - q_d)^{n_d},
          \qquad f_c = \mathrm{Bin}(n_1, q_1) * \dots * \mathrm{Bin}(n_c, q_c),

exactly. Inside a stratum states are drawn from their conditional distribution, cause by cause backwards through the
convolutions; a stratum of one failure with no more risks than draws is gone through in full. A state stands for
P / n of the time when n were drawn in its stratum of probability P. Draws are dealt out in proportion to the root of
P, each stratum that happens more than `RARE` of the time getting some. What is rarer is not looked at, and counts as
carrying nothing.

The estimate of the fraction of time in which a property holds is the stratified one, with variance
:math:`\sum_s P_s^2\,p_s (1 - p_s) / n_s`; p_s is taken as (y + 1) / (n + 2), so that a stratum in which all draws
agree is not thought certain (W. G. Cochran, Sampling Techniques, 3rd ed., chapter 5; A. Agresti and B. Coull, 1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optinet.reliability.risks import Floats, Ints, Risks

RARE = 1e-7
"""Probability below which a stratum is not looked at: a hundredth of what 99.999 % leaves."""
_MOST_FAILED = 400


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

    def fraction(self, holds: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[float, float]:
        """Return the fraction of time in which a property holds, and its standard error.

        Parameters
        ----------
        holds
            shape (n_states,). It does not hold where nothing was looked at.
        """
        yes = np.bincount(self.stratum, holds, len(self.stratum_size))
        n = self.stratum_size
        guarded = (yes + 1.0) / (n + 2.0)
        variance = np.where(self.stratum_is_whole, 0.0, self.stratum_fraction**2 * guarded * (1.0 - guarded) / n)
        return float(self.weight @ holds), float(np.sqrt(variance.sum()))

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
    root = np.sqrt(chosen)
    size = np.maximum(np.rint(n_samples * root / max(root.sum(), 1e-300)).astype(np.int64), 1)
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
