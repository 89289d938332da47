# SPDX-License-Identifier: Apache-2.0
"""A small sample of what ``make soak`` does at length."""

from __future__ import annotations

import os

import numpy as np
import pytest

from experiments.benchmarks import unkind


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    return unkind.Target.made_in(tmp_path_factory.mktemp("unkind"))


def test_a_sweep_killed_at_a_random_moment_leaves_whole_runs_and_can_be_resumed(target, tmp_path):
    # what becomes of a sweep whose worker is killed, test_runner.py tells
    what, problem = unkind.kill_trial(target, tmp_path / "runs", np.random.default_rng(2))
    assert what.startswith("the parent after") and problem == "", what


def test_a_full_disk_and_a_read_only_one_are_clear_errors_and_do_no_damage(target):
    with unkind.small_disk(size_kib=1000) as disk:
        if disk is None:
            pytest.skip("nothing can be mounted here")
        assert unkind.full_disk_trial(target, disk) == ""
        unkind.make_read_only(disk)
        assert unkind.read_only_trial(target, disk / "runs") == ""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes wherever it wants")
def test_a_folder_without_permission_is_a_clear_error(target, tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir(mode=0o500)
    assert unkind.read_only_trial(target, folder) == ""


def test_damaged_files_neither_crash_nor_hang_their_reader_nor_lead_it_elsewhere(target, tmp_path):
    run = min(target.path.parent.glob("undisturbed/*.h5"))
    problems = [problem for problem in unkind.mutation_trials(run, tmp_path, count=60, seed=3) if problem]
    assert problems == []


def test_a_mutation_is_another_file_and_repeats_with_its_seed(target, tmp_path):
    data = min(target.path.parent.glob("undisturbed/*.h5")).read_bytes()
    elsewhere = tmp_path / "elsewhere"
    made = [unkind.mutated(data, elsewhere, np.random.default_rng(seed)) for seed in range(30)]
    assert sum(each == data for each in made) == 0
    again = [unkind.mutated(data, elsewhere, np.random.default_rng(seed)) for seed in range(30)]
    assert [len(each) for each in again] == [len(each) for each in made]
