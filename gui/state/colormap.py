# SPDX-License-Identifier: Apache-2.0
"""How values become one of a fixed number of colors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_COLORS = 64


@dataclass(frozen=True)
class ColorScale:
    """A range of values divided evenly into `N_COLORS` colors; values outside take the color at the end.

    Parameters
    ----------
    low, high
        Ends of the range, low < high.
    """

    low: float = 0.0
    high: float = 1.0

    @classmethod
    def of(cls, values: NDArray[np.float64], at_least: float = 0.0) -> ColorScale:
        """Return the scale from zero to the largest finite value or `at_least`; zero to one where all are zero."""
        finite = values[np.isfinite(values)]
        high = max(float(finite.max(initial=0.0)), at_least)
        return cls(0.0, high if high > 0 else 1.0)

    def bins(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the color index of each value, 0 to N_COLORS - 1; a missing value takes the lowest."""
        share = (np.nan_to_num(values, nan=self.low, posinf=self.high) - self.low) / (self.high - self.low)
        return np.clip(share * N_COLORS, 0, N_COLORS - 1).astype(np.int64)

    def fraction(self, value: float) -> float:
        """Return where a value stands in the range, 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def ticks(self, wanted: int = 5) -> list[float]:
        """Return about `wanted` round values inside the range (steps of 1, 2 or 5 times a power of ten)."""
        raw = (self.high - self.low) / max(wanted, 1)
        power = 10.0 ** math.floor(math.log10(raw))
        step = power * next(m for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]
