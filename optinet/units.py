# SPDX-License-Identifier: Apache-2.0
"""The unit of a quantity follows from the ending of its name.

One rule for catalogue keys, run files and tables, so that a name and its unit cannot disagree. Units are written as
UDUNITS does: ``Gbit s-1``, ``pJ bit-1``. The longest ending wins; a name without one is a plain number, unit ``1``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

UNIT_OF_SUFFIX: Mapping[str, str] = {
    "_gbps": "Gbit s-1",
    "_tbps": "Tbit s-1",
    "_gbit": "Gbit",
    "_gbaud": "GBd",
    "_ghz": "GHz",
    "_tflops": "TFLOPS",
    "_tflop": "TFLOP",
    "_gb": "GB",
    "_celsius": "degC",
    "_years": "year",
    "_s": "s",
    "_per_s": "s-1",
    "_per_s_per_user": "s-1",
    "_per_s_per_endpoint": "s-1",
    "_ms": "ms",
    "_us": "us",
    "_ns": "ns",
    "_hours": "h",
    "_m": "m",
    "_km": "km",
    "_nm": "nm",
    "_mm": "mm",
    "_inch": "inch",
    "_w": "W",
    "_mw": "mW",
    "_kw": "kW",
    "_kwh": "kW h",
    "_kwh_per_year": "kW h year-1",
    "_v": "V",
    "_db": "dB",
    "_dbm": "dBm",
    "_db_per_km": "dB km-1",
    "_db_per_m": "dB m-1",
    "_db_per_inch": "dB inch-1",
    "_ns_per_m": "ns m-1",
    "_tbps_per_mm": "Tbit s-1 mm-1",
    "_w_per_gbps": "W s Gbit-1",
    "_pj_per_bit": "pJ bit-1",
    "_j": "J",
    "_j_per_token": "J",
    "_usd": "USD",
    "_usd_per_million_tokens": "USD",
    "_usd_per_m": "USD m-1",
    "_usd_per_kwh": "USD kW-1 h-1",
    "_usd_per_gbps": "USD s Gbit-1",
    "_usd_per_year": "USD year-1",
    "_per_day": "day-1",
    "_fit": "FIT",
    "_fraction": "1",
    "_ratio": "1",
    "_index": "1",
    "_ber": "1",
}
"""Unit by ending. One FIT is one failure in 1e9 device hours; a fraction is 0 to 1, a ratio and an index any number."""

_SUFFIXES = sorted(UNIT_OF_SUFFIX, key=len, reverse=True)
_UNCOUNTED = tuple(suffix for suffix, unit in UNIT_OF_SUFFIX.items() if unit == "1")
_COUNTED = re.compile(r"_per_[a-z]+(_unit)?$")


@lru_cache(maxsize=1024)
def unit_of(name: str) -> str:
    """Return the unit that a name promises.

    A tail that counts things, such as ``_per_endpoint`` or ``_per_rack_unit``, does not change the unit.

    Parameters
    ----------
    name
        Name of a value, array or metric, for example ``energy_pj_per_bit``.

    Returns
    -------
    str
        A UDUNITS string; ``1`` for counts, fractions and all names without a known ending.
    """
    for suffix in _SUFFIXES:
        if f"_{name}".endswith(suffix):  # "fit" ends as "port_fit" does
            return UNIT_OF_SUFFIX[suffix]
    counted = _COUNTED.search(name)
    return unit_of(name[: counted.start()]) if counted else "1"


def is_fraction(name: str) -> bool:
    """Whether a name promises a share of something."""
    return name.endswith("_fraction")


def is_count(name: str) -> bool:
    """Whether a catalogue key promises a number of things: it has neither a unit nor is it a share or ratio."""
    return unit_of(name) == "1" and not name.endswith(_UNCOUNTED)
