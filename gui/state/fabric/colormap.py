# SPDX-License-Identifier: Apache-2.0
"""How values become one of a fixed number of colors."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_COLORS = 64
LOG_DECADES = 4.0  # a logarithmic range whose lowest value is 0 begins so far below its end


@dataclass(frozen=True)
class ColorScale:
    """A range of values divided evenly into `N_COLORS` colors; values outside take the color at the end.

    Parameters
    ----------
    low, high
        Ends of the range, low < high.
    log
        Divide the logarithms evenly; then low > 0.
    """

    low: float = 0.0
    high: float = 1.0
    log: bool = False

    @classmethod
    def of(cls, values: NDArray[np.float64], at_least: float = 0.0, *, log: bool = False) -> ColorScale:
        """Return the scale from zero, or below it where values are, to the largest finite value or `at_least`.

        A logarithmic one begins at the smallest value above zero, four decades below the end at the most. Without any
        value but zeros the scale is zero to one.
        """
        finite = values[np.isfinite(values)]
        high = max(float(finite.max(initial=0.0)), at_least)
        if log:
            high = high if high > 0 else 1.0
            low = float(finite[finite > 0].min(initial=high))
            low = max(low, high / 10**LOG_DECADES)
            return cls(low if low < high else high / 10, high, True)
        low = min(float(finite.min(initial=0.0)), 0.0)
        return cls(low, high if high > low else low + 1.0)

    @classmethod
    def union(cls, scales: Iterable[ColorScale]) -> ColorScale:
        """Return the scale that holds all of these."""
        every = tuple(scales)
        return cls(min(s.low for s in every), max(s.high for s in every), any(s.log for s in every))

    def bins(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the color index of each value, 0 to N_COLORS - 1; a missing value takes the lowest."""
        filled = np.nan_to_num(values, nan=self.low, posinf=self.high, neginf=self.low)
        share = self._share(np.maximum(filled, self.low))
        return np.clip(share * N_COLORS, 0, N_COLORS - 1).astype(np.int64)

    def fraction(self, value: float) -> float:
        """Return where a value stands in the range, 0 to 1."""
        return float(np.clip(self._share(np.array(max(value, self.low))), 0.0, 1.0))

    def ticks(self, wanted: int = 5) -> list[float]:
        """Return about `wanted` round values inside the range (steps of 1, 2 or 5 times a power of ten)."""
        if self.log:
            return self._log_ticks()
        raw = (self.high - self.low) / max(wanted, 1)
        power = 10.0 ** math.floor(math.log10(raw))
        step = power * next(m for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]

    def stretched(self, low: float, high: float) -> ColorScale:
        """Return the same kind of scale over another range."""
        return dataclasses.replace(self, low=low, high=high)

    def _log_ticks(self) -> list[float]:
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1, 2, 5) if self.high / self.low < 200 else (1,)
        values = [step * 10.0**decade for decade in decades for step in steps]
        inside = [v for v in values if self.low * 0.999 <= v <= self.high * 1.001]
        return inside or [self.low, self.high]

    def _share(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.log:
            return np.asarray(np.log(values / self.low) / math.log(self.high / self.low))
        return np.asarray((values - self.low) / (self.high - self.low))
