# SPDX-License-Identifier: Apache-2.0
"""What was open and how it was looked at, kept from one start to the next and copied with a view."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gui.state.fabric.look import FabricLook


class SavedSession(BaseModel):
    """The state of a window that is worth keeping.

    Parameters
    ----------
    paths
        Opened files and folders; one that is missing is kept, because its disk may come back.
    filter_text, sort_id, descending
        Of the runs table.
    selected, current
        Runs by key.
    fabric
        How the fabric of the current run is looked at.
    front
        The panels that can be seen, by id.
    views
        By panel, what views with `save_state` have kept.
    """

    model_config = ConfigDict(frozen=True)

    paths: tuple[str, ...] = ()
    filter_text: str = ""
    sort_id: str | None = None
    descending: bool = False
    selected: tuple[str, ...] = ()
    current: str | None = None
    fabric: FabricLook = FabricLook()
    front: tuple[str, ...] = ()
    views: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def to_text(self) -> str:
        """Return what differs from an empty window, as JSON on one line."""
        return json.dumps(self.model_dump(mode="json", exclude_defaults=True))

    @classmethod
    def from_text(cls, text: str) -> SavedSession:
        """Read what `to_text` wrote; anything else is an empty session."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()
