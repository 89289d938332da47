# SPDX-License-Identifier: Apache-2.0
"""What a scenario says of failures: what is down all the time, how many states are drawn, and what may fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field

_FROZEN = ConfigDict(frozen=True, extra="forbid")

CauseName: TypeAlias = Literal[
    "module",
    "cable",
    "external_laser",
    "box_swap",
    "switch",
    "ocs",
    "ocs_port",
    "nic",
    "host",
    "trunk",
    "rack",
    "power_domain",
]
CAUSES: tuple[CauseName, ...] = get_args(CauseName)
"""What may fail; `optinet.models.risks` says what each is."""

_LISTED = 4  # parts named in one line

_Index: TypeAlias = Annotated[int, Field(ge=0)]
_Positive: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class RiskGroup(BaseModel):
    """Things of a scenario that fail together."""

    model_config = _FROZEN

    nodes: tuple[str, ...] = Field(default=(), description="names of nodes, or patterns such as 'leaf-1*'")
    ocs: tuple[_Index, ...] = Field(default=(), description="optical circuit switches, from 0")
    fit: _Positive = Field(description="how often the group fails as a whole, in 1e9 hours")
    repair_hours: _Positive = Field(description="how long it is down each time")


class FailureSettings(BaseModel):
    """Failures to draw; a run without this table looks at the intact fabric alone."""

    model_config = _FROZEN

    samples: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=1000, description="states of failure to draw, about"
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(default=0, description="seed of the draws")
    causes: tuple[CauseName, ...] = Field(default=CAUSES, description="what may fail")
    power_domains: Annotated[int, Field(ge=1)] = Field(
        default=4, description="domains that the racks are dealt out to in turn; 4 as in Jupiter"
    )
    rewire: bool = Field(default=False, description="whether circuits are set anew around what is down")
    group: Mapping[str, RiskGroup] = Field(
        default_factory=dict,
        description="more that fails together, such as {row = {nodes = ['leaf-1*'], fit = 1e5, repair_hours = 10}}",
    )


class FailedParts(BaseModel):
    """Parts that are down all the time; without this table everything works."""

    model_config = _FROZEN

    nodes: tuple[str, ...] = Field(default=(), description="names of nodes, or patterns such as 'leaf-1*'")
    links: tuple[_Index | tuple[str, str], ...] = Field(
        default=(), description="links by number from 0, or all between two named nodes"
    )
    ocs: tuple[_Index, ...] = Field(default=(), description="optical circuit switches, from 0")
    groups: tuple[_Index | str, ...] = Field(
        default=(), description="pods, cubes or blocks by number from 0, or groups that [failures.group] names"
    )

    def __bool__(self) -> bool:
        return bool(self.nodes or self.links or self.ocs or self.groups)

    def __add__(self, other: FailedParts) -> FailedParts:
        """Return both together, each part once."""
        both = {
            name: tuple(dict.fromkeys(getattr(self, name) + getattr(other, name))) for name in type(self).model_fields
        }
        return FailedParts(**both)

    def plain(self) -> dict[str, Any]:
        """Return the table of a scenario file, kinds of parts that all work left out."""
        table = self.model_dump(mode="json")
        return {name: values for name, values in table.items() if values}

    @property
    def text(self) -> str:
        """What is down, in one line."""
        named = [f"{a}--{b}" for a, b in (each for each in self.links if isinstance(each, tuple))]
        links = [f"link {each}" for each in self.links if isinstance(each, int)]
        groups = [f"group {each}" for each in self.groups]
        titles = [*self.nodes, *named, *links, *(f"OCS {each}" for each in self.ocs), *groups]
        more = len(titles) - _LISTED
        return ", ".join(titles[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")
