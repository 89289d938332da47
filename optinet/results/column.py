# SPDX-License-Identifier: Apache-2.0
"""One array of a run file, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BOOLEAN = ("no", "yes")


@dataclass(frozen=True)
class Column:
    """One array of a run file.

    Parameters
    ----------
    type
        "float" (float64, missing values are NaN), "int" (int32), "flag" (int8, one of `flags`) or "text" (UTF-8).
    dims
        Names of its dimensions; none for a single value.
    meaning
        One line for people.
    flags
        What the values 0, 1, ... of a flag stand for.
    """

    type: Literal["float", "int", "flag", "text"]
    dims: tuple[str, ...]
    meaning: str
    flags: tuple[str, ...] = ()


def real(meaning: str, *dims: str) -> Column:
    """Return a column of numbers."""
    return Column("float", dims, meaning)


def whole(meaning: str, *dims: str) -> Column:
    """Return a column of whole numbers."""
    return Column("int", dims, meaning)


def text(meaning: str, *dims: str) -> Column:
    """Return a column of texts."""
    return Column("text", dims, meaning)


def flag(meaning: str, *dims: str, flags: tuple[str, ...] = BOOLEAN) -> Column:
    """Return a column of values out of a few."""
    return Column("flag", dims, meaning, flags)
