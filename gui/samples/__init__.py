# SPDX-License-Identifier: Apache-2.0
"""The sample sweep that ships with the viewer: a few small run files, opened at the first start."""

from __future__ import annotations

from pathlib import Path

STUDY = "which_interconnect_small.toml"


def samples_folder() -> Path:
    """Return the folder of the sample runs."""
    return Path(__file__).parent
