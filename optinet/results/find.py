# SPDX-License-Identifier: Apache-2.0
"""Which files are runs: those that are named, and those in folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from optinet.errors import Problem, RunFileError
from optinet.results.schema import SUFFIX


def find_runs(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the run files among files and in folders (not in their subfolders), each once, folders in order of name.

    Raises
    ------
    RunFileError
        Naming every path that does not exist.
    """
    found: dict[Path, None] = {}
    problems = []
    for path in map(Path, paths):
        if path.is_dir():
            visible = (each for each in path.glob(f"*{SUFFIX}") if not each.name.startswith("."))
            found.update(dict.fromkeys(sorted(visible)))
        elif path.exists():
            found[path] = None
        else:
            problems.append(Problem(str(path), "no such file or folder"))
    if problems:
        raise RunFileError(problems)
    return list(found)
