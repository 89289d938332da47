# SPDX-License-Identifier: Apache-2.0
"""Curves over one axis, and which of them are drawn as one line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
SAME = " = "  # between the names of curves that are one line
_LINE_SHARE = 1 / 400  # of the range of a chart: about as wide as a line is drawn


@dataclass(frozen=True, eq=False)
class Curve:
    """One line.

    Parameters
    ----------
    label
        Of the line.
    x, y
        Shape (n_points,), x ascending.
    mark
        A point of it that matters; NaN for none.
    note
        What else its legend says.
    between
        Where it goes through those points, x and y, if not straight from one to the next.
    """

    label: str
    x: Floats
    y: Floats
    mark: tuple[float, float] = (math.nan, math.nan)
    note: str = ""
    between: tuple[Floats, Floats] | None = None


@dataclass(frozen=True)
class Line:
    """Curves that coincide, drawn as one.

    Parameters
    ----------
    label
        Names all of them.
    rows
        Which they are.
    curve
        The first of them.
    """

    label: str
    rows: tuple[int, ...]
    curve: Curve


@dataclass(frozen=True, eq=False)
class Curves:
    """Lines over one axis.

    Parameters
    ----------
    title, x_label, y_label
        With units.
    curves
        The lines.
    log_x
        Whether the axis is logarithmic.
    stepped
        Whether a value holds from its x until the next, as in a cumulative distribution.
    y_range
        Range of the values that is always shown.
    left_out
        Lines that are not shown.
    x_range
        Range of x that is always shown; never of a logarithmic axis.
    """

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    log_x: bool = False
    stepped: bool = False
    y_range: tuple[float, float] | None = None
    left_out: int = 0
    x_range: tuple[float, float] | None = None

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """What is drawn: each curve, those that cannot be told apart as one line with all their names."""
        groups: list[list[int]] = []
        room = self._room()
        for i, curve in enumerate(self.curves):
            alike = next((each for each in groups if self._coincide(self.curves[each[0]], curve, room)), None)
            groups.append([i]) if alike is None else alike.append(i)
        return tuple(Line(self._named(rows), tuple(rows), self.curves[rows[0]]) for rows in groups)

    def path(self, curve: Curve) -> tuple[Floats, Floats]:
        """Return the points that are joined to draw a curve; a step is two of them."""
        x, y = curve.between or (curve.x, curve.y)
        if self.stepped and len(y):
            start = 0.0 if y[-1] >= y[0] else y[0]  # what rises begins at nothing
            x, y = np.repeat(x, 2), np.concatenate(([start], np.repeat(y, 2)[:-1]))
        return x, y

    def is_dotted(self, curve: Curve) -> bool:
        """Return whether what was computed is marked: where the line does not show it."""
        return curve.between is not None or (len(curve.x) == 1 and not self.stepped)

    def _named(self, rows: Sequence[int]) -> str:
        curves = [self.curves[i] for i in rows]
        told = f"{SAME.join(curve.label for curve in curves)}{' (same line)' if len(curves) > 1 else ''}"
        notes = dict.fromkeys(curve.note for curve in curves if curve.note)
        return f"{told}: {' / '.join(notes)}" if notes else told

    def _room(self) -> tuple[float, float]:
        """Return how far along and up curves may be from each other and still be one line on a screen."""
        room = []
        for values in ([self.along(c.x) for c in self.curves], [c.y for c in self.curves]):
            known = np.concatenate([*values, np.zeros(0)])
            known = known[np.isfinite(known)]
            room.append(_LINE_SHARE * float(np.ptp(known)) if len(known) else 0.0)
        return room[0], room[1]

    def _coincide(self, one: Curve, other: Curve, room: tuple[float, float]) -> bool:
        if one.x.shape != other.x.shape:
            return False
        pairs = (
            (self.along(one.x), self.along(other.x), room[0]),
            (one.y, other.y, room[1]),
            (self.along(np.array(one.mark[:1])), self.along(np.array(other.mark[:1])), room[0]),
        )
        return all(np.allclose(a, b, rtol=1e-9, atol=least, equal_nan=True) for a, b, least in pairs)

    def along(self, x: Floats) -> Floats:
        """Return where values lie along the axis: on a logarithmic one their power of ten, NaN where there is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(x > 0, np.log10(x), np.nan) if self.log_x else x
