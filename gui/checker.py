# SPDX-License-Identifier: Apache-2.0
"""A process beside the viewer that knows the engine: it lists the fields of a scenario and checks what is typed.

It reads one JSON request a line and answers with one JSON line, so that neither loading the engine nor building a
fabric too large for the machine can hold up or bring down the window. It ends when its input does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from typing import Any, TextIO

from optinet.errors import OptinetError


def main() -> None:
    """Answer requests until there are no more."""
    _bound_memory()
    serve(sys.stdin, sys.stdout)


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer each line of `requests` by a line of `answers`."""
    for line in requests:
        request = json.loads(line)
        try:
            answer = answer_to(request)
        except (OptinetError, MemoryError) as error:
            answer = {"error": str(error) or "there is not enough memory for it"}
        answers.write(json.dumps({"id": request["id"], **answer}) + "\n")
        answers.flush()


def answer_to(request: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a scenario, or what is wrong with one."""
    from gui.state.scenario.check import check
    from gui.state.scenario.fields import sections_of

    if request["what"] == "sections":
        return {"sections": [dataclasses.asdict(section) for section in sections_of(request["values"])]}
    return {"check": dataclasses.asdict(check(request["text"], request["workers"], request["name"]))}


def _bound_memory() -> None:
    """Fail with `MemoryError` before the machine runs out of memory."""
    from experiments.worker import bound_memory, fair_memory_gib

    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):  # only where the system has bounds
        bound_memory(fair_memory_gib(2))


if __name__ == "__main__":
    main()
