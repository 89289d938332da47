# SPDX-License-Identifier: Apache-2.0
"""Margin of a power budget over independent losses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erfc

from optinet.arguments import public
from optinet.errors import OptinetError, Problem
from optinet.models.values import Quantity, unwrapped


@dataclass(frozen=True)
class LinkMargin:
    """Margin of a power budget over independent losses.

    Parameters
    ----------
    mean_loss_db, sigma_db
        Mean and standard deviation of the total loss.
    margin_db
        Power budget minus mean loss.
    margin_3sigma_db
        The same minus three sigma.
    fail_fraction
        Share of single lanes whose loss is above the budget.
    """

    mean_loss_db: Quantity
    sigma_db: Quantity
    margin_db: Quantity
    margin_3sigma_db: Quantity
    fail_fraction: Quantity


@public
def link_margin(power_budget_db: Quantity, parts: Iterable[Sequence[Quantity]]) -> LinkMargin:
    """Return the margin of a power budget over independent, normally distributed losses.

    Parameters
    ----------
    power_budget_db
        What transmitter and receiver allow between them.
    parts
        (mean_loss_db, sigma_db, count) of every kind of part, sigma and count >= 0. Means and variances add up:

        ``mu = sum n_i mu_i``, ``sigma^2 = sum n_i sigma_i^2``, fail fraction ``erfc((B - mu) / (sqrt 2 sigma)) / 2``.

    Raises
    ------
    OptinetError
        Naming every number that is not finite, is negative where it must not be, or is missing.
    """
    parts = list(parts)
    problems = list(_margin_problems(power_budget_db, parts))
    if problems:
        raise OptinetError(problems)
    mean_loss_db: Quantity = 0.0
    variance: Quantity = 0.0
    for part_mean_db, part_sigma_db, count in parts:
        mean_loss_db = mean_loss_db + part_mean_db * count
        variance = variance + part_sigma_db**2 * count
    sigma_db = np.sqrt(variance)
    margin_db = power_budget_db - mean_loss_db
    # without spread all links are alike: none or every one of them fails
    spread = np.where(sigma_db > 0, sigma_db, 1.0)
    fail = np.where(
        sigma_db > 0, 0.5 * erfc(margin_db / spread / math.sqrt(2.0)), np.where(np.asarray(margin_db) < 0, 1.0, 0.0)
    )
    return LinkMargin(
        *(unwrapped(value) for value in (mean_loss_db, sigma_db, margin_db, margin_db - 3.0 * sigma_db, fail))
    )


def failing_links_fraction(
    margin_db: Quantity, lane_sigma_db: Quantity, fiber_sigma_db: Quantity, lanes_per_fiber: float, fibers: int
) -> Quantity:
    """Return the share of links with at least one lane whose loss is above the budget.

    The lanes on one fiber share what the fiber passes and have transmitters and receivers of their own; fibers share
    nothing. With z the deviation of what is shared, standard normal, and ``Phi`` its distribution,

    ``fiber ok = E_z Phi((M - sigma_f z) / sigma_l)^lanes``, ``link fails = 1 - ok^fibers``.

    The mean over z is a sum over 16 sigma, exact to many digits for a Gaussian integrand.

    Parameters
    ----------
    margin_db
        Margin of a lane with mean losses.
    lane_sigma_db, fiber_sigma_db
        Spread of what a lane has for itself, and of what the lanes on a fiber share, >= 0.
    lanes_per_fiber
        Lanes on one fiber, both directions together.
    fibers
        Fibers of a link.
    """
    z = np.linspace(-8.0, 8.0, 321)
    weight = np.exp(-z * z / 2)
    left_db = np.asarray(margin_db)[..., None] - np.asarray(fiber_sigma_db)[..., None] * z
    own_db = np.broadcast_to(np.asarray(lane_sigma_db, dtype=np.float64)[..., None], left_db.shape)
    with np.errstate(over="ignore"):  # next to no spread of its own
        spread = left_db / np.where(own_db > 0, own_db, 1.0)
    lane_fails = np.where(own_db > 0, 0.5 * erfc(spread / math.sqrt(2.0)), left_db < 0)
    with np.errstate(divide="ignore"):  # a fiber of which every lane fails
        fiber_fails = -np.expm1(lanes_per_fiber * np.log1p(-lane_fails)) @ (weight / weight.sum())
        return unwrapped(-np.expm1(fibers * np.log1p(-np.minimum(fiber_fails, 1.0))))


def _margin_problems(power_budget_db: Quantity, parts: Sequence[Sequence[Quantity]]) -> Iterator[Problem]:
    if not _is_finite(power_budget_db):
        yield Problem("power_budget_db", f"{power_budget_db}", "finite")
    for i, part in enumerate(parts):
        if not isinstance(part, Sequence | np.ndarray) or isinstance(part, str):
            yield Problem(f"parts[{i}]", f"{part!r}", "(mean_loss_db, sigma_db, count)")
            continue
        if len(part) != 3:
            yield Problem(f"parts[{i}]", f"{len(part)} entries", "(mean_loss_db, sigma_db, count)")
            continue
        for name, value, low in zip(("mean_loss_db", "sigma_db", "count"), part, (-np.inf, 0.0, 0.0), strict=True):
            if not (_is_finite(value) and np.all(np.asarray(value) >= low)):
                yield Problem(f"parts[{i}].{name}", f"{value}", "finite" if low < 0 else "finite, at least 0")


def _is_finite(value: Quantity) -> bool:
    numbers = np.asarray(value)
    return numbers.dtype.kind in "iuf" and bool(np.all(np.isfinite(numbers)))
