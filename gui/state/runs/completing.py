# SPDX-License-Identifier: Apache-2.0
"""What the term that is being typed into the filter may become: names of columns, and the texts that runs have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gui.state.runs.columns import Column
from gui.state.runs.frame import Frame

MOST = 200
_LAST_TERM = re.compile(r'-?((?:[^\s"]|"[^"]*"?)*)$')
_OF_TEXT = re.compile(r"([A-Za-z_][\w.]*)([:=])(.*)", re.DOTALL)


@dataclass(frozen=True)
class Completion:
    """What a term may become, and what it is called in the list."""

    term: str
    label: str


def last_term(text: str) -> tuple[str, str]:
    """Return what stands before the last term of a filter, a minus in front inside, and that term."""
    match = _LAST_TERM.search(text)
    start = match.start(1) if match else len(text)
    return text[:start], text[start:]


def completions(term: str, columns: Iterable[Column], frame: Frame) -> list[Completion]:
    """Return what a term may become, that which begins with it first: after a name and ``:`` or ``=``, the texts there.

    Texts that are not at hand are not read: each key asks anew.
    """
    typed = term.replace('"', "")
    if match := _OF_TEXT.fullmatch(typed):
        name, symbol, value = match.groups()
        column = next((each for each in columns if each.id == name and not each.numeric), None)
        if column is None or not frame.has(name):
            return []
        found = sorted(filter(None, dict.fromkeys(frame.texts(name))))
        return [Completion(_quoted(f"{name}{symbol}{text}"), text) for text in _with(value, found)]
    if not typed or any(symbol in typed for symbol in "<>=:"):
        return []
    by_name = {f"{each.id} {each.title}": each for each in columns}
    chosen = [by_name[name] for name in _with(typed, list(by_name))]
    return [Completion(f"{each.id}{'<' if each.numeric else ':'}", f"{each.id}   {each.heading}") for each in chosen]


def _with(typed: str, names: Sequence[str]) -> list[str]:
    """Return the names that hold what is typed, those that begin with it first."""
    folded = typed.lower()
    held = [name for name in names if folded in name.lower()]
    return sorted(held, key=lambda name: not name.lower().startswith(folded))[:MOST]


def _quoted(term: str) -> str:
    return f'"{term}"' if " " in term else term
