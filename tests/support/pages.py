# SPDX-License-Identifier: Apache-2.0
"""Pages of documentation that are run: snippets, commands, generated tables and computed cells.

What a page may hold, in fences of three backticks:

- ``python``: run in order, one namespace a page; a ``text`` block after it is what it prints.
- ``console``: every line ``$ optinet ...`` is run in a folder of the page's own and has to exit with 0; the lines after
  it are what it prints. ``...`` stands for anything.
- ``toml`` after a line ``<!-- file: NAME -->`` is written to that folder under that name.
- Any block after a line ``<!-- not run: REASON -->`` is left alone.

Between ``<!-- generated: NAME -->`` and ``<!-- end -->`` stands what a function returns. In a table with the columns
"Ours" and "Computed by", the first is what the expression in the second gives.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PIECE = re.compile(
    r"(?:^<!-- (?P<key>file|not run): (?P<value>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$"
    r"|^<!-- generated: (?P<generated>\w+) -->\n(?P<table>.*?)^<!-- end -->$"
    r"|^(?P<row>\|[^\n]*\|)$",
    re.MULTILINE | re.DOTALL,
)
_MATCHES = doctest.OutputChecker().check_output


@dataclass(frozen=True)
class Difference:
    """A stretch of a page, from start to end, that is not as it should be."""

    page: Path
    line: int
    start: int
    end: int
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}: the page says\n{self.expected}\nand it is\n{self.found}"


@dataclass
class Page:
    """One page, run from its beginning.

    Parameters
    ----------
    path
        The page.
    run_command
        Takes the words of a command line and returns its exit code.
    generators
        Makes the generated parts, by name.
    """

    path: Path
    run_command: Callable[[list[str]], int]
    generators: Mapping[str, Callable[[], str]]
    namespace: dict[str, Any] = field(default_factory=dict)
    printed: str | None = None
    columns: list[str] = field(default_factory=list)
    row_end: int = -1

    def differences(self) -> Iterator[Difference]:
        """Run the page in the current folder and yield what differs."""
        text = self.path.read_text(encoding="utf-8")
        self.namespace["__name__"] = self.path.stem
        for piece in _PIECE.finditer(text):
            if piece["generated"]:
                yield from self._compare(piece, "table", self.generators[piece["generated"]](), exact=True)
            elif piece["row"]:
                yield from self._row(piece)
            elif piece["key"] != "not run":
                yield from self._block(piece)

    def _block(self, piece: re.Match[str]) -> Iterator[Difference]:
        language, body = piece["language"], piece["body"]
        if piece["key"] == "file":
            Path(piece["value"]).write_text(body, encoding="utf-8")
        elif language == "python":
            # blank lines in front make the lines of a traceback those of the page
            code = compile("\n" * (_line(piece, "body") - 1) + body, str(self.path), "exec")
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(code, self.namespace)
            self.printed = printed.getvalue()
        elif language == "text" and self.printed is not None:
            yield from self._compare(piece, "body", self.printed)
            self.printed = None
        elif language == "console":
            yield from self._compare(piece, "body", self._session(body), exact=True)

    def _session(self, body: str) -> str:
        """Return what a console shows when the commands of a block are typed, in the page's words where they fit."""
        shown = []
        for command, expected in re.findall(r"^\$ (.*\n)((?:(?!\$ ).*\n)*)", body, re.MULTILINE):
            words = shlex.split(command)
            assert words[0] == "optinet", (
                f"{self.path.name}: {command.strip()} cannot be run; say why: <!-- not run: -->"
            )
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                code = self.run_command(words[1:])
            assert code == 0, f"{self.path.name}: {command.strip()} ends with exit code {code}"
            shown.append(f"$ {command}" + (expected and self._fitting(expected, printed.getvalue())))
        return "".join(shown)

    def _row(self, piece: re.Match[str]) -> Iterator[Difference]:
        if piece.start("row") > self.row_end + 1:
            self.columns = []  # another table begins
        self.row_end = piece.end("row")
        cells = [cell.strip() for cell in piece["row"].strip("|").split("|")]
        if "Ours" in cells:
            self.columns = cells
        elif len(cells) != len(self.columns):
            self.columns = []
        elif self.columns and not set(cells[0]) <= set("-: "):
            row = dict(zip(self.columns, cells, strict=True))
            value = eval(row["Computed by"].strip("`"), self.namespace)
            parts = value if isinstance(value, tuple) else (value,)
            found = ", ".join(f"{part:,}" if isinstance(part, int) else str(part) for part in parts)
            if found != row["Ours"]:
                cells[self.columns.index("Ours")] = found
                yield self._difference(piece, "row", f"| {' | '.join(cells)} |")

    def _compare(self, piece: re.Match[str], group: str, found: str, *, exact: bool = False) -> Iterator[Difference]:
        if piece[group] != (found if exact else self._fitting(piece[group], found)):
            yield self._difference(piece, group, found)

    def _fitting(self, expected: str, printed: str) -> str:
        """Return what a page expects where that is what is printed, else what is printed."""
        found = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
        return expected if _MATCHES(expected, found, doctest.ELLIPSIS) else found

    def _difference(self, piece: re.Match[str], group: str, found: str) -> Difference:
        return Difference(self.path, _line(piece, group), piece.start(group), piece.end(group), piece[group], found)


def rewrite(path: Path, differences: list[Difference]) -> None:
    """Put what was found into a page."""
    text = path.read_text(encoding="utf-8")
    for each in sorted(differences, key=lambda each: each.start, reverse=True):
        text = text[: each.start] + each.found + text[each.end :]
    path.write_text(text, encoding="utf-8")


def _line(piece: re.Match[str], group: str) -> int:
    return piece.string.count("\n", 0, piece.start(group)) + 1
