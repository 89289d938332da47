# SPDX-License-Identifier: Apache-2.0
"""The files a workload reads: which they are, and whether they are still the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from optinet.errors import DemandError, Problem
from optinet.workloads.parameters import FileParameters, TraceParameters


def files_of(parameters: FileParameters, folder: str | Path = "") -> list[Path]:
    """Return the files that a workload reads, in order of rank; `DemandError` where one is missing.

    Parameters
    ----------
    parameters
        Parameters with a path.
    folder
        Where a relative path starts.
    """
    path = Path(folder) / parameters.path
    if "*" not in path.name or not isinstance(parameters, TraceParameters):
        return [path]
    before, _, after = path.name.partition("*")
    ranks = {}
    for each in path.parent.glob(path.name) if path.parent.is_dir() else ():
        number = each.name[len(before) : len(each.name) - len(after)]
        if number.isdecimal():
            ranks[int(number)] = each
    missing = sorted(set(range(max(ranks, default=0) + 1)) - set(ranks))
    if missing:
        found = f"no trace of rank {missing[0]}" if ranks else "no files with a number in place of *"
        raise DemandError(Problem("workload.path", f"{path}: {found}", "a trace of every rank from 0"))
    return [ranks[rank] for rank in sorted(ranks)]


def content_sha256(files: list[Path]) -> str:
    """Return a hash of the content of files, one after another; `DemandError` where one cannot be read."""
    digest = hashlib.sha256()
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as error:
            found = f"{path}: {(error.strerror or 'cannot be read').lower()}"
            raise DemandError(Problem("workload.path", found, "a file that is there")) from None
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def checked_files(parameters: FileParameters, folder: str | Path = "") -> tuple[list[Path], str]:
    """Return the files a workload reads and their hash; `DemandError` if it is another than the parameters say."""
    files = files_of(parameters, folder)
    found = content_sha256(files)
    if parameters.sha256 not in (None, found):
        allowed = "the same content, or no sha256"
        raise DemandError(Problem("workload.sha256", f"{parameters.path} has changed: its hash is {found}", allowed))
    return files, found
