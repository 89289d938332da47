# SPDX-License-Identifier: Apache-2.0
"""Catalogue values as arrays: random draws from their ranges, or each value in turn at the ends of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optinet.catalogue.schema import Value
from optinet.units import is_count


class Variation(Protocol):
    """What gives every catalogue value an array."""

    def of(self, component: str, key: str, value: Value) -> NDArray[np.float64]:
        """Return the values one entry takes, all arrays of one length."""


@dataclass(frozen=True)
class OneAtATime:
    """Each of some values at the low and the high end of its range while all others are as listed.

    So the models tell in one call what each value does to each result.

    Parameters
    ----------
    keys
        The (component, key) pairs that vary. Entry ``2 i`` of every array has value i at its low end, entry
        ``2 i + 1`` at its high end; the last entry has all values as listed.
    """

    keys: Sequence[tuple[str, str]]

    def of(self, component: str, key: str, value: Value) -> NDArray[np.float64]:
        """Return the values one entry takes, shape (2 n_keys + 1,)."""
        taken = np.full(2 * len(self.keys) + 1, value.value)
        place = self._places.get((component, key))
        if place is not None:
            taken[2 * place : 2 * place + 2] = value.low, value.high
        return taken

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {key: place for place, key in enumerate(self.keys)}


@dataclass(frozen=True)
class Draws:
    """Draws every value independently from a triangular distribution: low, most likely, high.

    The random stream of a value depends on the seed and on the value's own name alone, so a component more or less in
    the catalogue changes no other draw, and neither does a scenario that sets another value. Counts are rounded.

    Parameters
    ----------
    n_draws
        Draws of each value.
    seed
        Seed of all streams.
    """

    n_draws: int
    seed: int
    _drawn: dict[tuple[str, float, float, float], NDArray[np.float64]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def of(self, component: str, key: str, value: Value) -> NDArray[np.float64]:
        """Return the draws of one value, shape (n_draws,), in its unit, read-only."""
        name = f"{component}.{key}"
        known = (
            name,
            value.low,
            value.value,
            value.high,
        )  # variants of a catalogue share draws but may differ in a value
        if known not in self._drawn:
            drawn = self._draw(name, value)
            drawn = np.rint(drawn) if is_count(key) else drawn
            drawn.flags.writeable = False
            self._drawn[known] = drawn
        return self._drawn[known]

    def _draw(self, name: str, value: Value) -> NDArray[np.float64]:
        if value.low == value.high:
            return np.full(self.n_draws, value.value)
        digest = sha256(f"{self.seed}:{name}".encode()).digest()
        stream = np.random.default_rng(int.from_bytes(digest[:16], "big"))
        return stream.triangular(value.low, value.value, value.high, self.n_draws)
