# SPDX-License-Identifier: Apache-2.0
"""What a run can be found by: texts and numbers under one set of names, for the index, the viewer and the filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.notes import Notes, read_notes
from experiments.technology import technology_of
from optinet.errors import OptinetError
from optinet.results import Run
from optinet.results.writer import clean_text

if TYPE_CHECKING:
    from optinet.results.content import RunContent

ALIASES = {"case": "design", "power_kw": "network_kw", "tags": "tag", "notes": "note"}
_NO_NOTES = Notes()
WORDS = ""  # the name of the texts that a bare word of a filter is looked for in
NOTED = ("tag", "star", "note")  # the texts that notes have a part in
SHOWN = ("title", "design", "workload", "topology", "routing", "verdict", "caveat", "tag", "note", "file")


@dataclass(frozen=True)
class Facts:
    """The texts and numbers of one run.

    Parameters
    ----------
    texts
        By name: those that tables show, and the scenario's by dotted key, such as ``design.optics``.
    numbers
        By name: every metric, and the scenario's by dotted key, such as ``topology.leaves``.
    """

    texts: Mapping[str, str]
    numbers: Mapping[str, float]

    @property
    def words(self) -> str:
        """The texts that a bare word of a filter is looked for in, in lower case; empty where there are none at all."""
        return "\n".join(self.texts.get(name, "") for name in SHOWN).lower() if self.texts else ""

    def noted(self, notes: Notes) -> Facts:
        """Return what the run can be found by with other notes beside it."""
        tags = dict.fromkeys([*self.texts.get("tags", "").split(), *notes.tags])
        values = (" ".join(tags), "yes" if notes.star else "no", notes.note)
        return Facts({**self.texts, **dict(zip(NOTED, map(clean_text, values), strict=True))}, self.numbers)


def facts_of(run: Run) -> Facts:
    """Return what a run can be found by, its notes inside."""
    return facts_from(run, Path(run.path).name, notes_of(run.path))


def notes_of(run_path: Path) -> Notes:
    """Return the notes of a run file; that they cannot be read is the note where they cannot."""
    try:
        return read_notes(run_path)
    except OptinetError as error:
        return Notes(note=f"unreadable notes: {error.problems[0]}")


def facts_from(run: Run | RunContent, file: str, notes: Notes = _NO_NOTES) -> Facts:
    """Return what a run can be found by that is, or will be, in a file of that name with such notes beside it."""
    numbers = dict(run.metric_values)
    texts = _texts_of(run, file)
    for key, value in _scenario_facts(run.scenario):
        if isinstance(value, str):
            texts.setdefault(key, value)
        else:
            numbers.setdefault(key, value)
    return Facts({name: clean_text(text) for name, text in texts.items()}, numbers).noted(notes)


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, by dotted keys."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _texts_of(run: Run | RunContent, file: str) -> dict[str, str]:
    """Return the texts that tables show of a run, by name."""
    scenario = run.scenario
    switching, packaging = technology_of(scenario)
    return {
        "title": run.title,
        "design": run.case,
        "workload": _name(scenario, "workload"),
        "topology": _name(scenario, "topology"),
        "routing": run.routing,
        "switching": switching,
        "packaging": packaging,
        "verdict": run.verdict,
        "caveat": "; ".join(filter(None, [str(scenario.get("caveat") or ""), *run.notes])),
        "file": file,
        "tags": " ".join(map(str, scenario.get("tags") or ())),  # its own; `Facts.noted` adds those of the notes
    }


def _name(scenario: Mapping[str, Any], section: str) -> str:
    table = scenario.get(section)
    return str(table.get("name") or "") if isinstance(table, Mapping) else ""


def _scenario_facts(scenario: Mapping[str, Any]) -> Iterator[tuple[str, str | float]]:
    """Yield the scenario's values by dotted key; lists as text such as 4x4x8."""
    for name, value in flat(scenario).items():
        if isinstance(value, bool):
            yield name, "yes" if value else "no"
        elif isinstance(value, int | float):
            yield name, float(value)
        elif isinstance(value, list):
            yield name, "x".join(map(str, value))
        elif isinstance(value, str) and "." in name:
            yield name, value
