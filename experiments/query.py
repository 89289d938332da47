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

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from experiments.facts import ALIASES
from optinet.errors import nearest_name
from optinet.validation import is_number

Symbol: TypeAlias = Literal["word", ":", "<", "<=", ">", ">=", "="]

_TERM = re.compile(r'(-?)((?:[^\s"]|"[^"]*"?)+)')
_COMPARISON = re.compile(r"([A-Za-z_][\w.]*)(<=|>=|<|>|=)(.*)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z_][\w.]*):(.*)", re.DOTALL)
_BEGINNING_OF_NUMBER = re.compile(r"[+-]?\.?")
_NAMED = "name = (SELECT names.id FROM names WHERE kind = '%s' AND names.name = ?)"
_SQL = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "="}


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
            return _unknown(given, "number", numbers)
        if is_number(limit):
            return Term(negated, symbol, name, "", float(limit))
        return None if _BEGINNING_OF_NUMBER.fullmatch(limit) else f"'{text}' needs a number"
    if match := _FIELD.fullmatch(text):
        given, word = match.groups()
        name = ALIASES.get(given, given)
        return Term(negated, ":", name, word.lower()) if name in texts else _unknown(given, "text", texts)
    return Term(negated, "word", "", text.lower())


def _unknown(name: str, what: str, allowed: Collection[str]) -> str:
    near = nearest_name(name, allowed)
    listed = sorted(allowed, key=lambda each: ("." in each, each))[:8]
    hint = f"; did you mean '{near}'?" if near else f"; there are {', '.join(listed)} ..."
    return f"no {what} column '{name}'{hint}"


def where(terms: Sequence[Term]) -> tuple[str, list[str | float]]:
    """Return the condition of an SQL query over the tables of `experiments.index`, and its parameters."""
    conditions: list[str] = []
    parameters: list[str | float] = []
    for term in terms:
        condition, values = _condition(term)
        conditions.append(f"NOT ({condition})" if term.negated else condition)
        parameters += values
    return " AND ".join(conditions) or "1", parameters


def _condition(term: Term) -> tuple[str, list[str | float]]:
    """Return a condition in which nothing the user typed stands: names and values are parameters."""
    if term.symbol == "word":
        return "instr(words, ?) > 0", [term.text]
    if term.number is not None:
        comparison = f"number {_SQL[term.symbol]} ?"
        return f"id IN (SELECT run FROM numbers WHERE {_NAMED % 'number'} AND {comparison})", [term.name, term.number]
    comparison = "folded = ?" if term.symbol == "=" else "instr(folded, ?) > 0"
    return f"id IN (SELECT run FROM texts WHERE {_NAMED % 'text'} AND {comparison})", [term.name, term.text]


def names_in(terms: Sequence[Term]) -> Iterator[str]:
    """Yield the names that terms ask for, each once."""
    yield from dict.fromkeys(term.name for term in terms if term.name)
