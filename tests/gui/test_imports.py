# SPDX-License-Identifier: Apache-2.0
"""State and command registry work without Qt; nothing outside the viewer imports it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import gui

ROOT = Path(gui.__file__).parents[1]


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_nothing_outside_the_viewer_imports_qt():
    files = [path for room in ("optinet", "topologies", "experiments") for path in (ROOT / room).rglob("*.py")]
    assert len(files) > 20
    assert not [path for path in files if imports(path) & {"PyQt6", "pyqtgraph"}]


def test_importing_the_state_loads_no_qt():
    files = [path.relative_to(ROOT) for path in (ROOT / "gui" / "state").rglob("*.py") if path.stem != "__init__"]
    modules = [".".join(file.with_suffix("").parts) for file in files]
    assert len(modules) > 40
    program = "import sys, importlib\n" + "".join(f"importlib.import_module({name!r})\n" for name in modules)
    program += "import gui.commands\nprint([name for name in sys.modules if name.startswith(('PyQt6', 'pyqtgraph'))])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_window_loads_nothing_slow_before_it_is_there():
    slow = (
        "numba",
        "scipy",
        "networkx",
        "matplotlib",
        "pandas",
        "xarray",
        "distributed",
        "pyqtgraph",
        "optinet.models",
    )
    program = f"import sys, gui.app, gui.views.window.main_window\nprint([m for m in {slow!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
