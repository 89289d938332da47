# SPDX-License-Identifier: Apache-2.0
"""What a kind of component tells about itself, as data.

The unit of a value is not written here: it follows from the ending of its key (`optinet.units`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Key(NamedTuple):
    """A value that components of a kind list.

    Parameters
    ----------
    required
        Whether every component of the kind must list it.
    meaning
        What it is, in one line.
    """

    required: bool
    meaning: str


class TextKey(NamedTuple):
    """A text attribute that components of a kind have.

    Parameters
    ----------
    required
        Whether every component of the kind must have it.
    meaning
        What it is, in one line.
    choices
        The texts allowed; empty if any will do.
    """

    required: bool
    meaning: str
    choices: tuple[str, ...] = ()


class Kind(NamedTuple):
    """A kind of component.

    Parameters
    ----------
    meaning
        What components of this kind are, in one line.
    values
        Values by key.
    texts
        Text attributes by name.
    free
        Whether components may list any value; each then says in its note what it is.
    """

    meaning: str
    values: Mapping[str, Key]
    texts: Mapping[str, TextKey] = {}
    free: bool = False


def must(meaning: str) -> Key:
    """Return a value that every component of its kind lists."""
    return Key(True, meaning)


def may(meaning: str) -> Key:
    """Return a value that components of its kind may list."""
    return Key(False, meaning)
