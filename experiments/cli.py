# SPDX-License-Identifier: Apache-2.0
"""The command line ``optinet``.

Commands import what they need when they run, so that ``optinet --help`` is there at once. Exit codes: 0, 2 for a user's
mistake (one clear block on standard error), 1 for a fault of optinet, 130 after Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from optinet.errors import OptinetError, Problem, RunFileError, ScenarioError

_MISTAKE, _FAULT, _INTERRUPTED = 2, 1, 130

app = App(
    name="optinet",
    help="Which interconnect do I build? Simulates optical interconnects and network topologies for AI clusters.",
    help_format="plaintext",
    version=lambda: _version(),
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)

AsJson = Annotated[bool, Parameter(name="--json", negative="", show_default=False)]
Changes = Annotated[tuple[str, ...], Parameter(name="--set", negative="", show_default=False)]
Output = Annotated[Path, Parameter(name=("--output", "-o"))]


@app.command
def run(scenario: str, /, *, output: Output, changes: Changes = (), as_json: AsJson = False) -> None:
    """Evaluate one scenario and write its run file.

    Parameters
    ----------
    scenario
        A scenario file, or the name of a shipped one.
    output
        The run file to write; an earlier run file of that name is replaced.
    changes
        Change one key, for example --set topology.leaves=32; may be repeated.
    as_json
        Print the metrics as JSON.
    """
    from experiments.scenario import load_scenario
    from experiments.summary import metrics_json, run_text

    _check_output(output)
    chosen = load_scenario(scenario, changes)
    from experiments.evaluate import evaluate, evaluation_bytes
    from optinet.results import open_run, write_run

    write_run(output, evaluation_bytes(evaluate(chosen), command_line=_command_line()))
    written = open_run(output)
    _write(metrics_json(written) if as_json else run_text(written, _width()))


@app.command
def sweep(
    study: str,
    /,
    *,
    output: Output,
    changes: Changes = (),
    workers: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    shard: str = "",
    resume: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    timeout_s: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    as_json: AsJson = False,
) -> int:
    """Run every point of a study and compare the designs.

    Parameters
    ----------
    study
        A study file, or the name of a shipped one, such as which_interconnect.
    output
        The folder for the run files; absent or empty unless --resume is given.
    changes
        Change one key of every point, for example --set seed=2; may be repeated.
    workers
        Processes; as many as there are processors unless given.
    shard
        i/n: run only the i-th of n parts, for job arrays; with --resume the parts may share a folder.
    resume
        Skip points that have a whole run file of the same scenario in the folder.
    timeout_s
        Longest time for one point, in seconds.
    as_json
        Print the comparison as JSON.
    """
    from experiments.progress import for_stream
    from experiments.runner import claim_folder
    from experiments.runner import sweep as run_sweep
    from experiments.study import load_study

    part = _shard(shard)
    chosen = load_study(study, changes)
    claim_folder(output, resume=resume)
    try:
        result = run_sweep(
            chosen,
            output,
            workers=workers,
            resume=resume,
            shard=part,
            timeout_s=timeout_s,
            progress=for_stream(sys.stderr),
            command_line=_command_line(),
        )
    except KeyboardInterrupt:
        _complain(f"Stopped. What was finished is in {output}; the same command with --resume goes on from there.")
        return _INTERRUPTED
    if result.runs:
        _compare(result.runs, "json" if as_json else "text")
    _complain(f"{len(result.runs)} run files in {output} ({len(result.written)} new), {result.seconds:.1f} s.")
    if not result.failures:
        return 0
    _complain(f"{len(result.failures)} points failed; errors are in {result.failures_path}.")
    return _MISTAKE if all(failure.is_mistake for failure in result.failures) else _FAULT


@app.command
def compare(
    paths: Annotated[tuple[Path, ...], Parameter(negative="")],
    /,
    *,
    to: Literal["text", "markdown", "json"] = "text",
    as_json: AsJson = False,
) -> None:
    """Compare runs: one row for each design.

    Parameters
    ----------
    paths
        Run files and folders of run files.
    to
        How to print the table.
    as_json
        The same as --to json.
    """
    _compare(_runs_of(paths), "json" if as_json else to)


@app.command
def validate(path: str, /) -> None:
    """Check a scenario or study file, without running it.

    Parameters
    ----------
    path
        The file, or the name of a shipped one.
    """
    from experiments.summary import validation_text

    _write(validation_text(path))


@app.command
def topologies(name: str = "", /, *, as_json: AsJson = False) -> None:
    """List the topologies, or show one with its parameters.

    Parameters
    ----------
    name
        The topology to show.
    as_json
        Print JSON (of one topology: the JSON Schema of its parameters).
    """
    from experiments import summary

    _write(summary.topologies_json(name) if as_json else summary.topologies_text(name, _width()))


@app.command
def catalogue(name: str = "", /, *, as_json: AsJson = False) -> None:
    """List the components, or show one with its values, ranges and sources.

    Parameters
    ----------
    name
        The component, or kind of component, to show.
    as_json
        Print JSON.
    """
    from experiments import summary

    _write(summary.catalogue_json(name) if as_json else summary.catalogue_text(name, _width()))


@app.command
def inspect(path: Path, /, *, as_json: AsJson = False) -> None:
    """Show what is in a run file.

    Parameters
    ----------
    path
        The run file.
    as_json
        Print the metrics as JSON; `export` has everything.
    """
    from experiments.summary import metrics_json, run_text
    from optinet.results import open_run

    opened = open_run(path)
    _write(metrics_json(opened) if as_json else run_text(opened, _width()))


@app.command
def export(
    path: Path,
    /,
    *,
    to: Literal["json", "csv"] = "json",
    table: str = "metrics",
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
) -> None:
    """Write what is in a run file as JSON, or one of its tables as CSV.

    Parameters
    ----------
    path
        The run file.
    to
        The format.
    table
        The table to write as CSV, for example arcs, power or link_budgets/leaf-spine.
    output
        The file to write; standard output unless given.
    """
    from experiments.summary import run_json, table_csv
    from optinet.results import open_run

    if output is not None and output.exists() and path.exists() and output.samefile(path):
        raise RunFileError(Problem(str(output), "is the run file itself", "another file"))
    text = run_json(open_run(path)) if to == "json" else table_csv(open_run(path), table)
    if output is None:
        _write(text)
    else:
        output.write_text(text, encoding="utf-8", newline="")


@app.command
def view(paths: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (), /) -> int:
    """Open runs in the desktop viewer.

    Parameters
    ----------
    paths
        Run files and folders of run files.
    """
    import subprocess

    if paths:
        _runs_of(paths)
    # a process of its own: nothing but the viewer may need Qt
    return subprocess.run([sys.executable, "-m", "gui.app", *map(str, paths)], check=False).returncode


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(sys.argv[1:] if arguments is None else list(arguments)))


def _run(arguments: list[str]) -> int:
    try:
        result = app(arguments, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        command = arguments[0] if arguments and arguments[0] in app else ""
        _complain(f"{error}\nSee '{' '.join(filter(None, ('optinet', command)))} --help'.")
        return _MISTAKE
    except OptinetError as error:
        _complain(str(error))
        return _MISTAKE
    except (BrokenPipeError, SystemExit):  # rich, which prints the help, turns the one into the other
        _close_stdout()  # the reader of a pipe has seen enough
        return 0
    except OSError as error:
        _close_stdout()
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{error.strerror or error}")
        return _MISTAKE
    except KeyboardInterrupt:
        _complain("Stopped.")
        return _INTERRUPTED
    except Exception as error:
        if os.environ.get("OPTINET_DEBUG"):
            raise
        _complain(f"optinet failed: {type(error).__name__}: {error}\nOPTINET_DEBUG=1 shows the traceback.")
        return _FAULT
    return result if isinstance(result, int) else 0


def _compare(paths: Sequence[Path], form: str) -> None:
    import json

    from experiments.compare import comparison
    from experiments.present import comparison_markdown, comparison_text
    from optinet.results import open_run

    table = comparison(map(open_run, paths))
    if form == "json":
        _write(json.dumps(table.to_json(), indent=1) + "\n")
    else:
        _write(comparison_markdown(table) if form == "markdown" else comparison_text(table, _width()))


def _runs_of(paths: Sequence[Path]) -> list[Path]:
    from optinet.results import find_runs

    found = find_runs(paths)
    if not found:
        raise RunFileError(
            Problem(", ".join(map(str, paths)), "holds no run files", "run files (*.h5) or a folder with some")
        )
    return found


def _check_output(path: Path) -> None:
    """Find out before computing whether a run file can be written."""
    from experiments.runner import check_writable
    from optinet.results.verify import is_run_file

    if path.is_dir():
        raise RunFileError(Problem(str(path), "is a folder", "a file name, such as run.h5"))
    if not path.parent.is_dir():
        raise RunFileError(Problem(str(path.parent), "no such folder"))
    if path.exists() and not is_run_file(path):
        raise RunFileError(Problem(str(path), "is there already and is not a run file", "another file name"))
    check_writable(path.parent)


def _shard(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ScenarioError(Problem("--shard", f"'{text}'", "i/n with 1 <= i <= n, such as 3/40"))
    return int(part), int(parts)


def _command_line() -> str:
    return shlex.join(["optinet", *sys.argv[1:]])


def _version() -> str:
    from importlib.metadata import version

    return version("optinet")


def _width() -> int | None:
    """Return the columns of the terminal, or None where the output is not one."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _write(text: str) -> None:
    sys.stdout.write(text)


def _complain(text: str) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    sys.stderr.write(text + "\n")


def _close_stdout() -> None:
    # the interpreter flushes standard output once more at exit, which must not fail again
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
