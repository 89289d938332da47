# SPDX-License-Identifier: Apache-2.0
"""Where a run came from: the one part of a run file that may differ between two runs of one scenario."""

from __future__ import annotations

import datetime as dt
import platform
import socket
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("h5py", "networkx", "numba", "numpy", "pydantic", "scipy")


def provenance(
    seconds: Mapping[str, float], command_line: str = "", study: str = "", point: int = -1
) -> dict[str, Any]:
    """Return the columns of /provenance.

    Parameters
    ----------
    seconds
        Time spent in each stage of the run.
    command_line
        The command that made it.
    study, point
        Title of the study it belongs to, and its place there from 0; empty and -1 for none.
    """
    now = dt.datetime.now(dt.UTC)
    started = now - dt.timedelta(seconds=sum(seconds.values()))
    return {
        "started_utc": started.isoformat(timespec="seconds"),
        "command_line": command_line,
        "study": study,
        "point": point,
        "stage": list(seconds),
        "stage_s": list(seconds.values()),
        **_machine(),
    }


@lru_cache(maxsize=1)
def _machine() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "optinet": _version("optinet"),
        "git_commit": _git_commit(),
        "package": list(_PACKAGES),
        "version": [_version(name) for name in _PACKAGES],
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _git_commit() -> str:
    """Return the commit of the working tree this package lies in; an installed optinet may lie in someone else's."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists() or not (root / "pyproject.toml").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
