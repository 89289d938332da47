# SPDX-License-Identifier: Apache-2.0
"""From what length of phases on it pays to set circuits anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from experiments.charts.lines import Curve, Curves, Floats

PHASE_METRICS = ("phase_length_s", "following_fraction", "staying_fraction", "break_even_s", "dark_ms")
_DRAWN = 400  # points of a curve between those that were computed


def break_even(cases: Sequence[str], metrics: Mapping[str, Floats], *, most: int) -> Curves:
    """Return what following a demand carries against the length of its phases: one curve for each design.

    The mark of a curve is where the design breaks even with staying.

    Parameters
    ----------
    cases
        The design of each run.
    metrics
        The `PHASE_METRICS` of each run, NaN for runs without phases; each of shape (n_runs,).
    most
        Curves shown, the longest dark time first.
    """
    length_s, following, staying, even_s, dark_ms = (metrics[name] for name in PHASE_METRICS)
    of_case: dict[str, list[int]] = {}
    for row in np.flatnonzero(np.isfinite(length_s) & np.isfinite(following)).tolist():
        of_case.setdefault(cases[row], []).append(row)
    ordered = sorted(of_case.items(), key=lambda item: -float(np.nan_to_num(dark_ms[item[1][0]])))
    curves = []
    for case, found in ordered[:most]:
        rows = sorted(found, key=lambda row: length_s[row])
        first = rows[0]
        at, dark_s = (float(even_s[first]), float(staying[first])), float(dark_ms[first]) * 1e-3
        note = f"{time_text(dark_s)} dark, pays from {time_text(at[0])}"
        between = _between(length_s[rows], following[rows], at, dark_s)
        curves.append(Curve(case, length_s[rows], following[rows], at, note, between))
    if curves:
        ends = [float(np.nanmin(length_s)), float(np.nanmax(length_s))]
        stay = float(staying[ordered[0][1][0]])
        curves.append(Curve("staying on an even mesh", np.array(ends), np.array([stay, stay])))
    return Curves(
        "Following a demand whose phases change",
        "Length of a phase, s",
        "Share of the demand carried",
        tuple(curves),
        log_x=True,
        y_range=(0.0, 1.0),
        left_out=max(0, len(ordered) - most),
    )


def _between(length_s: Floats, share: Floats, even: tuple[float, float], dark_s: float) -> tuple[Floats, Floats]:
    """Return the curve that goes through what was computed.

    While circuits are dark a share of the demand is carried, and then another: over a phase that is longer than the
    dark time the mean is straight in one over its length, over a shorter one it does not change (see
    `optinet.engineering.phases`). So it is between two lengths, and the corner and the break-even lie on it. Where the
    phases of a run are dark for different times the corner stands for all of them, at their mean.
    """
    known = dict(zip(length_s.tolist(), share.tolist(), strict=True))
    short = share[length_s <= dark_s]
    if len(short):
        known[dark_s] = float(short[-1])
    if length_s[0] < even[0] < length_s[-1] and even[0] > dark_s:
        known[even[0]] = even[1]
    x = np.array(sorted(known))
    drawn = np.union1d(x, np.geomspace(x[0], x[-1], _DRAWN).clip(x[0], x[-1]))
    return drawn, np.interp(-1.0 / drawn, -1.0 / x, np.array([known[each] for each in x.tolist()]))


def time_text(seconds: float) -> str:
    """Return a time in the unit that suits it; "never" where there is none."""
    if not np.isfinite(seconds):
        return "never"
    for unit, size in (("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
