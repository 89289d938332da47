# SPDX-License-Identifier: Apache-2.0
"""What imports what, as far as import-linter cannot see it; its own contracts run in ``make lint``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KERNELS = sorted((ROOT / "optinet" / "kernels").glob("*.py"))
PACKAGES = ("optinet", "topologies", "experiments", "gui")


def imported(source: str) -> Iterator[str]:
    """Yield the module of every import, wherever in the file it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def is_of(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_imports_are_found_wherever_they_stand() -> None:
    source = "import a.b, c\nfrom d import e\ndef f():\n    from .g import h\nif True:\n    import i\n"
    assert sorted(imported(source)) == [".g", "a.b", "c", "d", "i"]


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_kernels_import_numpy_numba_math_and_each_other_alone(path: Path) -> None:
    # typing has the NamedTuple, which is how Numba takes several arrays as one argument
    allowed = ["numpy", "numba", "math", "typing", "__future__", "optinet.kernels"]
    if path.stem in ("_jit", "_ahead"):  # set up the compiler, and for that touch files and processes
        allowed += ["collections.abc", "contextlib", "fcntl", "hashlib", "importlib", "os", "pathlib", "signal"]
        allowed += ["subprocess", "sys", "threading", "time"]
    assert [module for module in imported(path.read_text()) if not is_of(module, *allowed)] == []


def test_there_are_kernels() -> None:
    assert len(KERNELS) > 1


@pytest.mark.parametrize("package", ["optinet", "topologies", "experiments"])
def test_only_gui_imports_qt(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for module in imported(path.read_text())
        if is_of(module, "PyQt6", "pyqtgraph", "sip")
    ]
    assert found == []


@pytest.mark.parametrize("path", sorted((ROOT / "gui" / "state").rglob("*.py")), ids=lambda path: path.stem)
def test_state_of_the_viewer_is_free_of_qt(path: Path) -> None:
    assert [module for module in imported(path.read_text()) if is_of(module, "PyQt6", "pyqtgraph", "gui.views")] == []


def test_every_file_names_its_licence_first() -> None:
    folders = [ROOT / name for name in (*PACKAGES, "tests")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    wrong = [path for path in files if path.read_text().partition("\n")[0] != "# SPDX-License-Identifier: Apache-2.0"]
    assert len(files) > 20
    assert wrong == []


def test_no_module_hides_a_function_of_the_interface():
    # importing a submodule sets it as an attribute of the package: a name may be one or the other
    import optinet

    modules = {path.stem for path in Path(optinet.__file__).parent.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not modules & set(optinet.__all__)
    assert set(optinet.__all__) == set(optinet._HOME)
