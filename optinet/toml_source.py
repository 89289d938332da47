# SPDX-License-Identifier: Apache-2.0
"""A TOML file that knows where each of its keys stands.

The standard library's tomllib gives the values. Positions come from tree-sitter, and only when a problem is reported:
parsing twice would slow down every run that has nothing to complain about.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from optinet.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from tree_sitter import Node

KeyPath: TypeAlias = tuple[str | int, ...]
Position: TypeAlias = tuple[int, int]

_MAX_BYTES = 16_000_000


@dataclass(frozen=True)
class TomlSource:
    """The values of a TOML text and the position of every key in it.

    Parameters
    ----------
    name
        What messages call it: the path as the user wrote it.
    text
        The text, decoded.
    values
        The parsed text.
    """

    name: str
    text: str
    values: dict[str, Any]

    @classmethod
    def from_path(cls, path: str | Path) -> TomlSource:
        """Read and parse a file.

        Raises
        ------
        ScenarioError
            If it is missing, not a file, unreadable, not UTF-8 or not TOML: one problem, with its line.
        """
        return cls.from_text(_read(Path(path), str(path)), str(path))

    @classmethod
    def from_text(cls, text: str, name: str) -> TomlSource:
        """Parse a text; `ScenarioError` with one problem if it is not TOML."""
        try:
            return cls(name, text, tomllib.loads(text))
        except RecursionError:
            raise ScenarioError(Problem("", "not valid TOML: nested too deeply", location=name)) from None
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(_syntax_problem(str(error), text, name)) from None
        except ValueError:  # the one thing Python refuses that TOML does not
            raise ScenarioError(Problem("", "a number has too many digits", location=name)) from None

    def locate(self, key_path: KeyPath) -> Position:
        """Return line and column, both from 1, of a key or list entry, or of the nearest table that would hold it."""
        known = (key_path[:end] for end in range(len(key_path), -1, -1))
        return next(self._positions[path] for path in known if path in self._positions)

    def location(self, key_path: KeyPath) -> str:
        """Return ``name:line`` of a key, as `Problem` wants it."""
        return f"{self.name}:{self.locate(key_path)[0]}"

    @cached_property
    def _positions(self) -> dict[KeyPath, Position]:
        import tree_sitter_toml
        from tree_sitter import Language, Parser

        root = Parser(Language(tree_sitter_toml.language())).parse(self.text.encode()).root_node
        lines = self.text.encode().split(b"\n")
        positions: dict[KeyPath, Position] = {(): (1, 1)}
        for path, node in _document_keys(root):
            row, byte_column = node.start_point
            column = len(lines[row][:byte_column].decode(errors="replace"))
            for end in range(1, len(path) + 1):  # a dotted key also makes the tables it names; the first mention counts
                positions.setdefault(path[:end], (row + 1, column + 1))
        return positions


def _read(path: Path, name: str) -> str:
    try:
        if path.is_dir():
            raise ScenarioError(Problem("", "is a folder, not a file", location=name))
        if not path.is_file():
            what = "is not a regular file" if path.exists() else "no such file"
            raise ScenarioError(Problem("", what, location=name))
        if path.stat().st_size > _MAX_BYTES:
            allowed = f"a text of at most {_MAX_BYTES // 10**6} MB"
            raise ScenarioError(Problem("", "is too large", allowed, location=name))
        data = path.read_bytes()
    except OSError as error:
        raise ScenarioError(Problem("", f"cannot be read: {error.strerror}", location=name)) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScenarioError(Problem("", "is not UTF-8 text", location=f"{name}:{line}")) from None


def _syntax_problem(message: str, text: str, name: str) -> Problem:
    if at_line := re.search(r" \(at line (\d+), column (\d+)\)$", message):
        line = at_line[1]
        message = f"{message[: at_line.start()]} at column {at_line[2]}"
    else:
        line = str(text.rstrip().count("\n") + 1)
        message = message.removesuffix(" (at end of document)")
    if "Cannot overwrite" in message or "Cannot declare" in message or "Cannot mutate" in message:
        message = "a key or table is defined twice"
    return Problem("", f"not valid TOML: {message[:1].lower()}{message[1:]}", location=f"{name}:{line}")


def _document_keys(root: Node) -> Iterator[tuple[KeyPath, Node]]:
    """Yield every key path of a document in the order of the text, with the node it stands at."""
    array_lengths: dict[KeyPath, int] = {}
    for child in root.named_children:
        if child.type == "pair":
            yield from _pair_keys(child, ())
        elif child.type in ("table", "table_array_element"):
            header, *pairs = (node for node in child.named_children if node.type != "comment")
            table: KeyPath = ()
            keys = _key_parts(header)
            for key in keys:
                table = (*table, key)
                if child.type == "table_array_element" and len(keys) == sum(isinstance(part, str) for part in table):
                    array_lengths[table] = array_lengths.get(table, 0) + 1
                if table in array_lengths:  # [case.topology] belongs to the case begun last
                    table = (*table, array_lengths[table] - 1)
            yield table, child
            for pair in pairs:
                yield from _pair_keys(pair, table)


def _pair_keys(pair: Node, table: KeyPath) -> Iterator[tuple[KeyPath, Node]]:
    key, value = (node for node in pair.named_children if node.type != "comment")
    path = (*table, *_key_parts(key))
    yield path, key
    yield from _value_keys(value, path)


def _value_keys(value: Node, path: KeyPath) -> Iterator[tuple[KeyPath, Node]]:
    if value.type == "inline_table":
        for pair in value.named_children:
            if pair.type == "pair":
                yield from _pair_keys(pair, path)
    elif value.type == "array":
        entries = (node for node in value.named_children if node.type != "comment")
        for index, entry in enumerate(entries):
            yield (*path, index), entry
            yield from _value_keys(entry, (*path, index))


def _key_parts(key: Node) -> tuple[str, ...]:
    """Return the names of a bare, quoted or dotted key."""
    if key.type == "dotted_key":
        return tuple(part for child in key.named_children for part in _key_parts(child))
    text = (key.text or b"").decode()
    return (next(iter(tomllib.loads(f"{text} = 0"))),) if key.type == "quoted_key" else (text,)
