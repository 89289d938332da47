# SPDX-License-Identifier: Apache-2.0
"""The filter text above the runs table: the language of `experiments.query`, over the runs that are open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.query import parse, passing, why_none
from gui.state.runs.columns import COLUMNS
from gui.state.runs.frame import Frame

_NUMBERS = frozenset(column.id for column in COLUMNS if column.numeric)
_TEXTS = frozenset(column.id for column in COLUMNS if not column.numeric)


@dataclass(frozen=True)
class FilterResult:
    """Which runs pass, shape (n_runs,), what is wrong with the filter (then every run passes), and why none passes."""

    keep: NDArray[np.bool_]
    problem: str = ""
    hint: str = ""


def apply(frame: Frame, text: str) -> FilterResult:
    """Return the runs for which all terms of `text` hold; a comparison half typed holds for all."""
    query = parse(text, frame.number_names | _NUMBERS, frame.text_names | _TEXTS)
    keep = passing(frame, query.terms)
    return FilterResult(keep, query.problem, "" if keep.any() else why_none(frame, query.terms))
