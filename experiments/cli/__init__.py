# SPDX-License-Identifier: Apache-2.0
"""The command line ``optinet``.

Every command is a plain function in one of the modules beside this one, listed in `COMMANDS`. Commands import what they
need when they run, so that ``optinet --help`` is there at once. The examples of a docstring end its help.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from cyclopts import App, CycloptsError, UnusedCliTokensError

from experiments.cli import comparing, completing, failing, folders, reading, reconfiguring, running
from experiments.cli.common import FAULT, INTERRUPTED, MISTAKE, complain
from optinet.errors import OptinetError

COMMANDS = (
    running.run,
    running.sweep,
    running.validate,
    reading.topologies,
    reading.catalogue,
    reading.ocs,
    reading.inspect,
    reading.export,
    reading.diff,
    comparing.compare,
    comparing.report,
    comparing.uncertainty,
    folders.runs,
    folders.note,
    reconfiguring.reconfigure,
    failing.fail,
    folders.pack,
    folders.unpack,
    comparing.view,
    completing.completion,
)

_EXIT_CODES = """Exit codes: 0 done, 2 a mistake in what was asked, 1 a fault of optinet, 130 stopped.
A sweep finishes all points it can, and ends with 2 or 1 if some failed."""


def _examples(command: Callable[..., Any]) -> str:
    """Return the examples of a command's docstring."""
    return "Examples:\n" + "\n".join(
        f"  {line}" for line in (inspect.getdoc(command) or "").partition("Examples\n--------\n")[2].splitlines()
    )


app = App(
    name="optinet",
    help="Which interconnect do I build? Simulates optical interconnects and network topologies for AI clusters.",
    help_format="plaintext",
    help_epilogue=_EXIT_CODES,
    version=lambda: _version(),
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
for _command in COMMANDS:
    app.command(_command, help_epilogue=_examples(_command))


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
        complain(f"{_in_words(error)}\nSee '{' '.join(filter(None, ('optinet', command)))} --help'.")
        return MISTAKE
    except OptinetError as error:
        complain(str(error))
        return MISTAKE
    except (BrokenPipeError, SystemExit):  # rich, which prints the help, turns the one into the other
        _close_stdout()  # the reader of a pipe has seen enough
        return 0
    except OSError as error:
        _close_stdout()
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}")
        return MISTAKE
    except KeyboardInterrupt:
        complain("Stopped.")
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("OPTINET_DEBUG"):
            raise
        complain(f"optinet failed: {type(error).__name__}: {error}\nOPTINET_DEBUG=1 shows the traceback.")
        return FAULT
    return result if isinstance(result, int) else 0


def _in_words(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError):
        more = ", ".join(f"'{token}'" for token in error.unused_tokens or ())
        return f"More was given than the command takes: {more}."
    return str(error)


def _version() -> str:
    from importlib.metadata import version

    return version("optinet")


def _close_stdout() -> None:
    # the interpreter flushes standard output once more at exit, which must not fail again
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
