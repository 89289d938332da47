# SPDX-License-Identifier: Apache-2.0
"""A stored file of every format version, and that it is still read.

``UPDATE_GOLDEN=1 pytest`` on this file writes the golden file of the present version anew, which is refused from
version 1 on: a frozen version's file never changes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from optinet.results import open_run, write_run
from optinet.results.migrate import MIGRATIONS, OldContent, grown, migrated, needs_migration
from optinet.results.schema import FORMAT_VERSION, GROUPS, columns, units

FOLDER = Path(__file__).with_name("golden")
VERSIONS = range(FORMAT_VERSION + 1)


def golden(version):
    return FOLDER / f"version_{version}.h5"


def expected(version):
    return json.loads((FOLDER / f"version_{version}.json").read_text(encoding="utf-8"))


def plain(values):
    """Return a column as JSON holds it; NaN as None."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return np.where(np.isnan(array), None, array.astype(object)).tolist()
    return array.tolist()


def tables(run):
    return {group: {name: plain(column) for name, column in run.table(group).items()} for group in run.groups}


def layout():
    """Return type, dimensions and units of every array that the schema knows."""
    return {
        f"{group}/{name}": [column.type, list(column.dims), units(name, column), list(column.flags)]
        for group, table in GROUPS.items()
        for name, column in table.items()
    }


def test_golden_file_can_be_made_until_the_version_is_frozen(example):
    if not os.environ.get("UPDATE_GOLDEN"):
        return
    if FORMAT_VERSION >= 1 and golden(FORMAT_VERSION).exists():
        pytest.fail(f"format version {FORMAT_VERSION} is frozen: its golden file never changes")
    FOLDER.mkdir(exist_ok=True)
    run = open_run(write_run(golden(FORMAT_VERSION), example.content))
    record = {"content_sha256": run.content_sha256, "layout": layout(), "tables": tables(run)}
    golden(FORMAT_VERSION).with_suffix(".json").write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")


@pytest.fixture(params=["as it is", "migrated"])
def way(request, monkeypatch):
    """Older versions are read as they are where that is enough, and as if they had to be migrated."""
    if request.param == "migrated":
        monkeypatch.setattr("optinet.results.reader.needs_migration", lambda version: version < FORMAT_VERSION)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_golden_file_is_read_as_it_was_written(version):
    run, record = open_run(golden(version)), expected(version)
    assert run.format_version == version
    assert run.title == "Pod"
    assert run.content_sha256 == run.computed_sha256() == record["content_sha256"]
    if version == FORMAT_VERSION:
        assert tables(run) == record["tables"]
    # what today's reader offers is there, whatever version the file has
    assert run.fabric.n_nodes == 16
    assert run.metric("name 1").value == 1.5
    assert run.arc_load_gbps[3] == 3.0
    assert run.to_networkx().number_of_edges() == run.fabric.n_arcs


def test_nothing_of_the_present_version_is_gone_or_changed():
    """Additions are free; what a file of this version holds keeps its name, type, dimensions, unit and flags."""
    now, frozen = layout(), expected(FORMAT_VERSION)["layout"]
    assert {name: now.get(name) for name in frozen} == frozen


def test_every_version_has_a_golden_file_and_every_older_one_a_migration():
    assert sorted(path.name for path in FOLDER.glob("*.h5")) == sorted(f"version_{version}.h5" for version in VERSIONS)
    assert set(MIGRATIONS) == set(range(FORMAT_VERSION))


def test_migrations_are_applied_one_after_the_other():
    def renamed(content):
        power = dict(content.tables["power"])
        power["power_w"] = power.pop("watts")
        return OldContent(content.attributes, content.tables | {"power": power})

    def kilo(content):
        power = {"power_w": [1000 * value for value in content.tables["power"]["power_w"]]}
        return OldContent(content.attributes | {"case": "new"}, content.tables | {"power": power})

    old = OldContent({"title": "t"}, {"power": {"watts": [1, 2]}, "unknown": {"x": 1}})
    new = migrated(old, 3, to=5, migrations={3: renamed, 4: kilo})
    assert new.tables == {"power": {"power_w": [1000, 2000]}, "unknown": {"x": 1}}
    assert new.attributes == {"title": "t", "case": "new"}
    assert old.tables["power"] == {"watts": [1, 2]}
    assert needs_migration(3, to=5, migrations={3: renamed, 4: kilo})
    assert needs_migration(2, to=5, migrations={3: grown, 4: grown})
    assert not needs_migration(3, to=5, migrations={3: grown, 4: grown})
    with pytest.raises(ValueError, match="format 2 is no longer read"):
        migrated(old, 2, to=5, migrations={3: renamed, 4: kilo})


def test_groups_and_arrays_of_the_future_are_ignored(tmp_path):
    import hashlib

    from optinet.results.frame import BLOCK_BYTES
    from optinet.results.writer import user_block

    path = tmp_path / "newer.h5"
    path.write_bytes(golden(FORMAT_VERSION).read_bytes())
    with h5py.File(path, "r+") as file:
        file["power/peak_power_w"] = [1.0, 2.0, 3.0]
        file["weather/temperature_k"] = [300.0]
    image = path.read_bytes()[BLOCK_BYTES:]
    path.write_bytes(user_block(FORMAT_VERSION, len(image), hashlib.sha256(image).hexdigest()) + image)
    run = open_run(path)
    assert columns("weather") is None
    assert list(run.power_w) == expected(FORMAT_VERSION)["tables"]["power"]["power_w"]
    assert "weather" in run.groups
