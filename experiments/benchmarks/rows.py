# SPDX-License-Identifier: Apache-2.0
"""One line of the comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.benchmarks.measure import Measurement


@dataclass(frozen=True)
class Target:
    """What is asked of a row; None asks nothing.

    Parameters
    ----------
    ratio
        Least ratio of the peer's time to optinet's.
    seconds, peak_mb
        Most that optinet may take.
    difference
        Largest relative difference of the answers.
    """

    ratio: float | None = None
    seconds: float | None = None
    peak_mb: float | None = None
    difference: float = 1e-6

    def __str__(self) -> str:
        asked = []
        if self.ratio is not None:
            asked.append(f">= {self.ratio:g} x")
        if self.seconds is not None:
            asked.append(f"< {seconds_text(self.seconds)}")
        if self.peak_mb is not None:
            asked.append(f"< {self.peak_mb / 1000:g} GB")
        return ", ".join(asked)


@dataclass(frozen=True)
class Row:
    """Some work, done by a peer and by optinet.

    Parameters
    ----------
    work
        What was done, on what.
    peer
        Name and version; with "absent" if it is not installed; empty if the row has none.
    peer_s
        Its time; None if it did not run.
    ours
        optinet's measurement.
    target
        What is asked.
    difference
        Largest relative difference between the answers; None if there was nothing to compare with.
    compared
        What `difference` is about.
    """

    work: str
    peer: str
    peer_s: float | None
    ours: Measurement
    target: Target = Target()
    difference: float | None = None
    compared: str = ""

    @property
    def ratio(self) -> float | None:
        """The peer's time over optinet's."""
        return None if self.peer_s is None else self.peer_s / self.ours.seconds

    @property
    def met(self) -> bool | None:
        """Whether all that is asked holds; None if nothing is asked or a peer that it takes is absent."""
        if self.difference is not None and not self.difference <= self.target.difference:
            return False
        checks: list[bool] = []
        if self.target.ratio is not None:
            if self.ratio is None:
                return None
            checks.append(self.ratio >= self.target.ratio)
        if self.target.seconds is not None:
            checks.append(self.ours.seconds < self.target.seconds)
        if self.target.peak_mb is not None:
            checks.append(self.ours.peak_mb < self.target.peak_mb)
        return all(checks) if checks else None


def peer_name(name: str, version: str | None) -> str:
    """Return how a row calls a peer."""
    return f"{name} {version}" if version else f"{name} (absent)"


def relative_difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the largest difference relative to the larger of the two numbers; infinite if shapes differ."""
    if a.shape != b.shape:
        return np.inf
    scale = np.maximum(np.abs(a), np.abs(b))
    apart = np.divide(np.abs(a - b), scale, out=np.zeros_like(scale), where=scale > 0)
    return float(apart.max(initial=0.0))


def seconds_text(seconds: float) -> str:
    """Return a time with three digits and a unit."""
    if seconds == np.inf:
        return "stopped"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} us"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
