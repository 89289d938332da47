# SPDX-License-Identifier: Apache-2.0
"""Reading run files of earlier format versions.

What may change without a new version: groups and arrays may be added; a reader ignores what it does not know, and asks
for nothing that a file of the version may lack. Anything else (an array that goes, is renamed, changes its type, unit
or meaning) makes a new version, one function here that turns the older content into the newer, and a stored file of the
older version in the tests that keeps it readable for good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from optinet.results.schema import FORMAT_VERSION


class OldContent(NamedTuple):
    """What an older run file holds: the attributes of its root, and for each group its columns."""

    attributes: dict[str, Any]
    tables: dict[str, dict[str, Any]]


Migration: TypeAlias = Callable[[OldContent], OldContent]


def grown(content: OldContent) -> OldContent:
    """Return content as it is, for a version that differs from the next one in what it lacks alone."""
    return content


# version 0 was the format while it was being worked out; it only grew
MIGRATIONS: Mapping[int, Migration] = {0: grown}
"""The function that takes content of each version to the next one."""


def migrated(
    content: OldContent, version: int, *, to: int = FORMAT_VERSION, migrations: Mapping[int, Migration] = MIGRATIONS
) -> OldContent:
    """Return content of an older version as the newest has it.

    Raises
    ------
    ValueError
        If there is no way from that version.
    """
    for step in range(version, to):
        if step not in migrations:
            msg = f"run-file format {version} is no longer read"
            raise ValueError(msg)
        content = migrations[step](content)
    return content


def needs_migration(
    version: int, *, to: int = FORMAT_VERSION, migrations: Mapping[int, Migration] = MIGRATIONS
) -> bool:
    """Whether content of a version has to be read as a whole and turned into that of the newest."""
    return any(migrations.get(step) is not grown for step in range(version, to))
