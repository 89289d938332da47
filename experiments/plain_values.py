# SPDX-License-Identifier: Apache-2.0
"""Single values as text for people, and anything as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LEAST, _MOST = 1e-4, 1e15  # beyond them numbers are written with a power of ten
_MOST_DECIMALS = 6


def format_number(value: float, decimals: int = -1) -> str:
    """Return a number as charts and the viewer write it, with thousands separators; empty for a missing one.

    Parameters
    ----------
    value
        Any number; NaN gives an empty text.
    decimals
        Decimals to show; -1 shows four significant digits.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if decimals < 0:
        if value and not _LEAST <= abs(value) < _MOST:
            return powered(value)
        magnitude = math.floor(math.log10(abs(value))) if value else 0
        text = f"{value:,.{max(0, 3 - magnitude)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:,.{decimals}f}"
    return text.replace("-", "−")


def powered(value: float) -> str:
    """Return a number of up to four digits with a power of ten, such as 3×10⁻⁶."""
    digits, _, power = f"{value:.3e}".partition("e")
    digits = digits.rstrip("0").rstrip(".")
    text = raised(int(power))
    return (text if digits == "1" else f"{digits}×{text}").replace("-", "−")


def raised(power: int) -> str:
    """Return a power of ten, such as 10⁻⁵."""
    return f"10{str(power).translate(_RAISED)}"


def decimals_of(values: Sequence[float] | NDArray[np.float64]) -> int:
    """Return decimals for numbers that stand together, so that they can be compared at a glance.

    They are those of four digits of the largest, as many more as the least needs to have two, and no more than all
    have; -1, each its own four digits, where all are whole or one is too large or too small.
    """
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not len(sizes) or np.array_equal(sizes, np.round(sizes)):
        return -1
    least, largest = (math.floor(math.log10(float(end))) for end in (sizes.min(), sizes.max()))
    decimals = max(0, 3 - largest, 1 - least)
    if decimals > _MOST_DECIMALS or float(sizes.max()) >= _MOST:
        return -1
    shown = np.round(sizes, decimals)
    return next(
        fewer
        for fewer in range(decimals + 1)
        if fewer == decimals or np.allclose(np.round(shown, fewer), shown, rtol=1e-12)
    )


def percent_text(share: float, decimals: int = 1, *, signed: bool = False) -> str:
    """Return a share as percent; what misses a whole by little is not rounded to it."""
    text = f"{100 * share:{'+' if signed else ''},.{decimals}f}"
    if not signed and share < 1.0 and float(text.replace(",", "")) >= 100.0:
        return f"more than {100 - 10**-decimals:.{decimals}f} %"
    return f"{text} %"


def number_text(value: float) -> str:
    """Return a number with separators and six digits, - for none."""
    if not math.isfinite(value):
        return "-" if math.isnan(value) else str(value)
    is_whole = float(value).is_integer() or abs(value) >= 1e6
    return f"{rounded(value, 6):,.0f}" if is_whole and abs(value) < 1e15 else f"{value:,.6g}"


def rounded(value: float, digits: int) -> float:
    """Return a number of so many significant digits; a whole number keeps all of its own."""
    return value if float(value).is_integer() else float(f"{value:.{digits}g}")


def unit_text(unit: str) -> str:
    """Return a unit as a table shows it."""
    return "" if unit == "1" else unit


def interval_text(low: float, high: float, digits: int = 6) -> str:
    """Return the two ends of an interval with so many digits, nothing where there is none."""
    if math.isnan(low) or math.isnan(high) or low == high:
        return ""
    return f"{number_text(rounded(low, digits))} to {number_text(rounded(high, digits))}"


def to_json(value: Any) -> str:
    """Return a value as JSON text; numbers that are none are null."""
    return json.dumps(_plain(value), indent=1, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    """Return what JSON can hold: arrays as lists, and no value instead of NaN or infinity."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
