# SPDX-License-Identifier: Apache-2.0
"""Commands that compute: run, sweep, validate."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from experiments.cli.common import (
    FAULT,
    INTERRUPTED,
    MISTAKE,
    AsJson,
    Changes,
    Flag,
    Output,
    check_run_output,
    command_line,
    complain,
    width,
    write,
    write_json,
)
from experiments.cli.comparing import print_comparison
from experiments.labels import counted
from experiments.progress import Form
from optinet.errors import OptinetError, Problem, ScenarioError


def run(
    scenario: Path, /, *, output: Output, force: Flag = False, changes: Changes = (), as_json: AsJson = False
) -> None:
    """Evaluate one scenario and write its run file.

    Parameters
    ----------
    scenario
        A scenario file, or the name of a shipped one.
    output
        The run file to write.
    force
        Replace an earlier run file of that name.
    changes
        Change one key, for example --set topology.leaves=32; may be repeated.
    as_json
        Print the metrics as JSON.

    Examples
    --------
    optinet run row.toml -o row.h5
    optinet run nvl72 -o nvl72.h5 --set seed=2 --json
    """
    from experiments.run_text import metrics_json, run_text
    from experiments.scenario import scenario_draft, scenario_of

    check_run_output(output, force=force)
    draft = scenario_draft(scenario, changes)
    chosen = scenario_of(draft)
    from experiments.evaluate import evaluate, evaluation_bytes
    from experiments.fitting import fitted
    from optinet.results import open_run, write_run

    with draft.locating():
        fitted(chosen)  # all that does not fit is told before anything is solved
        evaluation = evaluate(chosen)
    write_run(output, evaluation_bytes(evaluation, command_line=command_line()))
    written = open_run(output)
    write(metrics_json(written) if as_json else run_text(written, width()))


def sweep(
    study: Path,
    /,
    *,
    output: Output,
    changes: Changes = (),
    workers: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    shard: str = "",
    resume: Flag = False,
    timeout_s: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    memory_gib: Annotated[float | None, Parameter(validator=Number(gt=0))] = None,
    cluster: str = "",
    dry_run: Flag = False,
    progress: Form = "auto",
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
    memory_gib
        Most memory of one worker process, in GiB; unless given, all together may take nine tenths of the machine's.
    cluster
        Address of a Dask scheduler, such as tcp://node7:8786, whose workers are to do the work.
    dry_run
        Only tell what would be run, and about how long it would take.
    progress
        How to tell what is done: a bar (the default on a terminal), lines (the default elsewhere), json or none.
    as_json
        Print the comparison, or with --dry-run the plan, as JSON.

    Examples
    --------
    optinet sweep which_interconnect -o runs
    optinet sweep study.toml -o runs --resume --timeout-s 600 --progress json
    """
    from experiments.progress import for_stream
    from experiments.runner import sweep as run_sweep
    from experiments.study import load_study
    from experiments.summary import plan_rows, plan_text

    tell = partial(_tell, progress)
    try:
        part = _shard(shard)
        chosen = load_study(study, changes)
        if dry_run:
            planned = plan_rows(chosen, output, resume=resume, shard=part, workers=workers)
            if as_json:
                write_json({"title": chosen.title, **planned})
            else:
                write(plan_text(chosen, planned))
            if not resume and output.is_dir() and any(output.iterdir()):
                complain(f"{output} is not empty: a sweep into it needs --resume.")
            return 0
        result = run_sweep(
            chosen,
            output,
            workers=workers,
            resume=resume,
            shard=part,
            timeout_s=timeout_s,
            memory_gib=memory_gib,
            cluster=cluster or None,
            progress=for_stream(sys.stderr, progress),
            command_line=command_line(),
        )
    except KeyboardInterrupt:
        so_far = f"What was finished is in {output}; the same command with --resume goes on from there."
        tell("stopped", f"Stopped. {so_far}")
        return INTERRUPTED
    except OptinetError as error:
        tell("error", str(error))
        return MISTAKE
    if result.runs:
        print_comparison(result.runs, "json" if as_json else "text")
    if result.effort.text:
        tell("effort", result.effort.text)
    runs, new, failed = len(result.runs), len(result.written), len(result.failures)
    ended = f"{counted(runs, 'run file')} in {output} ({new:,} new), {result.seconds:.1f} s."
    if failed:
        ended += f"\n{counted(failed, 'point')} failed; errors are in {result.failures_path}."
    tell("ended", ended, runs=runs, new=new, failed=failed, wall_s=round(result.seconds, 3))
    if not failed:
        return 0
    return MISTAKE if all(failure.is_mistake for failure in result.failures) else FAULT


def validate(path: Path, /, *, changes: Changes = (), as_json: AsJson = False) -> int:
    """Check a scenario or study file, without running it.

    Parameters
    ----------
    path
        The file, or the name of a shipped one.
    changes
        Change one key before, for example --set topology.leaves=32; may be repeated.
    as_json
        Print what it is, or what is wrong with it, as JSON.

    Examples
    --------
    optinet validate row.toml
    optinet validate study.toml --set topology.spines=4
    """
    from experiments.summary import checked_file, validation_json, validation_text

    if not as_json:
        write(validation_text(path, checked_file(path, changes)))
        return 0
    try:
        write_json(validation_json(checked_file(path, changes)))
    except OptinetError as error:
        write_json({"valid": False, "problems": [vars(problem) for problem in error.problems]})
        return MISTAKE
    return 0


def _tell(progress: Form, event: str, text: str, **facts: object) -> None:
    """Tell of a sweep as a whole: a line for people, an event where programs listen."""
    complain(json.dumps({"event": event, "text": text, **facts}) if progress == "json" else text)


def _shard(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ScenarioError(Problem("--shard", f"'{text}'", "i/n with 1 <= i <= n, such as 3/40"))
    return int(part), int(parts)
