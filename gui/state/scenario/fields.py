# SPDX-License-Identifier: Apache-2.0
"""The fields of a scenario, from the schema of its topology, workload, routing, design, racks, failures and phases.

Nothing about a field is written here: its name, help, unit, range, default and choices come from the model that the
engine checks it with. The registries need numpy and take a moment to load: the first call belongs in a worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from experiments.scenario import SECTIONS, Phases, RackPlan, parameters_of, scenario_keys, section_names
from optinet.reliability.settings import FailedParts, FailureSettings
from optinet.toml_source import KeyPath
from optinet.units import unit_of
from optinet.validation import choices_of, dotted, is_text, type_in_words

GENERAL = ("title", "seed", "tags", "caveat", "scale_out")
UNKNOWN_HELP = "nothing of this name is known here: clear it"
RACKS_HELP = "How boxes stand in racks, where that is known; what is left out is filled by height and power."
FAILURES_HELP = (
    "States in which parts are down are drawn and solved: what is delivered 99, 99.9 and 99.99 % of the time. Give "
    "samples, and rates and repair times of the parts do the rest; with none of these fields the fabric stays whole."
)
FAILED_HELP = (
    "Parts that are down all the time: traffic goes around them, and what is bought stays the same. Lists, such as "
    '["spine1", "leaf-1*"]; with none of these fields everything works.'
)
PHASES_HELP = "Only for demands that change: give length_s, and circuits follow the demand from phase to phase."


@dataclass(frozen=True)
class Field:
    """One value that the user may give.

    Parameters
    ----------
    path
        Its key path in a scenario file.
    help
        What it means.
    unit
        Empty for plain numbers and texts.
    allowed
        What may be given, in words.
    default
        What holds when nothing is given, as text; empty where something must be given or is worked out.
    required
        Whether something must be given.
    choices
        The values to choose from; empty for a field that is typed into.
    text
        Whether what is typed is taken as it is, and not read as a TOML value.
    title
        What a choice is called beside its id, by id.
    """

    path: KeyPath
    help: str = ""
    unit: str = ""
    allowed: str = ""
    default: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    text: bool = False
    titles: Mapping[str, str] | None = None

    @property
    def label(self) -> str:
        """The key without its section."""
        return str(self.path[-1])

    @property
    def where(self) -> str:
        """The key path as the engine's messages write it."""
        return dotted(self.path)


@dataclass(frozen=True)
class Section:
    """Fields under one heading; `kind` is the name that was chosen for a topology, workload or routing."""

    key: str
    title: str
    fields: tuple[Field, ...]
    kind: str = ""
    kinds: tuple[str, ...] = ()
    help: str = ""


def sections_of(values: Mapping[str, Any]) -> tuple[Section, ...]:
    """Return all sections of a scenario whose tables name these topology, workload and routing."""
    found = []
    for key in SECTIONS:
        table = values.get(key)
        kind = str(table.get("name", "")) if isinstance(table, Mapping) else ""
        kinds = section_names(key)
        fields = _model_fields(parameters_of(key, kind), (key,)) if kind in kinds else ()
        found.append(Section(key, key.capitalize(), fields, kind, kinds, _what_it_is(key, kind) if fields else ""))
    sections = [
        Section("", "General", tuple(_general(name) for name in GENERAL)),
        *found,
        Section("design", "Design", _roles()),
        Section("racks", "Racks", _model_fields(RackPlan, ("racks",)), help=RACKS_HELP),
        Section("failures", "Failures", _model_fields(FailureSettings, ("failures",)), help=FAILURES_HELP),
        Section("failed", "Failed parts", _model_fields(FailedParts, ("failed",)), help=FAILED_HELP),
        Section("phases", "Phases", _model_fields(Phases, ("phases",)), help=PHASES_HELP),
    ]
    return tuple(_with_unknown(section, values) for section in sections)


def _with_unknown(section: Section, values: Mapping[str, Any]) -> Section:
    """Give keys that no field is for, as of a file with a mistake, fields of their own: there they can be cleared."""
    table = values.get(section.key, {}) if section.key else values
    known = {field.label for field in section.fields} | ({"name"} if section.kinds else set())
    if not section.key:
        known |= scenario_keys().keys()
    wrong = [key for key in table if key not in known] if isinstance(table, Mapping) else []
    path = (section.key,) if section.key else ()
    return replace(section, fields=(*section.fields, *(Field((*path, key), UNKNOWN_HELP) for key in wrong)))


def _general(name: str) -> Field:
    return _field(name, scenario_keys()[name], ())


def _model_fields(model: type[BaseModel], path: KeyPath) -> tuple[Field, ...]:
    return tuple(_field(name, info, path) for name, info in model.model_fields.items())


def _field(name: str, info: FieldInfo, path: KeyPath) -> Field:
    type_ = info.rebuild_annotation()
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    unit = unit_of(name)
    return Field(
        path=(*path, name),
        help=info.description or "",
        unit="" if unit == "1" else unit,
        allowed=type_in_words(type_),
        default=value_text(default),
        required=info.is_required(),
        choices=tuple(value_text(choice) for choice in choices_of(type_)),
        text=is_text(type_),
    )


def _roles() -> tuple[Field, ...]:
    from optinet.catalogue import load_catalogue
    from optinet.design import ROLES

    catalogue = load_catalogue()
    found = []
    for role, entry in ROLES.items():
        ids = [component for kind in entry.kinds for component in catalogue.ids(kind)]
        titles = {component: catalogue[component].title for component in ids}
        kinds = f"a component of kind {' or '.join(entry.kinds)}"
        found.append(
            Field(("design", role), entry.help, "", kinds, entry.default or "", False, tuple(ids), True, titles)
        )
    return tuple(found)


def _what_it_is(section: str, kind: str) -> str:
    """Return the first sentence of what describes a topology; its parameters say the rest."""
    if section != "topology":
        return ""
    from topologies.registry import builder

    return " ".join((builder(kind).__doc__ or "").split("\n\n")[0].split())


def value_text(value: Any) -> str:
    """Write a value as a user types it: text as it is, all else as TOML does; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, BaseModel):
        return value_text(value.model_dump(exclude_none=True))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_quoted(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_quoted, value)) + "]"
    return str(value).removesuffix(".0")  # a whole number of any kind is typed as one


def _quoted(value: Any) -> str:
    if not isinstance(value, str):
        return value_text(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
