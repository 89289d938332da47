# SPDX-License-Identifier: Apache-2.0
"""Notes, tags and stars of runs. They live beside the run file, in ``NAME.notes.toml``, because a run never changes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import tomli_w
from pydantic import BaseModel, ConfigDict, Field

from optinet.errors import Problem, RunFileError, ScenarioError
from optinet.toml_source import TomlSource
from optinet.validation import checked

SUFFIX = ".notes.toml"


class Notes(BaseModel):
    """What people say about a run.

    Parameters
    ----------
    tags
        Words to find it by, sorted, each once.
    star
        Whether it is one of the few that matter.
    note
        Free text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: tuple[str, ...] = Field((), description="words to find the run by")
    star: bool = False
    note: str = ""

    def changed(
        self, *, add: Iterable[str] = (), remove: Iterable[str] = (), star: bool | None = None, note: str | None = None
    ) -> Notes:
        """Return these notes with tags added and removed, and star and note replaced where given."""
        tags = tuple(sorted((set(self.tags) | set(add)) - set(remove)))
        return Notes(tags=tags, star=self.star if star is None else star, note=self.note if note is None else note)


def notes_path(run_path: Path) -> Path:
    """Return where the notes of a run file are."""
    return run_path.with_name(run_path.name.removesuffix(".h5") + SUFFIX)


def read_notes(run_path: Path) -> Notes:
    """Return the notes of a run file, empty ones if there are none.

    Raises
    ------
    ScenarioError
        If the file beside it is not one of notes.
    """
    path = notes_path(run_path)
    if not path.is_file():
        return Notes()
    source = TomlSource.from_path(path)
    notes, problems = checked(Notes, source.values, (), source)
    if notes is None:
        raise ScenarioError(problems)
    return notes


def write_notes(run_path: Path, notes: Notes) -> None:
    """Put notes beside a run file, in one step; none where they are empty.

    Raises
    ------
    RunFileError
        If there is no such run file, or the folder cannot be written to.
    """
    if not run_path.is_file():
        raise RunFileError(Problem(str(run_path), "no such file"))
    path = notes_path(run_path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if notes == Notes():
            path.unlink(missing_ok=True)
            return
        part.write_text(tomli_w.dumps(notes.model_dump(mode="json")), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RunFileError(Problem(str(path), f"cannot be written: {error.strerror or error}")) from None
