# SPDX-License-Identifier: Apache-2.0
"""A scenario being written: its values, what the user has typed, and how both become a file."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from experiments.draft import option_value
from gui.state.event import Event
from gui.state.scenario.fields import value_text
from gui.state.undo import Edit, UndoStack
from optinet.errors import Problem, ScenarioError
from optinet.toml_source import KeyPath
from optinet.validation import dotted

# every switch an ASIC of 51.2 Tb/s: 256 accelerators, small enough to be computed in a second
FIRST_SCENARIO: Mapping[str, Any] = {
    "title": "My scenario",
    "topology": {"name": "leaf_spine", "leaves": 8, "spines": 4, "hosts_per_leaf": 32, "links_per_pair": 8},
    "workload": {"name": "uniform"},
    "routing": {"name": "best"},
    "design": {
        "switch": "switch_51t2",
        "optics": "retimed_800g_dr8",
        "host_link": "aec_800g",
        "nic": "nic_800g",
    },
}


_NAMELESS = {"title": "", "tags": (), "caveat": ""}  # what says nothing of the result
MOST_NAMED = 4  # changes in a title


class ScenarioForm:
    """The scenario in the form; `changed` fires after every change, `replaced` when other fields may be needed.

    `values` holds nested tables as a scenario file does: absent keys have their defaults. Two parts are lines of text:
    `vary` with ``key = [value, value]`` for each value to vary, which makes the form a study, and `catalogue` with
    ``component.key = number`` for each value that takes the place of the catalogue's.
    """

    def __init__(self, undo: UndoStack) -> None:
        self.changed = Event()
        self.replaced = Event()
        self.values: dict[str, Any] = copy.deepcopy(dict(FIRST_SCENARIO))
        self.vary = self.catalogue = ""
        self.base: Mapping[str, Any] = self.values  # what was taken in last
        self._named = ""
        self._undo = undo

    @property
    def is_study(self) -> bool:
        """Whether values vary."""
        return bool(self.vary.strip())

    def value(self, path: KeyPath) -> Any:
        """Return the value at a key path; None if it is not given."""
        table: Any = self.values
        for key in path:
            if not isinstance(table, Mapping) or key not in table:
                return None
            table = table[key]
        return table

    def set_text(self, path: KeyPath, text: str, as_text: bool) -> None:
        """Take what was typed into a field; nothing typed takes its key out of the scenario."""
        value = parsed(text, as_text)
        if value != self.value(path) or type(value) is not type(self.value(path)):
            where = dotted(path)
            self._edit(f"Change {where}", key=f"scenario:{where}", values=_with(self.values, path, value))

    def set_vary(self, lines: str) -> None:
        """Take the lines that say what varies."""
        if lines != self.vary:
            self._edit("Change what varies", key="scenario:vary", vary=lines)

    def set_catalogue(self, lines: str) -> None:
        """Take the lines of values in place of the catalogue's."""
        if lines != self.catalogue:
            self._edit("Change values of the catalogue", key="scenario:catalogue", catalogue=lines)

    def choose(self, section: str, name: str) -> None:
        """Take another topology, workload or routing; parameters of the old one mean nothing to it."""
        if self.value((section, "name")) != name:
            self._replace(f"Choose {section} {name}", values={**self.values, section: {"name": name}})

    def load(self, values: Mapping[str, Any], title: str) -> None:
        """Take a whole scenario, as a file or a run has it."""
        known = copy.deepcopy({key: value for key, value in values.items() if value not in ({}, [], "", None)})
        catalogue = known.pop("catalogue", {})
        lines = "\n".join(f"{key} = {value}" for key, value in catalogue.items())
        self._replace(title, values=known, vary="", catalogue=lines, base=known)

    def changes(self) -> list[str]:
        """Return what is other than in what was taken in: ``leaves 16``, ``optics lpo_800g_dr8``, ``no phases``."""
        return _changes({**self.base, **_NAMELESS}, {**self.values, **_NAMELESS})

    def name_variation(self) -> None:
        """Add to the title what has been changed, unless the user has written another: else runs were called alike."""
        given, changes = str(self.base.get("title", "")), self.changes()
        if changes and self.values.get("title", "") in (given, self._named):
            more = [f"{len(changes) - MOST_NAMED} more changes"] if len(changes) > MOST_NAMED else []
            self._named = ", ".join(filter(None, [given, *changes[:MOST_NAMED], *more]))
            self.set_text(("title",), self._named, True)

    def to_toml(self) -> str:
        """Return the scenario file, or the study file if values vary; `ScenarioError` naming lines that are wrong."""
        return self.study_toml() if self.is_study else tomli_w.dumps(self._scenario())

    def study_toml(self) -> str:
        """Return the study file of what varies, or of the one scenario; `ScenarioError` naming lines that are wrong."""
        title = {"title": self.values.get("title", "")} if self.is_study else {}
        grid = _table_of(self.vary, "grid", "key = [value, value], such as topology.leaves = [8, 16]")
        return tomli_w.dumps({**title, "base": self._scenario(), **({"grid": grid} if grid else {})})

    def _scenario(self) -> dict[str, Any]:
        catalogue = _table_of(self.catalogue, "catalogue", "component.key = number, such as palomar.power_w = 90")
        return {**self.values, **({"catalogue": catalogue} if catalogue else {})}

    def _edit(self, title: str, key: str = "", **after: Any) -> None:
        before = {name: getattr(self, name) for name in after}
        self._undo.do(Edit(title, lambda: self._put(before), lambda: self._put(after), key))

    def _replace(self, title: str, **after: Any) -> None:
        """Take what may have other keys than there were, known or not."""
        before = {name: getattr(self, name) for name in after}
        self._undo.do(Edit(title, lambda: self._put(before, anew=True), lambda: self._put(after, anew=True)))

    def _put(self, parts: Mapping[str, Any], *, anew: bool = False) -> None:
        for name, part in parts.items():
            setattr(self, name, part)
        if anew:
            self.replaced.emit()
        self.changed.emit()


def _table_of(lines: str, where: str, allowed: str) -> dict[str, Any]:
    """Return the table that lines of ``key = value`` stand for; `ScenarioError` naming each wrong line."""
    table: dict[str, Any] = {}
    problems = []
    for number, line in enumerate(lines.splitlines(), start=1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        key, equals, text = line.partition("=")
        try:
            table[key.strip().strip('"')] = tomllib.loads(f"value = {text}")["value"]
        except (tomllib.TOMLDecodeError, ValueError, RecursionError):
            found = f"line {number}: '{line.strip()}'" + ("" if equals else " has no '='")
            problems.append(Problem(where, found, allowed))
    if problems:
        raise ScenarioError(problems)
    return table


def parsed(text: str, as_text: bool) -> Any:
    """Return the value that typed text stands for; None for nothing."""
    if not text.strip():
        return None
    return text if as_text else option_value(text.strip())


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    found = []
    for key in dict.fromkeys([*after, *before]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(new, Mapping) and isinstance(old, Mapping) and old.get("name") == new.get("name"):
            found += _changes(old, new)
        elif isinstance(new, Mapping) and "name" in new:
            found.append(str(new["name"]))
        elif isinstance(new, Mapping):
            found += _changes({}, new)
        else:
            found.append(f"no {key}" if new is None else f"{key} {value_text(new)}")
    return found


def _with(values: Mapping[str, Any], path: KeyPath, value: Any) -> dict[str, Any]:
    """Return nested tables with one key set, or taken out where `value` is None; a table left empty goes with it."""
    key, *rest = path
    after = dict(values)
    if rest:
        inner = after.get(str(key))
        value = _with(inner if isinstance(inner, Mapping) else {}, tuple(rest), value) or None
    if value is None:
        after.pop(str(key), None)
    else:
        after[str(key)] = value
    return after
