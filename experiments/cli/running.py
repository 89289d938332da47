# SPDX-License-Identifier: Apache-2.0
"""Commands that compute: run, sweep, validate."""

from __future__ import annotations

import sys
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
    check_output,
    command_line,
    complain,
    width,
    write,
)
from experiments.cli.comparing import print_comparison
from experiments.progress import Form
from optinet.errors import Problem, ScenarioError


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
    from experiments.run_text import metrics_json, run_text
    from experiments.scenario import load_scenario

    check_output(output)
    chosen = load_scenario(scenario, changes)
    from experiments.evaluate import evaluate, evaluation_bytes
    from optinet.results import open_run, write_run

    write_run(output, evaluation_bytes(evaluate(chosen), command_line=command_line()))
    written = open_run(output)
    write(metrics_json(written) if as_json else run_text(written, width()))


def sweep(
    study: str,
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
        Print the comparison as JSON.
    """
    from experiments.progress import for_stream
    from experiments.runner import claim_folder
    from experiments.runner import sweep as run_sweep
    from experiments.study import load_study
    from experiments.summary import plan_text

    part = _shard(shard)
    chosen = load_study(study, changes)
    if dry_run:
        write(plan_text(chosen, output, resume=resume, shard=part, workers=workers))
        return 0
    claim_folder(output, resume=resume)
    try:
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
        complain(f"Stopped. What was finished is in {output}; the same command with --resume goes on from there.")
        return INTERRUPTED
    if result.runs:
        print_comparison(result.runs, "json" if as_json else "text")
    if result.effort.text:
        complain(result.effort.text)
    complain(f"{len(result.runs)} run files in {output} ({len(result.written)} new), {result.seconds:.1f} s.")
    if not result.failures:
        return 0
    complain(f"{len(result.failures)} points failed; errors are in {result.failures_path}.")
    return MISTAKE if all(failure.is_mistake for failure in result.failures) else FAULT


def validate(path: str, /) -> None:
    """Check a scenario or study file, without running it.

    Parameters
    ----------
    path
        The file, or the name of a shipped one.
    """
    from experiments.summary import validation_text

    write(validation_text(path))


def _shard(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise ScenarioError(Problem("--shard", f"'{text}'", "i/n with 1 <= i <= n, such as 3/40"))
    return int(part), int(parts)
