# SPDX-License-Identifier: Apache-2.0
"""The decorators kernels use.

Numba's own ``cache=True`` keys a compiled function by its own file alone and serves stale machine code when a callee in
another file changes. The cache therefore lives in a folder named by a hash over all kernel sources: any change to any
kernel starts a fresh folder. ``NUMBA_CACHE_DIR`` and ``XDG_CACHE_HOME`` are respected.

Processes that need the same kernel at once do not all compile it: the first holds a lock beside the cached code, the
others wait and load what it made. Where files cannot be locked (a folder that cannot be written, Windows, some network
file systems) each compiles for itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.compiler_lock import global_compiler_lock

_Function = TypeVar("_Function", bound=Callable[..., Any])
_PATIENCE_S = 60.0  # no kernel takes so long to compile: who holds the lock then is stopped or lost


def cache_folder() -> Path:
    """Return the folder compiled kernels are cached in, named by a hash of all kernel sources."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    base = os.environ.get("NUMBA_CACHE_DIR") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "optinet"
    )
    return Path(base) / f"kernels-{digest.hexdigest()[:16]}"


numba.config.CACHE_DIR = str(cache_folder())


def n_compiled() -> int:
    """Return how many kernels need not be compiled on this machine any more."""
    return sum(1 for _ in Path(numba.config.CACHE_DIR).glob("*/*.nbi"))


def kernel(function: _Function) -> _Function:
    """Compile `function` on first call, without the interpreter lock, and cache the machine code on disk."""
    return _compiled(function, _nrt=True)


def borrower(function: _Function) -> _Function:
    """Compile like `kernel` a function that makes no arrays: then references need not be counted one by one.

    That, and the arrays it would make, are up to a third of what compiling takes. So a kernel of many arrays has them
    made by a plain function of its module, which is what others call.
    """
    return _compiled(function, _nrt=False)


def part(function: _Function) -> _Function:
    """Compile a function that makes no arrays for kernels alone to call: without what Python needs to call it."""
    return _compiled(function, no_cpython_wrapper=True, _nrt=False)


def _compiled(function: _Function, **options: bool) -> _Function:
    made: Any = numba.njit(nogil=True, cache=True, no_cfunc_wrapper=True, **options)(function)
    if made is not function:  # as it is under NUMBA_DISABLE_JIT
        made.compile = _once(made)
    return cast("_Function", made)


def _once(dispatcher: Any) -> Callable[[Any], Any]:
    """Return the dispatcher's method `compile`, which looks into the cache first, done by one process at a time."""
    compile_or_load = dispatcher.compile

    def compile_once(signature: Any) -> Any:
        # Numba's own lock first, as everywhere: threads that took the two in different orders would wait for ever
        with global_compiler_lock, locked(lock_path(dispatcher), _PATIENCE_S):
            return compile_or_load(signature)

    return compile_once


def lock_path(dispatcher: Any) -> Path:
    """Return the file that is locked while a kernel is compiled."""
    function = dispatcher.py_func
    return Path(dispatcher.stats.cache_path, f"{function.__module__}.{function.__qualname__}.lock")


@contextlib.contextmanager
def locked(path: Path, patience_s: float) -> Iterator[bool]:
    """Hold the lock on a file; say whether it was got in that time. A process that dies lets go of what it holds."""
    with contextlib.ExitStack() as stack:
        got = False
        with contextlib.suppress(OSError):
            file = stack.enter_context(path.open("ab"))
            deadline = time.monotonic() + patience_s
            while not (got := _try_lock(file.fileno())) and time.monotonic() < deadline:
                time.sleep(0.01)
        yield got


def _try_lock(descriptor: int) -> bool:
    """Lock a file for this process; False if another has it, `OSError` if files cannot be locked."""
    if sys.platform == "win32":
        raise OSError
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
