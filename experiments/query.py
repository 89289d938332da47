# SPDX-License-Identifier: Apache-2.0
"""The filter language for runs, of ``optinet runs`` and of the viewer.

Terms are separated by blanks and all must hold:

- ``word``: anywhere in the texts of a run
- ``name:word``: in that text, such as ``topology:torus``, ``tag:paper``, ``design.optics:lpo``; ``tag:`` alone finds
  the runs that have one
- ``name=text``: that text and nothing else
- ``name<number`` and likewise ``<=``, ``>``, ``>=``, ``=``: a metric or a number of the scenario, such as
  ``network_kw<500``, ``topology.leaves>=16``

A term in double quotes may hold blanks; ``-`` in front turns a term around. Case makes no difference. A run without the
number or text does not match, so ``-name<5`` finds it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from experiments.facts import ALIASES
from optinet.errors import nearest_name
from optinet.validation import is_number

Symbol: TypeAlias = Literal["word", ":", "<", "<=", ">", ">=", "="]

_TERM = re.compile(r'(-?)((?:[^\s"]|"[^"]*"?)+)')
_COMPARISON = re.compile(r"([A-Za-z_][\w.]*)(<=|>=|<|>|=)(.*)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z_][\w.]*):(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_BEGINNING_OF_NUMBER = re.compile(r"[+-]?\.?")
_MOST_LISTED = 8
_MOST_COMPARED = 2000  # texts that one which is in none of them is compared with
_OPERATORS: dict[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


@dataclass(frozen=True)
class Term:
    """One term of a filter.

    Parameters
    ----------
    negated
        Whether it is turned around.
    symbol
        What kind of term it is.
    name
        Of the text or number; empty for a bare word.
    text
        What is looked for, in lower case.
    number
        The limit of a comparison of numbers; None for texts.
    """

    negated: bool
    symbol: Symbol
    name: str
    text: str
    number: float | None = None


@dataclass(frozen=True)
class Query:
    """A filter that has been read.

    Parameters
    ----------
    terms
        What must hold.
    problem
        What is wrong with it; empty if nothing is.
    unfinished
        The terms that are the beginning of a comparison, as while somebody is typing.
    """

    terms: tuple[Term, ...]
    problem: str = ""
    unfinished: tuple[str, ...] = ()


def parse(text: str, numbers: Collection[str], texts: Collection[str]) -> Query:
    """Read a filter.

    Parameters
    ----------
    text
        What the user typed.
    numbers, texts
        The names that runs have.
    """
    terms: list[Term] = []
    unfinished: list[str] = []
    for minus, quoted in _TERM.findall(text):
        term = _term(minus == "-", quoted.replace('"', ""), numbers, texts)
        if isinstance(term, str):
            return Query((), term)
        if term is None:
            unfinished.append(quoted)
        else:
            terms.append(term)
    return Query(tuple(terms), "", tuple(unfinished))


def _term(negated: bool, text: str, numbers: Collection[str], texts: Collection[str]) -> Term | str | None:
    """Return a term, what is wrong with it, or None for the beginning of a comparison."""
    if match := _COMPARISON.fullmatch(text):
        given, limit = match[1], match[3]
        symbol = cast("Symbol", match[2])
        name = ALIASES.get(given, given)
        if symbol == "=" and name in texts and (name not in numbers or not is_number(limit)):
            return Term(negated, "=", name, limit.lower())
        if name not in numbers:
            return _unknown(given, "number", numbers, texts, limit)
        if is_number(limit):
            return Term(negated, symbol, name, "", float(limit))
        if _BEGINNING_OF_NUMBER.fullmatch(limit):
            return None
        number = _NUMBER.match(limit)  # as of 500kW
        return f"'{text}' needs a number" + (f"; did you mean '{given}{symbol}{number[0]}'?" if number else "")
    if match := _FIELD.fullmatch(text):
        given, word = match.groups()
        name = ALIASES.get(given, given)
        return (
            Term(negated, ":", name, word.lower()) if name in texts else _unknown(given, "text", texts, numbers, word)
        )
    return Term(negated, "word", "", text.lower())


def _unknown(name: str, what: str, allowed: Collection[str], others: Collection[str], value: str) -> str:
    """Say that no column of a kind has a name, and which has one most like it, of that kind or of the other."""
    near, other = nearest_name(name, allowed), ALIASES.get(name, name)
    if other not in others:
        other = "" if near else nearest_name(name, others)
    listed = sorted(allowed, key=lambda each: ("." in each, each))[:_MOST_LISTED]
    hint = f"did you mean '{near}'?" if near else f"there are {', '.join(listed)} ..."
    if other:
        symbol, value = (":", value or "word") if what == "number" else ("=", value if is_number(value) else "1")
        hint = f"did you mean '{other}{symbol}{value}'?"
    return f"no {what} column '{name}'; {hint}"


class Columns(Protocol):
    """The runs that a filter is for."""

    def __len__(self) -> int: ...

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number of every run, NaN where it is missing; shape (n_runs,)."""

    def folded(self, name: str) -> list[str]:
        """Return a text of every run in lower case, empty where it is missing; all its words for no name."""


def passing(runs: Columns, terms: Sequence[Term]) -> NDArray[np.bool_]:
    """Return the runs for which all terms hold; shape (n_runs,)."""
    keep = np.ones(len(runs), dtype=bool)
    for term in terms:
        keep &= _matches(runs, term) != term.negated
    return keep


def why_none(runs: Columns, terms: Sequence[Term]) -> str:
    """Return which term no run fulfils by itself, and what comes nearest to it; empty if none is to blame alone."""
    for term in terms:
        if term.negated or _matches(runs, term).any():
            continue
        if term.number is not None:
            values = runs.numbers(term.name)
            known = values[np.isfinite(values)]
            if not len(known):
                return f"No run has a number '{term.name}'."
            return f"'{term.name}' is from {known.min():,.4g} to {known.max():,.4g}."
        texts = list(dict.fromkeys(filter(None, runs.folded(term.name))))[:_MOST_COMPARED]
        words = texts if term.name else list(dict.fromkeys(word for text in texts for word in text.split()))
        near = nearest_name(term.text, words)
        few = f": there are {', '.join(sorted(texts))}." if term.name and len(texts) <= _MOST_LISTED else "."
        hint = f": did you mean '{near}'?" if near else few
        return f"No run has '{term.text}'{f' in {term.name}' if term.name else ''}{hint}"
    return ""


def _matches(runs: Columns, term: Term) -> NDArray[np.bool_]:
    if term.number is not None:
        return _OPERATORS[term.symbol](runs.numbers(term.name), term.number)
    texts = runs.folded(term.name)
    if term.symbol == "=":
        found = (text == term.text != "" for text in texts)
    else:
        found = (text != "" and term.text in text for text in texts)  # `name:` finds the runs that have the text
    return np.fromiter(found, dtype=bool, count=len(texts))
