# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optinet.errors import ScenarioError
from optinet.toml_source import TomlSource

TEXT = """\
title = "x"  # umlauts: äöü
a.b."c d" = 1

[topology]
name = "torus"
deep = {x = 1, y.z = [1, {q = 2}]}

[[case]]
name = "first"
[case.topology]
leaves = 3
[[case.part]]
n = 1
[[case.part]]
n = 2

[[case]]
# a comment between
"quot\\u0065d" = 2
'literal' = [
  1, # comment
  [2, 3],
]
words = ["äöü", 7]
[ spaced . 'x.y' ]  # comment
k = 1
"""


@pytest.fixture(scope="module")
def source() -> TomlSource:
    return TomlSource.from_text(TEXT, "s.toml")


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ((), (1, 1)),
        (("title",), (1, 1)),
        (("a", "b"), (2, 1)),
        (("a", "b", "c d"), (2, 1)),
        (("topology",), (4, 1)),
        (("topology", "name"), (5, 1)),
        (("topology", "deep", "x"), (6, 9)),
        (("topology", "deep", "y", "z"), (6, 16)),
        (("topology", "deep", "y", "z", 1), (6, 26)),
        (("topology", "deep", "y", "z", 1, "q"), (6, 27)),
        (("case",), (8, 1)),
        (("case", 0), (8, 1)),
        (("case", 0, "topology"), (10, 1)),
        (("case", 0, "topology", "leaves"), (11, 1)),
        (("case", 0, "part", 1, "n"), (15, 1)),
        (("case", 1), (17, 1)),
        (("case", 1, "quoted"), (19, 1)),
        (("case", 1, "literal", 0), (21, 3)),
        (("case", 1, "literal", 1, 1), (22, 7)),
        (("case", 1, "words", 1), (24, 17)),  # counted in characters, not bytes
        (("spaced", "x.y", "k"), (26, 1)),
    ],
)
def test_every_key_has_its_line_and_column(source: TomlSource, path: tuple[str | int, ...], position: tuple[int, int]):
    assert source.locate(path) == position


@pytest.mark.parametrize(
    ("path", "position"),
    [
        (("topology", "leafs"), (4, 1)),
        (("case", 1, "topology", "leaves"), (17, 1)),
        (("case", 0, "topology", "leaves", 4, "x"), (11, 1)),
        (("nothing", "of", "this"), (1, 1)),
    ],
)
def test_a_missing_key_is_placed_at_the_nearest_table(
    source: TomlSource, path: tuple[str | int, ...], position: tuple[int, int]
):
    assert source.locate(path) == position
    assert source.location(path) == f"s.toml:{position[0]}"


def test_an_empty_text_has_a_first_line():
    assert TomlSource.from_text("", "s.toml").locate(("x",)) == (1, 1)


def leaf_paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    else:
        return [path]
    return [leaf for key, inner in entries for leaf in leaf_paths(inner, (*path, key))]


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=4)
TABLES = st.dictionaries(
    KEYS,
    st.recursive(
        st.integers(-9, 9) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(TABLES)
def test_every_value_of_any_file_is_located_exactly(values: dict[str, object]):
    import tomli_w

    source = TomlSource.from_text(tomli_w.dumps(values), "s.toml")
    known = set(source._positions)
    assert [path for path in leaf_paths(source.values) if path not in known] == []


@pytest.mark.parametrize(
    ("text", "location", "words"),
    [
        ("a = 1\nb = = 2\n", "s.toml:2", "not valid TOML: invalid value at column 5"),
        ("a = 1\nb = [1,\n", "s.toml:2", "not valid TOML: invalid value"),
        ("a = 1\n\na = 2\n", "s.toml:3", "a key or table is defined twice"),
        ("[t]\n[t]\n", "s.toml:2", "a key or table is defined twice"),
        ("a = " + "[" * 9999, "s.toml", "nested too deeply"),
        ("a = " + "9" * 9999, "s.toml", "too many digits"),
    ],
)
def test_a_syntax_error_is_one_problem_with_its_line(text: str, location: str, words: str):
    with pytest.raises(ScenarioError) as caught:
        TomlSource.from_text(text, "s.toml")
    (problem,) = caught.value.problems
    assert problem.location == location
    assert words in problem.found


def test_what_cannot_be_read_is_one_clear_problem(tmp_path: Path):
    (tmp_path / "latin.toml").write_bytes(b"a = 1\nb = '\xe9'\n")
    (tmp_path / "huge.toml").write_bytes(b"#" * 16_000_001)
    os.mkfifo(tmp_path / "pipe.toml")
    expected = {
        "absent.toml": "no such file",
        ".": "is a folder, not a file",
        "latin.toml": "is not UTF-8 text",
        "huge.toml": "is too large",
        "pipe.toml": "is not a regular file",
        "latin.toml/inside.toml": "no such file",
        "x" * 300: "cannot be read: File name too long",
    }
    for name, words in expected.items():
        with pytest.raises(ScenarioError) as caught:
            TomlSource.from_path(tmp_path / name)
        (problem,) = caught.value.problems
        line = ":2" if name == "latin.toml" else ""
        assert (problem.found, problem.location) == (words, str(tmp_path / name) + line)


def test_windows_files_are_read(tmp_path: Path):
    path = tmp_path / "s.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n[t]\r\nb = 2\r\n")
    source = TomlSource.from_path(path)
    assert source.values == {"a": 1, "t": {"b": 2}}
    assert source.locate(("t", "b")) == (3, 1)


def test_positions_are_not_sought_until_asked_for(source: TomlSource):
    fresh = TomlSource.from_text(TEXT, "s.toml")
    assert "_positions" not in vars(fresh)
    fresh.locate(("title",))
    assert "_positions" in vars(fresh)
