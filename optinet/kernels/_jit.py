# SPDX-License-Identifier: Apache-2.0
"""The one decorator every kernel uses.

Numba's own ``cache=True`` keys a compiled function by its own file alone and serves stale machine code when a callee in
another file changes. The cache therefore lives in a folder named by a hash over all kernel sources: any change to any
kernel starts a fresh folder. ``NUMBA_CACHE_DIR`` and ``XDG_CACHE_HOME`` are respected.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


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


def kernel(function: _Function) -> _Function:
    """Compile `function` on first call, without the interpreter lock, and cache the machine code on disk."""
    return cast("_Function", numba.njit(nogil=True, cache=True, no_cfunc_wrapper=True, _nrt=True)(function))


def borrower(function: _Function) -> _Function:
    """Compile like `kernel` a function that makes no arrays: then references need not be counted one by one."""
    return cast("_Function", numba.njit(nogil=True, cache=True, no_cfunc_wrapper=True, _nrt=False)(function))


def part(function: _Function) -> _Function:
    """Compile a function that makes no arrays for kernels alone to call: without what Python needs to call it."""
    return cast(
        "_Function",
        numba.njit(nogil=True, cache=True, no_cfunc_wrapper=True, no_cpython_wrapper=True, _nrt=False)(function),
    )
