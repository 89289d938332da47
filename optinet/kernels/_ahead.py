# SPDX-License-Identifier: Apache-2.0
"""Compiling on two cores: what a function will need, by a second process, while the first compiles what comes before.

Numba compiles in one thread. A function announces its kernels (`ahead`, `shared`, `together`); if they have never been
compiled on the machine, a second process takes them from the last to the first, and by the locks and the cache of
`optinet.kernels._jit` the two meet without doing anything twice. What the kernels are called with stands in
``ahead.txt``, written by ``python -m experiments.benchmarks.announced``: a kernel announced wrongly costs time and
changes nothing. The second process is ended with the announcement, and ends by itself with its parent.

``OPTINET_COMPILE_PROCESSES=1`` turns this off; no second process is started on one core either.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types

from optinet.kernels._jit import locked

SWITCH = "OPTINET_COMPILE_PROCESSES"
LIST = Path(__file__).with_name("ahead.txt")

_announced: set[str] = set()


@contextlib.contextmanager
def ahead(name: str) -> Iterator[bool]:
    """While the body runs, have another process compile the kernels announced by this name; tell whether one does."""
    with contextlib.ExitStack() as stack:
        starts = False
        if name not in _announced and _may_start():
            _announced.add(name)
            with contextlib.suppress(OSError):
                lock = Path(numba.config.CACHE_DIR, "ahead.lock")  # one such process for a cache at a time
                if starts := _is_cold(name) and stack.enter_context(locked(lock, 0.0)):
                    stack.enter_context(_second_process(name))
        yield starts


@contextlib.contextmanager
def shared(name: str) -> Iterator[None]:
    """Do as `ahead`, but before the body runs compile all kernels but the last here, from the first on.

    That is for parts of what is compiled later: the other process takes a second to start, and this one would have
    nothing to do in the end.
    """
    with ahead(name) as starts:
        with contextlib.suppress(Exception):  # it is tried in vain at worst
            for dispatcher, signature in announced(name)[:-1] if starts else ():
                dispatcher.compile(signature)
        yield


def together(name: str) -> None:
    """Compile the kernels announced by this name in two processes."""
    with shared(name):
        pass


def announced(name: str) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return the kernels announced by a name, with the types of their arguments."""
    return [_resolved(line) for line in _lines(name)]


def text_of(kind: Any) -> str:
    """Return the type of an argument as ``ahead.txt`` has it: as Numba writes types, tuples as Python does."""
    if isinstance(kind, types.Array):
        step = {"C": [":"] * (kind.ndim - 1) + ["::1"], "F": ["::1"] + [":"] * (kind.ndim - 1), "A": [":"] * kind.ndim}
        return f"{text_of(kind.dtype)}[{', '.join(step[kind.layout])}]"
    if isinstance(kind, types.Record):
        return f"from_dtype({_module_and_name(kind.dtype)})"
    if isinstance(kind, types.BaseNamedTuple):
        made = kind.instance_class
        return f"{made.__module__.rpartition('.')[2]}.{made.__name__}({', '.join(map(text_of, kind.types))})"
    if isinstance(kind, types.BaseTuple):
        return f"({', '.join(map(text_of, kind.types))},)"
    return {"bool": "boolean"}.get(str(kind), str(kind))


def _module_and_name(dtype: np.dtype[Any]) -> str:
    """Return where a structured data type is defined among the kernels."""
    for module, contents in sys.modules.items():
        for name, value in vars(contents).items() if module.startswith("optinet.kernels.") else ():
            if isinstance(value, np.dtype) and value == dtype:
                return f"{module.rpartition('.')[2]}.{name}"
    raise ValueError(dtype)


def _lines(name: str) -> list[str]:
    """Return the lines of the list under a name."""
    found: dict[str, list[str]] = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lines = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return found[name]


class _Names(dict[str, Any]):
    """What stands in the list: Numba's types, and modules of kernels."""

    def __missing__(self, name: str) -> Any:
        return vars(types).get(name) or vars(numba).get(name) or importlib.import_module(f"optinet.kernels.{name}")


def _resolved(line: str) -> tuple[Any, tuple[Any, ...]]:
    kernel, _, arguments = line.partition("(")
    names = _Names()
    return eval(kernel, {}, names), tuple(map(_kind, eval(f"({arguments[:-1]},)", {}, names)))


def _kind(value: Any) -> Any:
    """Return the type of a tuple for a tuple of types."""
    if not isinstance(value, tuple):
        return value
    kinds = tuple(map(_kind, value))
    return types.BaseTuple.from_types(kinds, type(value))  # as Numba does: of equal types it makes another kind


def _may_start() -> bool:
    """Whether a second process would have a core, and an interpreter that can be told what to do."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return (
        os.environ.get(SWITCH) != "1"
        and cores > 1
        and sys.platform != "win32"  # no locks there
        and not numba.config.DISABLE_JIT
        and not getattr(sys, "frozen", False)
        and Path(sys.executable or "").name.startswith("python")
    )


def _is_cold(name: str) -> bool:
    """Whether any of the kernels announced has no code in the cache."""
    has = [path.name.partition("-")[0] for path in Path(numba.config.CACHE_DIR).glob("*/*.nbi")]
    return any(line.partition("(")[0] not in has for line in _lines(name))


@contextlib.contextmanager
def _second_process(name: str) -> Iterator[None]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "NUMBA_CACHE_DIR": str(Path(numba.config.CACHE_DIR).parent),
    }
    # its input is closed when this process ends, however that happens; its own session keeps Ctrl-C from it
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, name],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.kill()  # a file half written has another name until it is whole
        process.communicate()


def _end_with_parent() -> None:
    with contextlib.suppress(OSError):
        os.read(0, 1)
    os._exit(0)


def main(name: str) -> None:
    """Compile the kernels announced by a name from the last to the first, as long as standard input is open."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for dispatcher, signature in reversed(announced(name)):
        with contextlib.suppress(numba.core.errors.NumbaError):
            dispatcher.compile(signature)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
