# SPDX-License-Identifier: Apache-2.0
"""What was open and how it was looked at, kept from one start to the next and copied with a view."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gui.state.camera import Camera


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
    quantity
        What colors mean in the fabric view.
    camera
        Where the fabric is looked at from, by field of `Camera`.
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
    quantity: str = ""
    camera: dict[str, Any] = Field(default_factory=dict)
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


def camera_fields(camera: Camera) -> dict[str, Any]:
    """Return a camera as plain values."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(camera)))
    return plain


def camera_from(fields: Mapping[str, Any]) -> Camera | None:
    """Return the camera of plain values; None if they are those of another version."""
    names = {field.name for field in dataclasses.fields(Camera)}
    if not fields or not set(fields) <= names:
        return None
    try:
        return Camera(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
    except TypeError:
        return None
