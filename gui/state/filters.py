# SPDX-License-Identifier: Apache-2.0
"""The filter text above the runs table: the language of `experiments.query`, over the runs that are open."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.query import Term, parse
from gui.state.columns import Column
from gui.state.runs import RunEntry

_OPERATORS: dict[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


@dataclass(frozen=True)
class FilterResult:
    """Which runs pass, shape (n_runs,), and what is wrong with the filter (then it lets every run pass)."""

    keep: NDArray[np.bool_]
    problem: str = ""


class RunFilter:
    """Filters one fixed list of runs; the texts are joined once so that every keystroke is quick."""

    def __init__(self, entries: Sequence[RunEntry], columns: Sequence[Column]) -> None:
        self._entries = entries
        self._number_names = {column.id for column in columns if column.numeric}.union(*(e.numbers for e in entries))
        self._text_names = {column.id for column in columns if not column.numeric}.union(*(e.texts for e in entries))
        self._texts: dict[str, list[str]] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}

    def apply(self, text: str) -> FilterResult:
        """Return the runs for which all terms of `text` hold; a comparison half typed holds for all."""
        keep = np.ones(len(self._entries), dtype=bool)
        query = parse(text, self._number_names, self._text_names)
        for term in query.terms:
            keep &= self._matches(term) != term.negated
        return FilterResult(keep, query.problem)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return the metric `name` of every run, NaN where it is missing."""
        if name not in self._numbers:
            self._numbers[name] = np.array([entry.numbers.get(name, np.nan) for entry in self._entries], dtype=float)
        return self._numbers[name]

    def texts(self, name: str) -> list[str]:
        """Return the text `name` of every run in lower case; an empty name gives all texts of a run joined."""
        if name not in self._texts:
            if name:
                self._texts[name] = [entry.texts.get(name, "").lower() for entry in self._entries]
            else:
                self._texts[name] = [entry.words for entry in self._entries]
        return self._texts[name]

    def _matches(self, term: Term) -> NDArray[np.bool_]:
        if term.number is not None:
            return _OPERATORS[term.symbol](self.numbers(term.name), term.number)
        texts = self.texts(term.name)
        if term.symbol == "=":
            found = (text == term.text != "" for text in texts)
        else:
            found = (text != "" and term.text in text for text in texts)  # `name:` finds the runs that have the text
        return np.fromiter(found, dtype=bool, count=len(self._entries))
