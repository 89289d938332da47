# SPDX-License-Identifier: Apache-2.0
"""The filter text above the runs table: the language of `experiments.query`, over the runs that are open."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.query import Term, parse
from gui.state.columns import COLUMNS
from gui.state.frame import Frame

_OPERATORS: dict[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_NUMBERS = frozenset(column.id for column in COLUMNS if column.numeric)
_TEXTS = frozenset(column.id for column in COLUMNS if not column.numeric)


@dataclass(frozen=True)
class FilterResult:
    """Which runs pass, shape (n_runs,), and what is wrong with the filter (then it lets every run pass)."""

    keep: NDArray[np.bool_]
    problem: str = ""


def apply(frame: Frame, text: str) -> FilterResult:
    """Return the runs for which all terms of `text` hold; a comparison half typed holds for all."""
    keep = np.ones(len(frame), dtype=bool)
    query = parse(text, frame.number_names | _NUMBERS, frame.text_names | _TEXTS)
    for term in query.terms:
        keep &= _matches(frame, term) != term.negated
    return FilterResult(keep, query.problem)


def _matches(frame: Frame, term: Term) -> NDArray[np.bool_]:
    if term.number is not None:
        return _OPERATORS[term.symbol](frame.numbers(term.name), term.number)
    texts = frame.folded(term.name)
    if term.symbol == "=":
        found = (text == term.text != "" for text in texts)
    else:
        found = (text != "" and term.text in text for text in texts)  # `name:` finds the runs that have the text
    return np.fromiter(found, dtype=bool, count=len(texts))
