# SPDX-License-Identifier: Apache-2.0
"""What functions announce to be compiled (`optinet.kernels._ahead`), with the types their kernels are called with.

``python -m experiments.benchmarks.announced`` writes the list anew: to be done when a kernel announced takes other
arguments.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
from typing import Any

from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager
from numba.core.dispatcher import Dispatcher
from numba.core.errors import CompilerError
from numba.core.typed_passes import NopythonTypeInference

import optinet.kernels
from experiments.benchmarks.first_calls import prepared
from optinet.kernels import _ahead

# by name: a first call that announces it, kernels of it whose callees are named, callers before callees, and what is
# named, in the order in which it is compiled; the other process comes from the end. What a kernel calls need not be
# named: it is compiled with it.
ANNOUNCED: dict[str, tuple[str, tuple[str, ...], list[str]]] = {
    "solve ecmp": (
        "solve, ecmp",
        ("signatures._path_signatures",),
        ["signatures._average_next", "signatures._path_signatures"],
    ),
    "torus_holes": (
        "link_loads, ecmp, permutation",
        ("torus_holes._loads_by_view",),
        ["torus_holes._withdraw", "torus_holes._push", "torus_holes._push_risen"],
    ),
    "fptas": (
        "concurrent_flow, fptas",
        (),
        ["hop_paths.list_hop_paths", "path_flows.add_paths", "path_flows.balance"],
    ),
    "simulate_flows": (
        "simulate_flows",
        ("flow_events.run_events", "flow_events._start_and_end", "settle.settle", "settle._hold"),
        [
            "settle._rise",
            "settle._look_further",
            "settle._look",
            "settle._hold",
            "settle.settle",
            "flow_events._apply_rates",
            "flow_events._start_and_end",
            "flow_events._move",
            "flow_events._first_moment",
            "flow_events._complete",
            "settle.give_way",
            "placed_heap.take_out",
        ],
    ),
}
_HEADER = "# Written by `python -m experiments.benchmarks.announced`; see `optinet.kernels._ahead`.\n"


def text() -> str:
    """Return the list, by making the calls."""
    found = _HEADER
    for name, (call, callers, kernels) in ANNOUNCED.items():
        before = _called()
        prepared(call)()
        for caller in callers:
            _type_callees(caller)
        called = _called()
        found += f"\n[{name}]\n"
        for kernel in kernels:
            (signature,) = [each for each in called[kernel] if each not in before[kernel]]
            found += f"{kernel}({', '.join(map(_ahead.text_of, signature))})\n"
    return found


def _dispatchers() -> dict[str, Any]:
    modules = [info.name for info in pkgutil.iter_modules(optinet.kernels.__path__)]
    return {
        f"{module}.{name}": value
        for module in modules
        for name, value in vars(importlib.import_module(f"optinet.kernels.{module}")).items()
        if isinstance(value, Dispatcher)
    }


def _called() -> dict[str, list[tuple[Any, ...]]]:
    return {name: list(dispatcher.overloads) for name, dispatcher in _dispatchers().items()}


def _type_callees(caller: str) -> None:
    """Have a kernel find out what it calls with which types: code loaded from the cache does not know."""
    dispatcher = _dispatchers()[caller]
    compiler = type(dispatcher._compiler)(
        dispatcher.py_func, dispatcher.targetdescr, dispatcher.targetoptions, {}, _Typing
    )
    for kinds in dispatcher.overloads:
        with contextlib.suppress(CompilerError):
            compiler.compile(kinds, None)


class _Typing(CompilerBase):  # type: ignore[misc]  # Numba says nothing of its types
    """A compiler that stops once all types are known."""

    def define_pipelines(self) -> list[PassManager]:
        self.state.cr = None  # there is no result, which is an error to Numba
        passes = DefaultPassBuilder.define_untyped_pipeline(self.state)
        passes.add_pass(NopythonTypeInference, "types")
        passes.finalize()
        return [passes]


if __name__ == "__main__":
    os.environ[_ahead.SWITCH] = "1"  # that nothing is compiled but what is called
    _ahead.LIST.write_text(text(), encoding="utf-8")
