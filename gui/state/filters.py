# SPDX-License-Identifier: Apache-2.0
"""The filter text above the runs table.

Terms are separated by blanks and all must hold: ``word`` (anywhere in the texts of a run), ``column:word`` (in that
column), ``metric<number`` and likewise ``<=``, ``>``, ``>=``, ``=``. A term in double quotes may hold blanks; ``-`` in
front turns a term around.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gui.state.columns import Column
from gui.state.runs import RunEntry
from optinet.errors import nearest_name

_TERM = re.compile(r'(-?)((?:[^\s"]|"[^"]*"?)+)')
_COMPARISON = re.compile(r"([A-Za-z_]\w*)(<=|>=|<|>|=)(.*)")
_FIELD = re.compile(r"([A-Za-z_]\w*):(.*)")
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
        self._columns = {column.id: column for column in columns}
        self._texts: dict[str, list[str]] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}

    def apply(self, text: str) -> FilterResult:
        """Return the runs for which all terms of `text` hold."""
        keep = np.ones(len(self._entries), dtype=bool)
        for minus, term in _TERM.findall(text):
            found = self._term(term.replace('"', ""))
            if isinstance(found, str):
                return FilterResult(np.ones(len(self._entries), dtype=bool), found)
            keep &= ~found if minus else found
        return FilterResult(keep)

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
                self._texts[name] = ["\n".join(entry.texts.values()).lower() for entry in self._entries]
        return self._texts[name]

    def _term(self, term: str) -> NDArray[np.bool_] | str:
        if match := _COMPARISON.fullmatch(term):
            name, symbol, limit = match.groups()
            return self._unknown(name, numeric=True) or self._compare(name, symbol, limit)
        if match := _FIELD.fullmatch(term):
            name, word = match.groups()
            return self._unknown(name, numeric=False) or self._contains(name, word)
        return self._contains("", term)

    def _compare(self, name: str, symbol: str, limit: str) -> NDArray[np.bool_] | str:
        try:
            number = float(limit)
        except ValueError:
            # a number being typed is no mistake yet
            return f"'{name}{symbol}{limit}' needs a number" if limit.strip("+-.") else self._contains("", "")
        return _OPERATORS[symbol](self.numbers(name), number)

    def _contains(self, name: str, word: str) -> NDArray[np.bool_]:
        low = word.lower()
        return np.fromiter((low in text for text in self.texts(name)), dtype=bool, count=len(self._entries))

    def _unknown(self, name: str, *, numeric: bool) -> str:
        column = self._columns.get(name)
        if column is not None and column.numeric == numeric:
            return ""
        allowed = [column.id for column in self._columns.values() if column.numeric == numeric]
        near = nearest_name(name, allowed)
        hint = f"; did you mean '{near}'?" if near else f"; there are {', '.join(allowed[:8])} ..."
        return f"no {'number' if numeric else 'text'} column '{name}'{hint}"
