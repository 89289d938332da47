# SPDX-License-Identifier: Apache-2.0
"""The form of a scenario as a table, to be written into a file."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.labels import unit_text
from gui.state.scenario.fields import Section, value_text
from gui.state.scenario.form import ScenarioForm

COLUMNS = ("Section", "Key", "Value", "Unit", "Meaning")


def scenario_rows(sections: Sequence[Section], form: ScenarioForm) -> list[tuple[str, ...]]:
    """Return a row of texts for everything that the form holds, given or by default, in the order of `COLUMNS`."""
    rows = []
    for section in sections:
        if section.kinds:
            rows.append((section.title, "name", section.kind, "", section.help))
        for field in section.fields:
            given = form.value(field.path)
            held = value_text(given) if given is not None else f"{field.default} (default)" if field.default else ""
            rows.append((section.title, field.label, held, unit_text(field.label), field.help))
    for title, lines in (("Values", form.catalogue), ("Vary", form.vary)):
        parts = [line.partition("=") for line in lines.splitlines() if line.strip()]
        rows += [(title, key.strip(), value.strip(), "", "") for key, _, value in parts]
    return rows
