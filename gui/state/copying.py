# SPDX-License-Identifier: Apache-2.0
"""Runs and views as text to paste: for a shell, or as Python.

What is copied stands alone: the scenario is inside, not a path to it, and running it anywhere gives a run file of the
same content.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w

from gui.state.runs.entry import RunEntry
from optinet.results import Run

_END = "END_OF_FILE"


def run_as_command(run: Run, scenario: Mapping[str, Any] | None = None) -> str:
    """Return shell commands that compute a run anew into ``again.h5``, or ``again/`` for a design of a study.

    A design's name is part of a run, and only a study gives one. Another scenario is that of the run with parts failed.
    """
    if run.case:
        text = tomli_w.dumps({"base": _plain(scenario or run.scenario), "case": [{"name": run.case}]})
        return f"{_here_document('study.toml', text)}optinet sweep study.toml -o again\n"
    return f"{scenario_as_command(tomli_w.dumps(_plain(scenario or run.scenario)))}"


def scenario_as_command(text: str, *, is_study: bool = False) -> str:
    """Return shell commands that run the text of a scenario or study file."""
    if is_study:
        return f"{_here_document('study.toml', text)}optinet sweep study.toml -o again\n"
    return f"{_here_document('scenario.toml', text)}optinet run scenario.toml -o again.h5\n"


def run_as_python(run: Run, scenario: Mapping[str, Any] | None = None) -> str:
    """Return a Python program that computes a run anew into ``again.h5``; scenario as in `run_as_command`."""
    return scenario_as_python(tomli_w.dumps(_plain(scenario or run.scenario)), run.case)


def scenario_as_python(text: str, case: str = "") -> str:
    """Return a Python program that runs the text of a scenario file, for a design of that name."""
    case_argument = f", case={case!r}" if case else ""
    return (
        "from experiments.draft import Draft\n"
        "from experiments.evaluate import evaluate, evaluation_bytes\n"
        "from experiments.scenario import scenario_of\n"
        "from optinet.results import write_run\n"
        "from optinet.toml_source import TomlSource\n\n"
        f"source = TomlSource.from_text({_long_text(text)}, 'scenario')\n"
        "scenario = scenario_of(Draft().merged(source.values, source))\n"
        f"write_run('again.h5', evaluation_bytes(evaluate(scenario){case_argument}))\n"
    )


def study_as_python(text: str) -> str:
    """Return a Python program that runs the text of a study file."""
    return (
        "from experiments.runner import sweep\n"
        "from experiments.study import study_of\n"
        "from optinet.toml_source import TomlSource\n\n"
        f"study = study_of(TomlSource.from_text({_long_text(text)}, 'study'))\n"
        "sweep(study, 'again', workers=1)\n"
    )


def comparison_as_command(entries: Sequence[RunEntry]) -> str:
    """Return the command that compares runs as text."""
    return shlex.join(["optinet", "compare", *(entry.key for entry in entries)]) + "\n"


def comparison_as_python(entries: Sequence[RunEntry]) -> str:
    """Return a Python program that opens runs and prints how they compare."""
    return (
        "from experiments.compare import comparison\n"
        "from experiments.present import comparison_text\n"
        "from optinet.results import open_run\n\n"
        f"paths = {_lines([entry.key for entry in entries])}\n"
        "runs = [open_run(path) for path in paths]\n"
        "print(comparison_text(comparison(runs)))\n"
    )


def view_as_command(session_text: str, paths: Sequence[str]) -> str:
    """Return the command that opens a window as it is now."""
    return shlex.join(["optinet-viewer", "--session", session_text, *paths]) + "\n"


def view_as_python(session_text: str, paths: Sequence[str]) -> str:
    """Return a Python program that opens a window as it is now."""
    arguments = ["--session", session_text, *paths]
    return f"from gui.app import main\n\nmain({_lines(arguments)})\n"


def _plain(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario without what is empty, which says nothing."""
    return {key: value for key, value in scenario.items() if value not in ({}, [], "", None)}


def _here_document(name: str, text: str) -> str:
    return f"cat > {name} <<'{_END}'\n{text}{_END}\n"


def _long_text(text: str) -> str:
    """Return a literal that reads as the text does."""
    literal = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\n{literal}"""'


def _lines(texts: Sequence[str]) -> str:
    return "[\n" + "".join(f"    {json.dumps(text, ensure_ascii=False)},\n" for text in texts) + "]"
