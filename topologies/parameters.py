# SPDX-License-Identifier: Apache-2.0
"""Parameter types the builders share.

A builder's parameters are one pydantic model: it validates a scenario, prints ``optinet topologies NAME`` and makes the
viewer's form, so every field carries its help text. Only shape parameters are required.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

# the upper bound catches slips of the keyboard before they fill the memory
Count: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
Gbps: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Meters: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Parameters(BaseModel):
    """Base of every builder's parameters: immutable, unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
