# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from gui.state.runs import RunEntry, read_paths


def test_an_entry_holds_what_the_table_shows(make_run):
    path = make_run(
        "one",
        case="1b / LPO",
        topology="torus",
        parameters={"dims": (4, 4)},
        workload="permutation",
        metrics={"network_kw": 12.5},
        power_w={"switch": 750.0},
        verdict="at risk",
        notes=("a note", "another"),
        caveat="not alike",
    )
    (entry,) = read_paths([str(path)])
    assert entry.key == str(path)
    assert entry.label == "1b / LPO · permutation"
    assert entry.texts["topology"] == "torus" and entry.texts["routing"] == "ecmp"
    assert entry.texts["verdict"] == "at risk"
    assert entry.texts["caveat"] == "not alike; a note; another"
    assert entry.numbers == {"network_kw": 12.5} and entry.units == {"network_kw": "kW"}
    assert entry.power_kw == {"switch": 0.75}


def test_a_folder_gives_its_runs_and_one_line_for_each_file_that_is_none(make_run, tmp_path):
    make_run("a")
    broken = make_run("b")
    broken.write_bytes(broken.read_bytes()[:-100])
    (tmp_path / "c.h5").write_text("not HDF5")
    make_run("d")
    found = list(read_paths([str(tmp_path), str(tmp_path / "missing.h5")]))
    entries = [item for item in found if isinstance(item, RunEntry)]
    problems = [item for item in found if isinstance(item, str)]
    assert [entry.label for entry in entries] == ["a · uniform", "d · uniform"]
    assert len(problems) == 3
    assert [name in problem for name, problem in zip(("b.h5", "c.h5", "missing.h5"), problems, strict=True)] == [
        True
    ] * 3
    assert not any("\n" in problem for problem in problems)


def test_a_run_without_power_and_metrics_is_opened(make_run):
    (entry,) = read_paths([str(make_run("bare", metrics={}, power_w={}))])
    assert isinstance(entry, RunEntry)
    assert entry.power_kw == entry.numbers == {}
