# SPDX-License-Identifier: Apache-2.0
"""The fabrics of scenarios; the last few are kept, for what checks a scenario, points of a study and models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from optinet.errors import TopologyError

if TYPE_CHECKING:
    from optinet.fabric import Fabric


def fabric_of(topology: Mapping[str, Any]) -> Fabric:
    """Return the fabric of a table such as ``[topology]``: the name, and the parameters."""
    parameters = {key: value for key, value in topology.items() if key != "name"}
    return _recent(topology["name"], json.dumps(parameters, sort_keys=True))


def fabric_in(section: str, topology: Mapping[str, Any]) -> Fabric:
    """Return the fabric of a table; a builder names its parameters alone, and the scenario has them in a section."""
    try:
        return fabric_of(topology)
    except TopologyError as error:
        name = topology["name"]
        raise TopologyError(
            replace(each, where=f"{section}.{each.where.removeprefix(name).lstrip('.')}".rstrip("."))
            for each in error.problems
        ) from None


@lru_cache(maxsize=4)
def _recent(name: str, parameters: str) -> Fabric:
    import topologies

    return topologies.build(name, **json.loads(parameters))
