# SPDX-License-Identifier: Apache-2.0
"""The list of topologies, and building one by name.

A third party adds a topology through the entry-point group ``optinet.topologies``: the entry point's name is the
topology's name, its object a builder like those here, a function of one `Parameters` model that returns a `Fabric`.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from pydantic import BaseModel, ValidationError

from optinet.errors import Problem, TopologyError, unknown_name
from optinet.fabric import Fabric
from optinet.validation import problems_of

Builder = Callable[[Any], Fabric]

_OURS = {
    "leaf_spine": "topologies.clos",
    "fat_tree": "topologies.clos",
    "clos3": "topologies.clos",
    "sized_clos": "topologies.sized_clos",
    "torus": "topologies.torus",
    "tpu_pod": "topologies.tpu_pod",
    "ocs_mesh": "topologies.ocs_mesh",
    "multiplane": "topologies.multiplane",
    "hypercube": "topologies.direct",
    "full_mesh": "topologies.direct",
    "hyperx": "topologies.direct",
    "slim_fly": "topologies.slim_fly",
    "random_regular": "topologies.random_regular",
    "dragonfly": "topologies.dragonfly",
    "rail_optimized": "topologies.rail_optimized",
}


@lru_cache(maxsize=1)  # looking for entry points takes milliseconds
def names() -> tuple[str, ...]:
    """Return the names of all topologies, those of installed third parties included."""
    return tuple(sorted({*_OURS, *(point.name for point in entry_points(group="optinet.topologies"))}))


@lru_cache(maxsize=64)
def builder(name: str) -> Builder:
    """Return the builder called `name`; `TopologyError` if there is none."""
    if name in _OURS:
        found: Builder = getattr(import_module(_OURS[name]), name)
        return found
    for point in entry_points(group="optinet.topologies", name=name):
        loaded: Builder = point.load()
        return loaded
    raise TopologyError(unknown_name("topology", name, names(), "topology"))


def parameters_of(name: str) -> type[BaseModel]:
    """Return the parameter model of a topology."""
    function = builder(name)
    (parameter,) = inspect.signature(function).parameters
    model: type[BaseModel] = typing.get_type_hints(function)[parameter]
    return model


def build(name: str, **parameters: Any) -> Fabric:
    """Build a fabric.

    Parameters
    ----------
    name
        One of `names`.
    parameters
        The builder's parameters; `describe` lists them.

    Raises
    ------
    TopologyError
        For an unknown name or parameter, a wrong type, an impossible value or combination (all problems at once), or a
        fabric that does not fit into memory.
    """
    model = parameters_of(name)
    try:
        validated = model.model_validate(parameters)
    except ValidationError as error:
        raise TopologyError(problems_of(error, model, prefix=(name,))) from None
    try:
        return builder(name)(validated)
    except MemoryError as error:
        raise TopologyError(Problem(name, f"too large for this machine: {error}", "smaller parameters")) from None


def describe(name: str) -> str:
    """Return what a topology is and its parameters with defaults, as plain text."""
    lines = [name, "", inspect.cleandoc(builder(name).__doc__ or ""), "", "Parameters"]
    for key, info in parameters_of(name).model_fields.items():
        default = "required" if info.is_required() else f"default {info.get_default(call_default_factory=True)}"
        lines.append(f"  {key}: {info.description or ''} ({default})")
    return "\n".join(lines)
