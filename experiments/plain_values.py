# SPDX-License-Identifier: Apache-2.0
"""Single values as text for people, and anything as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


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
