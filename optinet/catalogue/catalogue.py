# SPDX-License-Identifier: Apache-2.0
"""Components by id, and the ways to vary their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Literal

from optinet.catalogue.kinds import KINDS
from optinet.catalogue.schema import SCENARIO, Component, Source, Value, range_problem
from optinet.errors import CatalogueError, Problem, nearest_name, unknown_name
from optinet.units import unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from optinet.catalogue.uncertainty import Variation

_SET_BY_SCENARIO = {
    "source": SCENARIO,
    "basis": "estimate",
    "confidence": "C",
    "note": "set by the scenario",
    "conflicts": (),
}


class Catalogue:
    """Components by id. Immutable: every variation is a new catalogue that shares what did not change.

    Parameters
    ----------
    components
        Components by id.
    sources
        Sources by id.
    kinds
        Kind by component id; apart from the components, because these may be read only when asked for.
    """

    def __init__(
        self, components: Mapping[str, Component], sources: Mapping[str, Source], kinds: Mapping[str, str]
    ) -> None:
        self._components = components
        self._sources = sources
        self._kinds = kinds
        self._changed: Mapping[str, Component] = {}
        self._draws: Variation | None = None
        self._used: set[tuple[str, str]] | None = None

    def __getitem__(self, component: str) -> Component:
        """Return a component; `CatalogueError` with the nearest id if there is none."""
        if component not in self._components:
            raise CatalogueError(self._unknown(component))
        return self._changed.get(component) or self._components[component]

    def __contains__(self, component: object) -> bool:
        return component in self._components

    def __repr__(self) -> str:
        return f"Catalogue({len(self._components)} components)"

    def ids(self, kind: str | None = None) -> tuple[str, ...]:
        """Return the ids of all components, or of those of one kind, in the order of the files."""
        return tuple(name for name, found in self._kinds.items() if kind in (None, found))

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that have components."""
        present = set(self._kinds.values())
        return tuple(kind for kind in KINDS if kind in present)

    def sources(self) -> Mapping[str, Source]:
        """Return the sources by id."""
        return self._sources

    def value(self, component: str, key: str) -> float | NDArray[np.float64]:
        """Return a value in the unit its key promises.

        Returns
        -------
        float or NDArray
            A number; on a drawn catalogue its draws, shape (n_draws,), read-only.

        Raises
        ------
        CatalogueError
            If there is no such component, or it lists no such value.
        """
        found = self[component].values.get(key)
        if found is None:
            raise CatalogueError(_unknown_key(self[component], key, tuple(self[component].values), "value"))
        if self._used is not None:
            self._used.add((component, key))
        return found.value if self._draws is None else self._draws.of(component, key, found)

    def text(self, component: str, key: str) -> str:
        """Return a text attribute; `CatalogueError` if there is no such component or it has no such attribute."""
        texts = self[component].text
        if key not in texts:
            raise CatalogueError(_unknown_key(self[component], key, tuple(texts), "text"))
        return texts[key]

    def draw(self, n_draws: int, seed: int) -> Catalogue:
        """Return a catalogue whose values are arrays of random draws from their ranges.

        Parameters
        ----------
        n_draws
            Draws of each value, at least 1.
        seed
            The same seed gives the same draws, whatever else the catalogue holds.
        """
        from optinet.catalogue.uncertainty import Draws

        if n_draws < 1:
            raise CatalogueError(Problem("n_draws", f"{n_draws} draws", "1 or more"))
        return self._variant(Draws(n_draws, seed))

    def undrawn(self) -> Catalogue:
        """Return the catalogue with its values as listed; one that records goes on recording."""
        return self._variant(None)

    def one_at_a_time(self, keys: Sequence[tuple[str, str]]) -> Catalogue:
        """Return a catalogue in which each value in turn is at the ends of its range.

        Parameters
        ----------
        keys
            (component, key) of the values to vary; see `optinet.catalogue.uncertainty.OneAtATime`.
        """
        from optinet.catalogue.uncertainty import OneAtATime

        return self._variant(OneAtATime(tuple(keys)))

    def with_ranges(self, values: Mapping[tuple[str, str], Value]) -> Catalogue:
        """Return a catalogue with values, ranges and sources replaced, as a run file has kept them.

        Parameters
        ----------
        values
            By (component, key); entries of unknown components are left out.
        """
        return self._with({f"{c}.{key}": value for (c, key), value in values.items() if c in self._components})

    def bound(self, which: Literal["low", "high"], name: str) -> Catalogue:
        """Return a catalogue with one value, ``component.key``, fixed at an end of its range."""
        if which not in ("low", "high"):
            raise CatalogueError(unknown_name("which", which, ("low", "high"), "end"))
        value = self._find(name)
        if isinstance(value, Problem):
            raise CatalogueError(value)
        return self._with({name: value.fixed_at(getattr(value, which))})

    def with_values(self, numbers: Mapping[str, float]) -> Catalogue:
        """Return a catalogue with values set to given numbers, without range, as a scenario does.

        Parameters
        ----------
        numbers
            Number by ``component.key``, in the unit the key promises.

        Raises
        ------
        CatalogueError
            Naming every unknown component, unknown value and impossible number.
        """
        problems: list[Problem] = []
        values: dict[str, Value] = {}
        for name, number in numbers.items():
            value = self._find(name)
            problem = value if isinstance(value, Problem) else _number_problem(name, number)
            if problem:
                problems.append(problem)
            elif isinstance(value, Value):
                values[name] = value.fixed_at(float(number)).model_copy(update=_SET_BY_SCENARIO)
        if problems:
            raise CatalogueError(problems)
        return self._with(values)

    def recording(self) -> Catalogue:
        """Return a view whose `used` tells which values it, and what is made from it, were asked for."""
        variant = self._variant(self._draws)
        variant._used = set()
        return variant

    @property
    def used(self) -> tuple[tuple[str, str], ...]:
        """The (component, key) pairs asked for since `recording`, sorted; none on a catalogue that does not record."""
        return tuple(sorted(self._used or ()))

    def _find(self, name: str) -> Value | Problem:
        component, _, key = name.partition(".")
        if component not in self._components:
            return replace(self._unknown(component), where=f"catalogue.{name}")
        found = self[component]
        return found.values.get(key) or _unknown_key(found, key, tuple(found.values), "value")

    def _unknown(self, component: str) -> Problem:
        return unknown_name("catalogue", component, tuple(self._components), "component")

    def _with(self, values: Mapping[str, Value]) -> Catalogue:
        variant = self._variant(self._draws)
        changed = dict(self._changed)
        for name, value in values.items():
            component, _, key = name.partition(".")
            found = changed.get(component) or self._components[component]
            changed[component] = replace(found, values={**found.values, key: value})
        variant._changed = changed
        return variant

    def _variant(self, draws: Variation | None) -> Catalogue:
        variant = Catalogue(self._components, self._sources, self._kinds)
        variant._changed, variant._draws, variant._used = self._changed, draws, self._used
        return variant


def _unknown_key(component: Component, key: str, keys: tuple[str, ...], what: str) -> Problem:
    found = f"{component.id} ({component.kind}) has no {what} '{key}'"
    return Problem(f"catalogue.{component.id}.{key}", found, ", ".join(keys), nearest_name(key, keys))


def _number_problem(name: str, number: float) -> Problem | None:
    where, key = f"catalogue.{name}", name.partition(".")[2]
    if isinstance(number, bool) or not isinstance(number, int | float):
        return Problem(where, f"{number!r} where a number belongs", f"a number in {unit_of(key)}")
    if not isfinite(number):
        return Problem(where, f"{number} is not a finite number", f"a number in {unit_of(key)}")
    problem = range_problem(key, number)
    return replace(problem, where=where) if problem else None
