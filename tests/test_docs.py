# SPDX-License-Identifier: Apache-2.0
"""The pages of docs/ are run: `tests.support.pages` says how.

``UPDATE_DOCS=1 pytest tests/test_docs.py`` puts what comes out into the pages; look before keeping it.
"""

import os
import re
import sys
from pathlib import Path

import pytest

from experiments import cli
from optinet.catalogue import load_catalogue
from optinet.catalogue.describe import components_markdown, conflicts_markdown, sources_markdown
from optinet.collectives.algorithms import algorithms_markdown
from optinet.models.copper import copper_markdown
from optinet.results.describe import groups_markdown
from tests.support import study_table
from tests.support.pages import Page, rewrite

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
GENERATORS = {
    "components": lambda: components_markdown(load_catalogue()),
    "conflicts": lambda: conflicts_markdown(load_catalogue()),
    "sources": lambda: sources_markdown(load_catalogue()),
    "copper": lambda: copper_markdown(load_catalogue()),
    "groups": groups_markdown,
    "algorithms": algorithms_markdown,
    "train_llm": study_table.train_llm_markdown,
    "commands": lambda: viewer_commands(),
}


def viewer_commands():
    """Return the viewer's commands; imported here because the other pages need no Qt."""
    from gui.views.window.command_table import commands_markdown

    return commands_markdown()


def run_command(words):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    return ended.value.code


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_as_it_says(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("experiments.runner.FEW_POINTS", 1000)  # run in this process; others would load the engine anew
    differences = list(Page(path, run_command, GENERATORS).differences())
    if os.environ.get("UPDATE_DOCS"):
        rewrite(path, differences)
    assert not differences, "\n".join(map(str, differences))


def test_the_figures_of_the_study_are_those_of_the_study_as_it_is():
    points = study_table.points()
    if os.environ.get("UPDATE_DOCS"):
        study_table.store(map(study_table.row, points))
    stored = study_table.stored()
    assert [{name: each[name] for name in ("design", "model", "scenario_sha256")} for each in stored] == [
        study_table.key(point) for point in points
    ], "the study has changed: UPDATE_DOCS=1 pytest tests/test_docs.py"
    kept = {each["scenario_sha256"]: each for each in stored}
    for point in points:
        dense = point.scenario.workload.parameters["model"] == "llama_3_405b"
        if point.case == "1b electrical 102.4T, retimed" or (dense and "as built" in point.case):
            found, kept_row = study_table.row(point), kept[point.scenario.content_sha256]
            for name in study_table.METRICS:
                assert float(found[name]) == pytest.approx(float(kept_row[name]), rel=1e-3), (point.name, name)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_and_tests_that_a_page_names_exist(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    missing = [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (path.parent / link).exists()]
    known = {
        f"{file.name}::{name}"
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"\btest_\w+\.py::test_\w+", text))
    assert missing + sorted(named - known) == []


def test_the_index_lists_every_page():
    index = (ROOT / "docs" / "user_guide.md").read_text(encoding="utf-8")
    assert [path.name for path in PAGES if f"({path.name})" not in index and path.name != "user_guide.md"] == []


PAGE = """\
<!-- file: name.txt -->
```toml
title = 1
```
```python
from pathlib import Path
print(Path("name.txt").read_text() + "second")
```
```text
title = 1
...
```
```console
$ optinet greet one
hello one
$ optinet greet two
$ optinet greet three
hallo three
```
<!-- not run: no reason -->
```console
$ make coffee
```
<!-- generated: table -->
old
<!-- end -->

| What | Ours | Computed by |
|---|---|---|
| sum | 4 | `2 + 2` |
| product | 9 | `2 * 4` |

| a | b |
|---|---|
| not | computed |
"""


def test_what_is_not_so_is_found_and_can_be_put_right(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "page.md"
    path.write_text(PAGE)

    def greet(words):
        sys.stdout.write(f"hello {words[1]}\n")
        return 0

    def differences():
        return list(Page(path, greet, {"table": lambda: "new\n"}).differences())

    found = differences()
    assert [each.line for each in found] == [14, 25, 31]
    rewrite(path, found)
    assert differences() == []
    assert path.read_text() == PAGE.replace("hallo", "hello").replace("old", "new").replace("| 9 |", "| 8 |")


@pytest.mark.parametrize(
    ("command", "words"), [("make coffee", "make coffee cannot be run"), ("optinet fail", "ends with exit code 2")]
)
def test_a_command_that_fails_or_cannot_be_run_is_named(tmp_path, monkeypatch, command, words):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "page.md"
    path.write_text(f"```console\n$ {command}\n```\n")
    with pytest.raises(AssertionError, match=words):
        list(Page(path, lambda _: 2, {}).differences())
