# SPDX-License-Identifier: Apache-2.0
"""The entries of the catalogue, and what makes one right.

A file is read into these models; `value_problems` and `component_problems` then check what types cannot: units, order,
ranges, sources and the keys of the kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Strict, model_validator

from optinet.catalogue.kinds import KINDS
from optinet.errors import Problem, nearest_name, unknown_name
from optinet.toml_source import KeyPath
from optinet.units import is_count, is_fraction, unit_of
from optinet.validation import Locator, dotted

Basis = Literal["measured", "datasheet", "standard", "paper", "press", "report", "computed", "estimate"]
Confidence = Literal["A", "B", "C"]

ESTIMATE = "estimate"
"""Stands for the source of a value that has none."""
SCENARIO = "scenario"
"""Stands for the source of a value that a scenario sets."""

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Conflict(BaseModel):
    """A figure of another source that was not picked.

    Parameters
    ----------
    value
        What it says, in the unit of the value beside it.
    source
        Ids of sources separated by spaces.
    note
        What it is, and why it was not picked.
    """

    model_config = _STRICT

    value: float
    source: str
    note: str


class Value(BaseModel):
    """One value of a component with its range and its origin.

    Parameters
    ----------
    value
        The value to use, in `unit`.
    low, high
        The range for sensitivity runs, in `unit`; the value itself where a file leaves them out.
    unit
        A UDUNITS string, the one that the key's ending promises.
    source
        Ids of sources separated by spaces, or ``estimate``.
    basis
        How the source knows it; ``estimate`` is an engineering estimate and has its reason in `note`.
    confidence
        A: vendor, paper or standard. B: press, analyst, second hand. C: estimate.
    note
        Reasons, conditions, why this figure was picked.
    conflicts
        Figures of other sources that contradict it.
    """

    model_config = _STRICT

    value: float
    low: float
    high: float
    unit: str
    source: str
    basis: Basis
    confidence: Confidence
    note: str = ""
    conflicts: Annotated[tuple[Conflict, ...], Strict(False)] = ()

    @model_validator(mode="before")
    @classmethod
    def _exact_unless_ranged(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        value = data.get("value")
        # a value that is itself wrong is reported once, not again as low and as high
        usable = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        return {"low": value if usable else 0.0, "high": value if usable else 0.0, **data}

    @property
    def remark(self) -> str:
        """The note and the conflicts in one text."""
        others = [f"{other.value:,.10g} [{other.source}]: {other.note}" for other in self.conflicts]
        return "; ".join([*filter(None, [self.note]), *(f"conflict: {text}" for text in others)])

    @property
    def cited(self) -> tuple[str, ...]:
        """Ids of the sources of the value and of its conflicts, each once."""
        texts = (self.source, *(other.source for other in self.conflicts))
        return tuple(dict.fromkeys(name for text in texts for name in text.split()))

    def fixed_at(self, number: float) -> Value:
        """Return this value without a range, at `number`."""
        return self.model_copy(update={"value": number, "low": number, "high": number})


class Source(BaseModel):
    """Where values come from.

    Parameters
    ----------
    id
        What values cite.
    title, publisher, url
        Empty where unknown.
    year
        Year of publication, 0 where unknown.
    """

    model_config = _STRICT

    id: str
    title: str
    publisher: str = ""
    year: int = 0
    url: str = ""


class Header(BaseModel):
    """What every component says about itself."""

    model_config = _STRICT

    kind: str
    title: str
    vendor: str = ""


@dataclass(frozen=True)
class Component:
    """An entry of the catalogue.

    Parameters
    ----------
    id
        What designs and scenarios call it.
    kind
        One of `optinet.catalogue.kinds.KINDS`.
    title, vendor
        For people; the vendor is empty for a class of products.
    text
        Text attributes by name, for example ``{"packaging": "cpo_3d"}``.
    values
        Values by key.
    """

    id: str
    kind: str
    title: str
    vendor: str
    text: Mapping[str, str]
    values: Mapping[str, Value]


def component_problems(
    name: str, kind: str, texts: Mapping[str, Any], value_keys: Mapping[str, Any], origin: Locator
) -> Iterator[Problem]:
    """Yield what is wrong with the keys of a component: unknown, missing, or a text that is not allowed.

    Parameters
    ----------
    name
        Id of the component.
    kind
        Its kind as found.
    texts
        Its text attributes as found, of any type.
    value_keys
        Its values as found; only the keys count.
    origin
        Knows the line of each key.
    """
    if kind not in KINDS:
        yield _at(origin, (name, "kind"), unknown_name("", kind, tuple(KINDS), "kind"))
        return
    for what, known, found, table in (
        ("value", KINDS[kind].values, value_keys, (name, "values")),
        ("text", KINDS[kind].texts, texts, (name,)),
    ):
        for key in found:
            if key not in known and not (what == "value" and KINDS[kind].free):
                yield _at(origin, (*table, key), unknown_name("", key, tuple(known), f"{what} of kind {kind}"))
        for key, (required, meaning, *_) in known.items():
            if required and key not in found:
                yield _at(origin, (*table, key), Problem("", "is missing", f"a {what}: {meaning}"))
    for key, text in texts.items():
        if key in KINDS[kind].texts and (problem := _text_problem(text, KINDS[kind].texts[key].choices)):
            yield _at(origin, (name, key), problem)


def value_problems(
    component: str, key: str, value: Value, sources: Mapping[str, Source], origin: Locator
) -> Iterator[Problem]:
    """Yield what is wrong with a value: unit, order, range, sources, an estimate without its reason."""
    path = (component, "values", key)
    if value.unit != unit_of(key):
        yield _at(origin, (*path, "unit"), Problem("", f"unit '{value.unit}'", f"'{unit_of(key)}', as {key} promises"))
    if not value.low <= value.value <= value.high:
        found = f"low {value.low:g}, value {value.value:g}, high {value.high:g} are not in order"
        yield _at(origin, path, Problem("", found, "low <= value <= high"))
    for field in ("value", "low", "high"):
        if problem := range_problem(key, getattr(value, field)):
            yield _at(origin, (*path, field), problem)
    cited = value.source.split()
    if not cited:
        yield _at(origin, (*path, "source"), Problem("", "is empty", "ids of sources, or 'estimate'"))
    rivals = [name for other in value.conflicts for name in other.source.split()]
    for source in [*(cited if cited != [ESTIMATE] else ()), *rivals]:
        if source not in sources:
            nearest = nearest_name(source, sources)
            yield _at(
                origin, (*path, "source"), Problem("", f"unknown source '{source}'", "an id in [sources]", nearest)
            )
    if ESTIMATE in (value.basis, value.source) and not value.note:
        yield _at(origin, path, Problem("", "is an estimate without its reason", "the reason in 'note'"))
    if value.source == ESTIMATE and value.basis not in (ESTIMATE, "computed"):
        found = f"basis '{value.basis}' without a source"
        yield _at(origin, (*path, "basis"), Problem("", found, "'estimate' or 'computed', or the source"))


def range_problem(key: str, number: float) -> Problem | None:
    """Describe a number that no value of this key can have; None if it is possible."""
    if is_fraction(key) and not 0 <= number <= 1:
        return Problem("", f"{number:g} is not a fraction", "0 to 1")
    if number < 0 and unit_of(key) != "dBm":
        return Problem("", f"{number:g} is negative", "0 or more")
    if is_count(key) and number != int(number):
        return Problem("", f"{number:g} is not a whole number", "a whole number")
    return None


def _text_problem(text: Any, choices: tuple[str, ...]) -> Problem | None:
    if not isinstance(text, str):
        return Problem("", f"{text} where text belongs", ", ".join(choices))
    if choices and text not in choices:
        return Problem("", f"unknown value '{text}'", ", ".join(choices), nearest_name(text, choices))
    return None


def _at(origin: Locator, path: KeyPath, problem: Problem) -> Problem:
    return Problem(dotted(path), problem.found, problem.allowed, problem.nearest, origin.location(path))
