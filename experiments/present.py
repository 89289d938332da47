# SPDX-License-Identifier: Apache-2.0
"""Tables as text: on a terminal of any width, in a pipe, or as Markdown. Nothing is ever cut off."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import TypeAlias

from experiments.columns import Column
from experiments.compare import Table

_GAP = 2
_NARROWEST_NAME = 16
_Shown: TypeAlias = tuple[Sequence[str], Sequence[str], int, bool]  # heading lines, cells, width, to the right


def comparison_text(table: Table, width: int | None = None) -> str:
    """Return a comparison as fixed-width text.

    Parameters
    ----------
    table
        The comparison.
    width
        Columns of the terminal; a table that is wider is continued below, block by block. None for one block.
    """
    names = [f"{row.case} {table.marks(row)}".rstrip() for row in table.rows]
    heads = [column.heading for column in table.columns]
    cells = [[table.cell(row, column) for row in table.rows] for column in table.columns]
    rights = [column.digits is not None for column in table.columns]
    widths = [max(map(len, (*head, *column))) for head, column in zip(heads, cells, strict=True)]
    room = max(map(len, names), default=0)
    if width is not None:
        # long names are folded where that leaves more columns side by side
        room = min(room, max(_NARROWEST_NAME, min(2 * width // 5, width - max(widths, default=0) - _GAP)))
    blocks = []
    for block in _blocks(widths, room, width):
        chosen = [(heads[i], cells[i], widths[i], rights[i]) for i in block]
        blocks.append("\n".join(_block(names, room, chosen)))
    return "\n\n".join([*blocks, "\n".join(_wrapped(table, width))]).rstrip() + "\n"


def comparison_markdown(table: Table) -> str:
    """Return a comparison as a Markdown table with its remarks and footnotes."""
    heads = [_joined(column.heading) for column in table.columns]
    lines = [_pipes(["design", *heads]), _pipes(["---", *(_ruler(column) for column in table.columns)])]
    for row in table.rows:
        name = f"{row.case} {table.marks(row)}".rstrip().replace("|", "\\|")
        lines.append(_pipes([name, *(table.cell(row, column) for column in table.columns)]))
    notes = [f"- [{number}] {text}" for number, text in enumerate(table.footnotes, 1)]
    return "\n".join([*lines, "", *(f"- {text}" for text in table.remarks), *notes]) + "\n"


def rows_text(headings: Sequence[str], rows: Sequence[Sequence[object]], width: int | None = None) -> str:
    """Return a plain table; its last column is folded to the terminal's width."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip_longest(headings, *cells, fillvalue="")]
    before = sum(widths[:-1]) + _GAP * (len(widths) - 1)
    last = widths[-1] if width is None else max(_NARROWEST_NAME, width - before)
    lines = []
    for row in [list(headings), *cells]:
        folded = textwrap.wrap(row[-1], last) or [""]
        for i, piece in enumerate(folded):
            left = row[:-1] if i == 0 else [""] * (len(row) - 1)
            lines.append((" " * _GAP).join([*(text.ljust(w) for text, w in zip(left, widths, strict=False)), piece]))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _blocks(widths: Sequence[int], room: int, width: int | None) -> list[list[int]]:
    """Put as many columns beside the names as fit, the rest into further blocks."""
    blocks: list[list[int]] = []
    left = 0
    for i, needed in enumerate(widths):
        if not blocks or (width is not None and needed + _GAP > left):
            blocks.append([])
            left = (width or 0) - room
        blocks[-1].append(i)
        left -= needed + _GAP
    return blocks


def _block(names: Sequence[str], room: int, columns: Sequence[_Shown]) -> list[str]:
    lines = []
    for i in range(max(len(heads) for heads, *_ in columns)):
        first = "design" if i == 0 else ""
        lines.append(_line(first, room, [(heads[i], width, right) for heads, _, width, right in columns]))
    lines.append("-" * (room + sum(width + _GAP for _, _, width, _ in columns)))
    for row, name in enumerate(names):
        pieces = textwrap.wrap(name, room, subsequent_indent="  ") or [""]
        lines.append(_line(pieces[0], room, [(cells[row], width, right) for _, cells, width, right in columns]))
        lines += pieces[1:]
    return lines


def _line(name: str, room: int, cells: Sequence[tuple[str, int, bool]]) -> str:
    texts = [text.rjust(width) if right else text.ljust(width) for text, width, right in cells]
    return (" " * _GAP).join([name.ljust(room), *texts]).rstrip()


def _wrapped(table: Table, width: int | None) -> list[str]:
    texts = [*table.remarks, *(f"[{number}] {text}" for number, text in enumerate(table.footnotes, 1))]
    return [line for text in texts for line in (textwrap.wrap(text, max(width, 20)) if width else [text])]


def _joined(heading: Sequence[str]) -> str:
    """Return a heading in one line; its words may have been broken."""
    text = " ".join(filter(None, heading))
    return text.replace("_ ", "_").replace("- ", "")


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ruler(column: Column) -> str:
    return "---" if column.digits is None else "---:"
