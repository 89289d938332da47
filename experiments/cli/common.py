# SPDX-License-Identifier: Apache-2.0
"""What the commands share: options, where output goes, and the run files that paths name."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from optinet.errors import Problem, RunFileError

MISTAKE, FAULT, INTERRUPTED = 2, 1, 130  # exit codes; 0 is success

AsJson = Annotated[bool, Parameter(name="--json", negative="", show_default=False)]
Changes = Annotated[tuple[str, ...], Parameter(name="--set", negative="", show_default=False)]
Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Output = Annotated[Path, Parameter(name=("--output", "-o"))]
OptionalOutput = Annotated[Path | None, Parameter(name=("--output", "-o"))]
Paths = Annotated[tuple[Path, ...], Parameter(negative="")]
Words = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]


def runs_of(paths: Sequence[Path]) -> list[Path]:
    """Return the run files among paths and in folders; `RunFileError` if there is none."""
    from optinet.results import find_runs

    found = find_runs(paths)
    if not found:
        raise RunFileError(
            Problem(", ".join(map(str, paths)), "holds no run files", "run files (*.h5) or a folder with some")
        )
    return found


def write(text: str) -> None:
    """Write to standard output."""
    sys.stdout.write(text)


def write_json(data: object) -> None:
    """Write JSON to standard output; numbers that are none are null."""
    from experiments.plain_values import to_json

    write(to_json(data))


def write_to(output: Path | None, content: str | bytes) -> None:
    """Write to a file, or text to standard output where none is named."""
    if output is not None:
        output.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    elif isinstance(content, str):
        write(content)


def complain(text: str) -> None:
    """Write a line to standard error, after what standard output still holds back."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    sys.stderr.write(text + "\n")


def width() -> int | None:
    """Return the columns of the terminal, or None where the output is not one."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def command_line() -> str:
    """Return what the user typed, for the provenance of runs."""
    return shlex.join(["optinet", *sys.argv[1:]])


def check_output(path: Path, *, force: bool, such_as: str = "") -> None:
    """Find out before computing whether a file can be written, and whether one that is there may be replaced."""
    if path.is_dir():
        raise RunFileError(Problem(str(path), "is a folder", f"a file name{such_as}"))
    if not path.parent.is_dir():
        raise RunFileError(Problem(str(path.parent), "no such folder"))
    if path.is_file() and not force:  # a terminal or a pipe is no file
        raise RunFileError(Problem(str(path), "is there already", "another file name, or --force to replace it"))


def check_run_output(path: Path, *, force: bool) -> None:
    """Do the same for a run file, which takes the place of nothing else: a scenario named by mistake stays."""
    from experiments.runner import check_writable
    from optinet.results.verify import is_run_file

    if path.is_file() and not is_run_file(path):
        raise RunFileError(Problem(str(path), "is there already and is not a run file", "another file name"))
    check_output(path, force=force, such_as=", such as run.h5")
    check_writable(path.parent)
