# SPDX-License-Identifier: Apache-2.0
"""Monte Carlo draws of catalogue values."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from optinet.catalogue.schema import Value
from optinet.units import is_count


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
