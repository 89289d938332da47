# SPDX-License-Identifier: Apache-2.0
"""How each peer is driven; one module each with `version`, None where the peer is not installed."""

from __future__ import annotations

import importlib.metadata


def version_of(distribution: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
