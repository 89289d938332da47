# SPDX-License-Identifier: Apache-2.0
"""What the user prefers: one model that is checked, kept as text, and shown as a form."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Preferences(BaseModel):
    """Everything that can be set; every field has a title and a sentence for the form."""

    model_config = ConfigDict(frozen=True)

    appearance: Literal["system", "light", "dark"] = Field(
        "system", title="Colors of the window", description="as the system has them, now and later, or always the same"
    )
    restore_session: bool = Field(
        True, title="Go on where I left", description="open the runs, the filter and the view of last time at the start"
    )
    runs_folder: str = Field(
        "", title="Folder for new runs", description="where new runs go; optinet-runs in the home folder if empty"
    )
    workers: Annotated[int, Field(ge=0, le=1024)] = Field(
        0, title="Processes for a sweep", description="how many points run at a time; 0 for one per processor"
    )
    point_timeout_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        0.0, title="Longest time for a point, s", description="a point that takes longer fails; 0 for no limit"
    )
    shortcuts: dict[str, str] = Field(
        default_factory=dict, title="Shortcuts", description="keys by command, where they are not the usual ones"
    )

    def changed(self, **values: Any) -> Preferences:
        """Return these preferences with some values replaced; `ValidationError` if one does not fit."""
        return Preferences.model_validate({**self.model_dump(), **values})

    def to_text(self) -> str:
        """Return what differs from the defaults, as JSON."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def from_text(cls, text: str) -> Preferences:
        """Read what `to_text` wrote; what is unknown or does not fit, as after a change of version, has its default."""
        try:
            values = json.loads(text or "{}")
        except ValueError:
            values = {}
        if not isinstance(values, dict):
            values = {}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = {details["loc"][0] for details in error.errors()}
            return cls.model_validate({key: value for key, value in values.items() if key not in wrong})
