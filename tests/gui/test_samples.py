# SPDX-License-Identifier: Apache-2.0
"""The sample runs belong to the package; what their user notes about them goes into a copy."""

from __future__ import annotations

from experiments.notes import Notes, read_notes, write_notes
from gui import samples
from gui.samples import own_samples, samples_folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".h5", ".toml")}


def test_notes_of_samples_are_kept_in_a_copy_that_follows_the_version(tmp_path, monkeypatch):
    shipped, own = contents(samples_folder()), tmp_path / "kept" / "samples"
    assert own_samples(own) == own
    assert contents(own) == {name: data for name, data in shipped.items() if name != samples.STUDY}
    first, second, *_ = sorted(own.glob("*.h5"))
    starred, plain = Notes(star=True), Notes()
    write_notes(first, starred)
    write_notes(second, plain)  # its shipped tags are taken away
    second.write_bytes(b"of an earlier version")
    (own / "gone--0.h5").write_bytes(b"")
    own_samples(own)
    assert (read_notes(first), read_notes(second)) == (starred, plain)
    assert second.read_bytes() == shipped[second.name] and not (own / "gone--0.h5").exists()
    assert contents(samples_folder()) == shipped


def test_where_nothing_can_be_written_the_shipped_samples_are_shown(tmp_path):
    (tmp_path / "a file").write_text("")
    assert own_samples(tmp_path / "a file" / "samples") == samples_folder()
