# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from optinet.errors import Problem
from optinet.toml_source import TomlSource
from optinet.validation import checked, dotted, problems_of, type_in_words

Count = Annotated[int, Field(ge=1)]


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Copper(BaseModel):
    kind: Literal["copper"]
    reach_m: float = Field(gt=0, allow_inf_nan=False)


class Glass(BaseModel):
    kind: Literal["glass"]
    lanes: Count


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Inner(Strict):
    depth: Count = 1


class Everything(Strict):
    leaves: Annotated[int, Field(ge=1, description="leaf switches")] = 1
    share: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)
    below: float = Field(default=0.5, gt=0, lt=1)
    even: int = Field(default=2, multiple_of=2)
    title: str = Field(default="", pattern="^[a-z]*$")
    word: str = Field(default="a", min_length=1)
    twisted: bool = False
    dims: Annotated[tuple[Count, ...], Field(min_length=1, max_length=3)] = (1,)
    pair: tuple[int, str] = (1, "a")
    tie: Literal["split", "positive"] = "split"
    color: Color = Color.RED
    spines: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    size: int | list[int] | None = None
    inner: Inner = Inner()
    layers: tuple[Inner, ...] = ()
    cable: Annotated[Copper | Glass, Field(discriminator="kind")] | None = None
    part: Copper | Glass | None = None
    prices: dict[str, float] = Field(default_factory=dict)


def problems(text: str) -> list[Problem]:
    source = TomlSource.from_text(f"[t]\n{text}\n", "s.toml")
    model, found = checked(Everything, source.values["t"], ("t",), source)
    assert (model is None) == bool(found)
    return list(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("leaves = 0", "t.leaves: 0 is below the smallest allowed value 1; allowed: a whole number of at least 1"),
        ("leaves = true", "t.leaves: true where a whole number belongs; allowed: a whole number of at least 1"),
        (
            "leaves = '4'",
            "t.leaves: text '4' where a whole number belongs; allowed: a whole number of at least 1; did you mean '4'?",
        ),
        ("leaves = 4.0", "t.leaves: 4.0 where a whole number belongs; allowed: a whole number of at least 1"),
        ("leaves = [4]", "t.leaves: a list where a whole number belongs; allowed: a whole number of at least 1"),
        ("share = 1.5", "t.share: 1.5 is above the largest allowed value 1; allowed: a number from 0 to 1"),
        ("share = nan", "t.share: nan is not a finite number; allowed: a number from 0 to 1"),
        ("share = {}", "t.share: a table where a number belongs; allowed: a number from 0 to 1"),
        ("below = 0", "t.below: 0 is not above 0; allowed: a number above 0 and below 1"),
        ("below = 1.0", "t.below: 1.0 is not below 1; allowed: a number above 0 and below 1"),
        ("even = 3", "t.even: 3 is not a multiple of 2; allowed: a whole number that is a multiple of 2"),
        ("title = 'A'", "t.title: text 'A' does not match the pattern ^[a-z]*$; allowed: text"),
        ("title = 3", "t.title: 3 where text belongs"),
        ("word = ''", "t.word: text '' is too short; allowed: text (at least 1 long)"),
        ("twisted = 1", "t.twisted: 1 where true or false belongs"),
        (
            "dims = []",
            "t.dims: has 0 entries; allowed: a list, each entry a whole number of at least 1 (1 to 3 long)",
        ),
        (
            "dims = [1, 2, 3, 4]",
            "t.dims: has 4 entries; allowed: a list, each entry a whole number of at least 1 (1 to 3 long)",
        ),
        ("dims = [2, 0]", "t.dims[1]: 0 is below the smallest allowed value 1; allowed: a whole number of at least 1"),
        (
            "dims = 4",
            "t.dims: 4 where a list belongs; allowed: a list, each entry a whole number of at least 1 (1 to 3 long)",
        ),
        ("pair = [1, 2]", "t.pair[1]: 2 where text belongs"),
        ("pair = [1]", "t.pair[1]: is missing; allowed: text"),
        ("pair = 1", "t.pair: 1 where a list of 2 entries belongs"),
        ("tie = 'splitt'", "t.tie: unknown value 'splitt'; allowed: split, positive; did you mean 'split'?"),
        ("tie = 1", "t.tie: 1 where one of split, positive belongs"),
        ("color = 'blu'", "t.color: unknown value 'blu'; allowed: red, blue; did you mean 'blue'?"),
        ("inner = 3", "t.inner: 3 where a table belongs"),
        ("inner = {dept = 1}", "t.inner.dept: unknown key 'dept'; allowed: depth; did you mean 'depth'?"),
        (
            "layers = [{depth = 1}, {depth = 0}]",
            "t.layers[1].depth: 0 is below the smallest allowed value 1; allowed: a whole number of at least 1",
        ),
        ("prices = {a = 1, b = 'x'}", "t.prices.b: text 'x' where a number belongs"),
        ("prices = {'a b' = 'x'}", "t.prices.\"a b\": text 'x' where a number belongs"),
    ],
)
def test_a_mistake_in_plain_words(text: str, message: str):
    assert [str(problem) for problem in problems(text)] == [f"s.toml:2: {message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "spines = 'aut'",
            (
                "t.spines: text 'aut' where a whole number or auto belongs; "
                "allowed: a whole number of at least 1 or auto; did you mean 'auto'?"
            ),
        ),
        (
            "spines = 0",
            "t.spines: 0 is below the smallest allowed value 1; allowed: a whole number of at least 1 or auto",
        ),
        (
            "size = 'x'",
            (
                "t.size: text 'x' where a whole number or a list belongs; "
                "allowed: a whole number or a list, each entry a whole number"
            ),
        ),
        ("size = [1, 'x']", "t.size[1]: text 'x' where a whole number belongs"),
        ("part = 1", "t.part: 1 where a table belongs"),
        ("part = {kind = 'glass'}", "t.part.lanes: is missing; allowed: a whole number of at least 1"),
        ("part = {kind = 'copper', reach_m = 0}", "t.part.reach_m: 0 is not above 0; allowed: a number above 0"),
        ("cable = {kind = 'glas'}", "t.cable: unknown kind 'glas'; allowed: copper, glass; did you mean 'glass'?"),
        ("cable = {}", "t.cable: key 'kind' is missing; allowed: copper, glass"),
        ("cable = {kind = 'copper'}", "t.cable.reach_m: is missing; allowed: a number above 0"),
        (
            "cable = {kind = 'glass', lanes = 0}",
            "t.cable.lanes: 0 is below the smallest allowed value 1; allowed: a whole number of at least 1",
        ),
    ],
)
def test_a_union_gives_one_problem_about_the_member_that_was_meant(text: str, message: str):
    assert [str(problem) for problem in problems(text)] == [f"s.toml:2: {message}"]


def test_all_mistakes_are_reported_each_with_its_line():
    found = problems("leafs = 4\nshare = 'x'\n\n[t.inner]\ndepth = 0\n[t.cable]\nkind = 'copper'\nreach_m = -1.5")
    assert [(problem.where, problem.location) for problem in found] == [
        ("t.share", "s.toml:3"),
        ("t.inner.depth", "s.toml:6"),
        ("t.cable.reach_m", "s.toml:9"),
        ("t.leafs", "s.toml:2"),
    ]
    assert found[-1].nearest == "leaves"
    assert found[-1].allowed.split(", ") == list(Everything.model_fields)


class Needy(BaseModel):
    leaves: Count = Field(description="leaf switches")

    @model_validator(mode="after")
    def _check(self) -> Needy:
        if self.leaves == 3:
            msg = "three leaves never work."
            raise ValueError(msg)
        return self


def test_a_missing_key_says_what_it_is():
    _, found = checked(Needy, {}, ("topology",))
    assert found == (Problem("topology.leaves", "is missing", "a whole number of at least 1 (leaf switches)"),)


def test_the_words_of_a_models_own_check_are_kept():
    _, found = checked(Needy, {"leaves": 3}, ("topology",))
    assert found == (Problem("topology", "three leaves never work"),)


def test_what_is_valid_comes_back_as_the_model():
    model, found = checked(
        Everything, {"dims": [2, 3], "share": 1, "size": [1], "cable": {"kind": "glass", "lanes": 2}}
    )
    assert found == ()
    assert model is not None
    assert (model.dims, model.share, model.size, model.cable) == ((2, 3), 1.0, [1], Glass(kind="glass", lanes=2))


def failure(values: dict[str, Any]) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate(values)
    return caught.value


def test_an_option_is_cited_instead_of_a_line():
    source = TomlSource.from_text("[t]\nleaves = 0\ninner = {depth = 0}\nshare = 2\n", "s.toml")
    option = {("t", "leaves"): "--set t.leaves=0", ("t", "inner"): "--set t.inner={depth=0}"}
    found = problems_of(failure(source.values["t"]), Everything, ("t",), source, option)
    assert {problem.where: problem.location for problem in found} == {
        "t.leaves": "--set t.leaves=0",
        "t.inner.depth": "--set t.inner={depth=0}",
        "t.share": "s.toml:4",
    }


def test_without_a_file_there_is_no_location():
    (problem,) = problems_of(failure({"leaves": 0}), Everything)
    assert (problem.where, problem.location) == ("leaves", "")


def test_a_long_text_is_cut():
    (problem,) = problems(f"leaves = '{'x' * 100}'")
    assert problem.found == f"text '{'x' * 40}...' where a whole number belongs"


def test_a_retired_key_tells_what_became_of_it():
    class Inside(BaseModel):
        model_config = ConfigDict(extra="forbid")
        retired: ClassVar[dict[str, str]] = {"speed": "the design says it"}

    class Outside(BaseModel):
        part: Inside

    _, (speed, other) = checked(Outside, {"part": {"speed": 3, "sped": 4}})
    assert str(speed) == "part.speed: is no key any more: the design says it; allowed: leave it out"
    assert other.found == "unknown key 'sped'"


def test_no_word_of_pydantic_is_left():
    text = "\n".join(f"{name} = {{a = 1}}" for name in Everything.model_fields)
    found = " ".join(map(str, problems(text))).lower()
    assert found.count("s.toml") > len(Everything.model_fields) - 3
    for word in ("pydantic", "http", "input", "instance", "valid ", "validation", "none", "nonetype", "tuple", "dict"):
        assert word not in found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("a", "b"), "a.b"),
        (("dims", 1), "dims[1]"),
        (("case", 0, "name"), "case[0].name"),
        (("catalogue", "x.y"), 'catalogue."x.y"'),
        ((), ""),
    ],
)
def test_key_paths_are_written_as_toml_does(path: tuple[str | int, ...], text: str):
    assert dotted(path) == text


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (int | None, "a whole number"),
        (Annotated[float, Field(ge=0.5)], "a number of at least 0.5"),
        (Annotated[int, Field(gt=0, le=9)], "a whole number above 0 and of at most 9"),
        (list[str], "a list, each entry text"),
        (tuple[int, int, int], "a list of 3 entries"),
        (dict[str, int], "a table"),
        (Inner, "a table"),
        (Any, "a value"),
        (complex | int, "a value or a whole number"),
    ],
)
def test_types_in_words(type_: Any, words: str):
    assert type_in_words(type_) == words
