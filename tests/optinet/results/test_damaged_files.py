# SPDX-License-Identifier: Apache-2.0
"""Whatever is not a whole run file gets one clear line, at once."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from optinet.errors import RunFileError
from optinet.results import find_runs, open_run, write_run
from optinet.results.schema import FORMAT_VERSION
from optinet.results.writer import run_bytes, user_block
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def data(example):
    return run_bytes(example.content)


def refusal(path) -> str:
    busy = time.process_time()
    with pytest.raises(RunFileError) as caught:
        open_run(path)
    assert time.process_time() - busy < 1.0
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def with_block(image: bytes, version: int = FORMAT_VERSION) -> bytes:
    return user_block(version, len(image), hashlib.sha256(image).hexdigest()) + image


@pytest.mark.parametrize("offset", [0, 5, 27, 40, 60, 130, 200, 511, 512, 520, 700, 5000, 30_000, -1])
def test_a_flipped_bit_is_noticed(data, tmp_path, offset):
    damaged = bytearray(data)
    damaged[offset] ^= 0x10
    path = tmp_path / "flipped.h5"
    path.write_bytes(damaged)
    assert re.search("damaged|not a run file|newer optinet|cut short", refusal(path))


@pytest.mark.parametrize("length", [1, 11, 40, 300, 511, 512, 513, 2000, 40_000, -1])
def test_a_truncated_file_is_noticed(data, tmp_path, length):
    path = tmp_path / "short.h5"
    path.write_bytes(data[:length])
    assert re.search("cut short|not a run file", refusal(path))


def test_a_file_with_something_appended_is_noticed(data, tmp_path):
    path = tmp_path / "long.h5"
    path.write_bytes(data + b"\0")
    assert "is damaged" in refusal(path)


def test_what_is_no_run_file_is_called_what_it_is(tmp_path):
    empty, text, folder = tmp_path / "empty.h5", tmp_path / "text.h5", tmp_path / "folder.h5"
    empty.touch()
    text.write_text("optinet")
    folder.mkdir()
    assert "is empty" in refusal(empty)
    assert "is not a run file" in refusal(text)
    assert "is a folder" in refusal(folder)
    assert "no such file" in refusal(tmp_path / "missing.h5")
    assert "no such file" in refusal(text / "x.h5") or "Not a directory" in refusal(text / "x.h5")


def test_a_foreign_hdf5_file_is_refused(tmp_path):
    path = tmp_path / "foreign.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(10)
    assert "an HDF5 file, but not a run file" in refusal(path)


def test_a_pipe_does_not_block(tmp_path):
    path = tmp_path / "pipe.h5"
    os.mkfifo(path)
    assert "is not a regular file" in refusal(path)


def test_a_newer_format_is_refused_and_says_what_to_do(data, tmp_path):
    path = tmp_path / "future.h5"
    path.write_bytes(with_block(data[512:], version=7))
    text = refusal(path)
    assert "format 7" in text and "update optinet" in text
    path.write_bytes(b"optinet-run\nformat_version 12\nanother header")
    assert "format 12" in refusal(path)


def test_a_file_that_verifies_but_lacks_what_it_must_hold_is_refused(tmp_path):
    path = tmp_path / "hollow.h5"
    with h5py.File("hollow", "w", driver="core", backing_store=False, userblock_size=512) as file:
        file.attrs["title"] = "hollow"
        file.flush()
        image = file.id.get_file_image()
    path.write_bytes(with_block(image))
    assert "is not as its format says" in refusal(path)
    path.write_bytes(with_block(b"no HDF5 at all"))
    assert "is not as its format says" in refusal(path)


@pytest.mark.parametrize("read_before", [(), ("metrics", "power")])
def test_metrics_that_lack_a_column_are_refused_however_they_are_read(data, tmp_path, read_before):
    path = tmp_path / "lacking.h5"
    path.write_bytes(data)
    with h5py.File(path, "r+") as file:
        del file["metrics/low"]
    path.write_bytes(with_block(path.read_bytes()[512:]))
    run = open_run(path)
    run.read(*read_before)
    with pytest.raises(RunFileError, match="is not as its format says"):
        _ = run.metrics


def test_unknown_groups_are_ignored_and_links_are_not_followed(data, example, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["power_w"] = [1.0, 2.0, 3.0]
    edited = tmp_path / "edited.h5"
    edited.write_bytes(data)
    with h5py.File(edited, "r+") as file:
        file["novel/array"] = [1, 2]
        file["novel/elsewhere"] = h5py.ExternalLink(str(secret), "power_w")
        del file["power/power_w"]
        file["power/power_w"] = h5py.ExternalLink(str(secret), "power_w")
    edited.write_bytes(with_block(edited.read_bytes()[512:]))
    run = open_run(edited)
    assert run.node_names == [str(name) for name in example.fabric.node_names]
    assert list(run.table("novel")["array"]) == [1, 2]
    assert "elsewhere" not in run.table("novel")
    with pytest.raises(RunFileError, match="has no power/power_w"):
        _ = run.power_w
    assert run.computed_sha256() != run.content_sha256


READ_ALL = """
import contextlib, sys
from optinet.errors import RunFileError
from optinet.results import open_run
for path in sys.argv[1:]:
    with contextlib.suppress(RunFileError):
        run = open_run(path)
        run.groups
        run.budgets
        run.read(*run.groups, "elsewhere", "power")
        run.to_xarray()
        run.computed_sha256()
"""


def test_nothing_outside_the_file_is_opened(data, tmp_path):
    elsewhere = tmp_path / "elsewhere.h5"
    os.mkfifo(elsewhere)  # whoever opens it waits for ever
    paths = []
    for number, place in enumerate(("power/elsewhere", "elsewhere", "metrics", "link_budgets", "notes")):
        edited = tmp_path / f"edited-{number}.h5"
        edited.write_bytes(data)
        with h5py.File(edited, "r+") as file:
            if place in file:
                del file[place]
            file[place] = h5py.ExternalLink(str(elsewhere), "secret")
        edited.write_bytes(with_block(edited.read_bytes()[512:]))
        paths.append(str(edited))
    subprocess.run([sys.executable, "-c", READ_ALL, *paths], timeout=PATIENCE_S, check=True)


def test_arrays_in_other_files_are_refused(data, tmp_path):
    other = tmp_path / "raw.bin"
    other.write_bytes(bytes(24))
    edited = tmp_path / "edited.h5"
    edited.write_bytes(data)
    with h5py.File(edited, "r+") as file:
        file.create_dataset("novel/array", shape=(3,), dtype="f8", external=[(str(other), 0, 24)])
    edited.write_bytes(with_block(edited.read_bytes()[512:]))
    with pytest.raises(RunFileError, match="lies in another file"):
        open_run(edited).table("novel")


def test_an_array_of_absurd_size_is_refused(data, tmp_path):
    edited = tmp_path / "edited.h5"
    edited.write_bytes(data)
    with h5py.File(edited, "r+") as file:
        file.create_dataset("novel/array", shape=(10**12,), dtype="f8", chunks=(1000,))
    edited.write_bytes(with_block(edited.read_bytes()[512:]))
    with pytest.raises(RunFileError, match="claims 1000000000000 entries"):
        open_run(edited).table("novel")


def test_damage_after_opening_is_noticed_at_the_next_read(data, tmp_path):
    path = tmp_path / "run.h5"
    path.write_bytes(data)
    run = open_run(path)
    path.write_bytes(data[:-100])
    with pytest.raises(RunFileError, match="cut short"):
        _ = run.power_w


def test_writing_leaves_a_whole_file_or_nothing(example, data, tmp_path):
    with pytest.raises(RunFileError, match=r"missing/run\.h5: cannot be written: No such file"):
        write_run(tmp_path / "missing" / "run.h5", example.content)
    (tmp_path / "taken").mkdir()
    with pytest.raises(RunFileError, match="cannot be written: Is a directory"):
        write_run(tmp_path / "taken", example.content)
    write_run(tmp_path / "run.h5", data)
    write_run(tmp_path / "run.h5", example.content)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.h5", "taken"]
    assert (tmp_path / "run.h5").read_bytes() == data


def test_runs_are_found_in_files_and_folders_once(data, tmp_path):
    for name in ("b.h5", "a.h5", ".c.h5", "d.txt", ".e.h5.123.part"):
        (tmp_path / name).write_bytes(data)
    assert find_runs([tmp_path / "b.h5", tmp_path]) == [tmp_path / "b.h5", tmp_path / "a.h5"]
    with pytest.raises(RunFileError) as caught:
        find_runs([tmp_path / "x", tmp_path, tmp_path / "y.h5"])
    assert [problem.where for problem in caught.value.problems] == [str(tmp_path / "x"), str(tmp_path / "y.h5")]
