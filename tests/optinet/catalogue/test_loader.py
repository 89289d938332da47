# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from optinet.catalogue import load_catalogue, loader
from optinet.errors import CatalogueError

NEW = """
[sources.X1]
title = "Data sheet"

[my_room]
kind = "cooling"
title = "My machine room"
[my_room.values]
overhead_fraction = {value = 0.2, unit = "1", source = "X1", basis = "measured", confidence = "A"}
"""
POWER_W = '{value = 70, low = 65, high = 80, unit = "W", source = "A01", basis = "measured", confidence = "A"}'


@pytest.fixture
def load(tmp_path):
    def load(*texts):
        paths = [tmp_path / f"user{number}.toml" for number in range(1, len(texts) + 1)]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text)
        return load_catalogue(paths)

    return load


@pytest.fixture
def problems(load):
    def problems(*texts):
        with pytest.raises(CatalogueError) as caught:
            load(*texts)
        return caught.value.problems

    return problems


def test_the_shipped_catalogue_is_loaded_once():
    assert load_catalogue() is load_catalogue()


def test_only_what_is_asked_for_is_read(monkeypatch):
    read = []
    reader = loader.read_component
    monkeypatch.setattr(loader, "read_component", lambda name, *rest: read.append(name) or reader(name, *rest))
    loader._shipped_catalogue.cache_clear()
    catalogue = load_catalogue()
    catalogue.ids("module")
    assert "palomar" in catalogue
    assert read == []
    catalogue["palomar"]
    catalogue["palomar"]
    catalogue.value("smf", "attenuation_db_per_km")
    assert read == ["palomar", "smf"]


def test_a_file_adds_a_component_and_its_source(load):
    catalogue = load(NEW)
    found = catalogue["my_room"].values["overhead_fraction"]
    assert (found.low, found.value, found.high) == (0.2, 0.2, 0.2)
    assert catalogue.sources()["X1"].title == "Data sheet"
    assert catalogue.ids("cooling") == ("air", "liquid", "my_room")
    assert "my_room" not in load_catalogue()


def test_a_file_changes_only_what_it_gives(load):
    catalogue = load(f'[palomar]\ntitle = "Ours"\n[palomar.values]\npower_w = {POWER_W}\n')
    assert catalogue["palomar"].title == "Ours"
    assert catalogue["palomar"].kind == "ocs"
    assert catalogue.value("palomar", "power_w") == 70
    assert catalogue.value("palomar", "ports") == 136
    assert load_catalogue().value("palomar", "power_w") == 85


def test_a_later_file_wins(load):
    power = f"[palomar.values]\npower_w = {POWER_W}\n"
    assert load(power, power.replace("70", "71")).value("palomar", "power_w") == 71


@pytest.mark.parametrize(
    ("old", "new", "where", "found", "nearest"),
    [
        ('"W"', '"kW"', "palomar.values.power_w.unit", "unit 'kW'", ""),
        ("low = 65", "low = 75", "palomar.values.power_w", "low 75, value 70, high 80 are not in order", ""),
        ("low = 65", "low = -65", "palomar.values.power_w.low", "-65 is negative", ""),
        ('"A01"', '"GLMSS"', "palomar.values.power_w.source", "unknown source 'GLMSS'", "GLMS"),
        ('"A01"', '""', "palomar.values.power_w.source", "is empty", ""),
        ('"A01"', '"scenario"', "palomar.values.power_w.source", "unknown source 'scenario'", ""),
        ('"A01"', '"A01 estimate"', "palomar.values.power_w.source", "unknown source 'estimate'", ""),
        ('"measured"', '"estimate"', "palomar.values.power_w", "is an estimate without its reason", ""),
        ('"measured"', '"mesured"', "palomar.values.power_w.basis", "unknown value 'mesured'", "measured"),
        ("value = 70", "vaule = 70", "palomar.values.power_w.vaule", "unknown key 'vaule'", "value"),
        ("value = 70", 'value = "70"', "palomar.values.power_w.value", "text '70' where a number belongs", "70"),
        ("value = 70", "value = true", "palomar.values.power_w.value", "true where a number belongs", ""),
        ("high = 80", "high = inf", "palomar.values.power_w.high", "inf is not a finite number", ""),
        ("power_w", "powr_w", "palomar.values.powr_w", "unknown value of kind ocs 'powr_w'", "power_w"),
    ],
)
def test_what_can_be_wrong_with_a_value(problems, old, new, where, found, nearest):
    found_problems = problems(f"[palomar.values]\npower_w = {POWER_W}\n".replace(old, new, 1))
    first = next(problem for problem in found_problems if problem.where == where)
    assert first.found == found
    assert first.nearest == nearest
    assert first.location.endswith("user1.toml:2")


def test_an_estimate_may_not_pass_as_a_measurement(problems):
    text = POWER_W.replace('"A01"', '"estimate"').replace('"A"', '"A", note = "guessed"')
    (problem,) = problems(f"[palomar.values]\npower_w = {text}\n")
    assert problem.found == "basis 'measured' without a source"


def test_fractions_and_counts_are_checked(problems):
    text = '{value = %s, unit = "1", source = "A01", basis = "paper", confidence = "A"}'
    found = problems(f"[air.values]\noverhead_fraction = {text % 35}\n[palomar.values]\nports = {text % 136.5}\n")
    assert {problem.found for problem in found} == {"35 is not a fraction", "136.5 is not a whole number"}


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ('[palomar]\ntechnology = "MEMZ"\n', "palomar.technology", "unknown value 'MEMZ'"),
        ("[palomar]\ntechnology = 3\n", "palomar.technology", "3 where text belongs"),
        ('[palomar]\ncolor = "red"\n', "palomar.color", "unknown text of kind ocs 'color'"),
        ("[palomar]\ntitle = 3\n", "palomar.title", "3 where text belongs"),
        ("palomar = 3\n", "palomar", "is not a table"),
        ("[palomar]\nvalues = 3\n", "palomar.values", "is not a table"),
        ("[palomar.values]\npower_w = 3\n", "palomar.values.power_w", "3 where a table belongs"),
        ('[room]\nkind = "coling"\ntitle = "x"\n', "room.kind", "unknown kind 'coling'"),
        ('[room]\nkind = "cooling"\n', "room.title", "is missing"),
        ('[room]\nkind = "coling"\n', "room.kind", "unknown kind 'coling'"),
        ('[room]\nkind = "cooling"\ntitle = "x"\n', "room.values.overhead_fraction", "is missing"),
        (NEW.replace("my_room", "MyRoom"), "MyRoom", "is no component id"),
        ("sources = 3\n", "sources", "is not a table"),
        ("[sources.X1]\npublisher = 'x'\n", "sources.X1.title", "is missing"),
    ],
)
def test_what_can_be_wrong_with_a_component(problems, text, where, found):
    first = next(problem for problem in problems(text) if problem.where == where)
    assert first.found == found
    assert "user1.toml:" in first.location


def test_everything_wrong_in_all_files_is_told_at_once(problems, tmp_path):
    found = problems(
        '[palomar]\ntechnology = "MEMZ"\n[palomar.values]\npowr_w = 3\n',
        "[broken\n",
        '[room]\nkind = "coling"\ntitle = "x"\n',
    )
    assert [problem.location for problem in found] == [
        f"{tmp_path}/user2.toml:1",
        f"{tmp_path}/user1.toml:4",
        f"{tmp_path}/user1.toml:2",
        f"{tmp_path}/user1.toml:4",
        f"{tmp_path}/user3.toml:2",
    ]


def test_a_missing_file_is_one_clear_line(tmp_path):
    with pytest.raises(CatalogueError, match=r"nothing\.toml: no such file"):
        load_catalogue([tmp_path / "nothing.toml"])
