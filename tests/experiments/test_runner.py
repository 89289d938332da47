# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

import experiments
from experiments import worker
from experiments.lanes import OwnProcess, is_death, stop_pools
from experiments.progress import PREPARING, Lines, Silent, TimeLeft, duration_text, for_stream
from experiments.runner import check_writable, claim_folder, sweep
from experiments.sink import Effort, Sink, SweepResult
from experiments.study import load_study
from experiments.worker import Limits
from optinet.errors import RunFileError
from optinet.results import find_runs, open_run
from tests.support import unruly_points
from tests.support.waiting import PATIENCE_S

ROOT = Path(experiments.__file__).parents[1]

# the second case reaches its hosts with a cable that is too short for them, which only assessing finds out
BROKEN = """
[[case]]
name = "far"
topology = {name = "leaf_spine", leaves = 2, spines = 2, hosts_per_leaf = 2, links_per_pair = 1, host_length_m = 70.0}
design = {switch = "switch_102t4", host_link = "aec_1t6", optics = "retimed_1t6_dr8"}
"""
UNRULY = """
[[case]]
name = "unruly"
seed = {seed}
design = {{switch = "switch_102t4", host_link = "aec_1t6", optics = "lro_1t6_dr8"}}
"""


class Told(Silent):
    """Remembers what it was told."""

    def __init__(self):
        self.points, self.before, self.errors, self.share = 0, 0, {}, 0.0

    def started(self, points, done_before, estimated_s=0.0, lanes=1):
        self.points, self.before = points, done_before
        assert lanes >= 1 and (estimated_s > 0 or not points)

    def finished(self, name, seconds, error="", share=0.0):
        assert seconds >= 0
        self.errors[name] = error
        self.share += share


def contents(paths):
    return {path.name: open_run(path).content_sha256 for path in paths}


def test_every_point_gets_a_run_file_of_its_scenario(study_path, tmp_path):
    study, told = load_study(study_path), Told()
    result = sweep(study, tmp_path / "runs", workers=1, progress=told, command_line="optinet sweep")
    assert [path.name for path in result.runs] == [point.file_name for point in study.points()]
    assert find_runs([tmp_path / "runs"]) == sorted(result.runs)
    for point, path in zip(study.points(), result.runs, strict=True):
        run = open_run(path)
        assert run.scenario == point.scenario.resolved()
        assert run.scenario_sha256 == point.scenario.content_sha256
        assert (run.case, run.title) == (point.case, point.case)
        assert run.table("provenance")["command_line"] == "optinet sweep"
    assert told.points == 6
    assert told.share == pytest.approx(1.0)
    assert list(told.errors.values()) == [""] * 6
    assert not result.failures


def test_a_sweep_of_many_points_tells_what_each_took():
    of_each = {"evaluating_s": [0.1] * 60, "making_s": [0.008] * 59 + [3.0], "writing_s": [0.002] * 60}
    took = "A point took 100 ms, making and writing its file 10 ms (medians)"
    assert Effort(**of_each).text == f"{took}."
    assert Effort(**of_each, handling_s=0.15).text == f"{took}; giving it out and indexing it 2.5 ms."
    assert Effort([2.0], [0.1], [0.1]).text == ""


def test_file_names_are_readable_and_distinct(study_path):
    names = [point.file_name for point in load_study(study_path).points()]
    hashes = [point.scenario.content_sha256[:8] for point in load_study(study_path).points()]
    assert names[0] == f"retimed-uniform--{hashes[0]}.h5"
    assert names[5] == f"pod-random_permutation--{hashes[5]}.h5".replace("_", "-")
    assert len(set(names)) == 6


def test_processes_give_the_same_content_as_this_one_and_a_failing_point_stops_none(study_path, tmp_path):
    study_path.write_text(study_path.read_text() + BROKEN)
    study = load_study(study_path)
    here, there = (sweep(study, tmp_path / str(workers), workers=workers) for workers in (1, 2))
    assert contents(there.runs) == contents(here.runs)
    assert there.failures == here.failures and len(there.failures) == 2
    assert len(there.runs) == len(there.effort.files_s) == 6
    assert min(there.effort.making_s) > 0 and there.effort.handling_s > 0
    assert here.effort.handling_s == 0 and not there.effort.text
    assert not multiprocessing.active_children()


def test_a_script_that_sweeps_when_workers_import_it_is_told_so(study_path, tmp_path, monkeypatch):
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(SystemExit, match="behind 'if __name__"):
        sweep(load_study(study_path), tmp_path / "runs", workers=2)
    assert not (tmp_path / "runs").exists()


def test_a_failing_point_is_recorded_and_stops_no_other(study_path, tmp_path):
    study_path.write_text(study_path.read_text() + BROKEN)
    told = Told()
    result = sweep(load_study(study_path), tmp_path / "runs", workers=1, progress=told)
    assert len(result.runs) == 6
    assert {name for name, error in told.errors.items() if error} == {"far / uniform", "far / random_permutation"}
    rows = json.loads((tmp_path / "runs" / "failures.json").read_text())
    assert [row["case"] for row in rows] == ["far", "far"]
    assert rows[0]["coordinates"] == {"workload": "uniform"}
    assert rows[0]["is_mistake"] is True
    assert "70" in rows[0]["error"] and "aec_1t6" in rows[0]["error"]
    assert "Traceback" not in rows[0]["error"]


def test_failures_are_recorded_in_the_order_of_the_study_whichever_came_first(study_path, tmp_path):
    study = load_study(study_path)
    result = SweepResult(tmp_path, tmp_path / "failures.json")
    sink = Sink(result, study, Silent(), {}, Limits(None, None), indexes=False)
    for point in reversed(study.points()):
        sink.failed(point, MemoryError(), 0.1)
    sink.write_failures()
    names = [point.name for point in study.points()]
    assert [failure.point for failure in result.failures] == names
    assert [row["point"] for row in json.loads(result.failures_path.read_text())] == names


def test_resume_runs_what_is_missing_or_damaged_or_of_another_scenario(study_path, tmp_path):
    folder = tmp_path / "runs"
    first = sweep(load_study(study_path), folder, workers=1)
    whole = contents(first.runs)
    missing, damaged, foreign, *kept = first.runs
    missing.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-5])
    foreign.write_bytes(kept[0].read_bytes())
    stamps = {path: path.stat().st_mtime_ns for path in kept}
    told = Told()
    again = sweep(load_study(study_path), folder, workers=1, resume=True, progress=told)
    assert sorted(again.written) == sorted([missing, damaged, foreign])
    assert sorted(again.skipped) == sorted(kept)
    assert again.runs == first.runs
    assert (told.points, told.before) == (3, 3)
    assert {path: path.stat().st_mtime_ns for path in kept} == stamps
    assert contents(again.runs) == whole


def test_resume_removes_what_a_killed_sweep_left_half_written(study_path, tmp_path):
    sweep(load_study(study_path), tmp_path / "runs", workers=1)
    old, young = (tmp_path / "runs" / f".{name}.h5.1.part" for name in ("old", "young"))
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    sweep(load_study(study_path), tmp_path / "runs", workers=1, resume=True)
    assert not old.exists()
    assert young.exists()


def test_resume_forgets_failures_that_are_gone(study_path, tmp_path):
    good = study_path.read_text()
    study_path.write_text(good + BROKEN)
    assert sweep(load_study(study_path), tmp_path / "runs", workers=1).failures
    study_path.write_text(good)
    sweep(load_study(study_path), tmp_path / "runs", workers=1, resume=True)
    assert not (tmp_path / "runs" / "failures.json").exists()


def test_shards_are_a_partition(study_path, tmp_path):
    study = load_study(study_path)
    parts = [sweep(study, tmp_path / "runs", workers=1, shard=(i, 3), resume=True) for i in (1, 2, 3)]
    names = [path.name for part in parts for path in part.written]
    assert sorted(names) == sorted(point.file_name for point in study.points())
    assert not any(part.skipped for part in parts)


def test_a_folder_in_use_is_refused_before_anything_is_computed(study_path, tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "notes.txt").touch()
    with pytest.raises(RunFileError, match=r"runs: is not empty \(1 entry\); allowed: .* --resume"):
        sweep(load_study(study_path), folder)
    with pytest.raises(RunFileError, match="is a file; allowed: a folder"):
        claim_folder(folder / "notes.txt")
    with pytest.raises(RunFileError, match="cannot be made: Not a directory"):
        claim_folder(folder / "notes.txt" / "deeper")
    with pytest.raises(RunFileError, match="cannot be written to: No such file"):
        check_writable(folder / "absent")
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_disk_that_fills_up_ends_the_sweep_with_one_clear_error(study_path, tmp_path, monkeypatch):
    import optinet.results

    def full(path, data):
        msg = f"{path}: cannot be written: No space left on device"
        raise RunFileError(msg)

    monkeypatch.setattr(optinet.results, "write_run", full)
    with pytest.raises(RunFileError, match="No space left"):
        sweep(load_study(study_path), tmp_path / "runs", workers=1)


@pytest.fixture
def unruly(study_path, monkeypatch, tmp_path):
    """Return a function that adds a case which does as `unruly_points` says, and has points computed there."""

    def study(seed=None):
        study_path.write_text(study_path.read_text() + (UNRULY.format(seed=seed) if seed else ""))
        study = load_study(study_path)
        unruly_points.compute_outcomes(study, tmp_path)
        monkeypatch.setenv(unruly_points.FOLDER, str(tmp_path))
        monkeypatch.setattr(worker, "evaluated", unruly_points.work)
        monkeypatch.setattr(worker, "prepare_process", unruly_points.prepare)
        monkeypatch.setattr(worker, "compile_kernels", unruly_points.nothing)
        return study

    return study


UNRULY_POINTS = ["unruly / uniform", "unruly / random_permutation"]


def test_a_point_that_takes_too_long_fails_alone(unruly, tmp_path):
    result = sweep(unruly(unruly_points.HANGS), tmp_path / "runs", workers=2, timeout_s=5.0)
    assert [failure.point for failure in result.failures] == UNRULY_POINTS
    assert all("took longer than 5 s" in failure.error for failure in result.failures)
    assert len(result.runs) == 6


def test_a_killed_worker_costs_the_point_it_was_at_and_no_other(unruly, tmp_path):
    result = sweep(unruly(unruly_points.DIES), tmp_path / "runs", workers=2)
    assert [failure.point for failure in result.failures] == UNRULY_POINTS
    assert not any(failure.is_mistake for failure in result.failures)
    assert all("its worker ended twice without a result" in failure.error for failure in result.failures)
    assert len(result.runs) == 6


def test_a_worker_killed_by_accident_costs_nothing(unruly, tmp_path):
    result = sweep(unruly(unruly_points.DIES_ONCE), tmp_path / "runs", workers=2)
    assert (tmp_path / "died-once").exists()
    assert not result.failures
    assert len(result.runs) == 8


def test_a_worker_killed_between_two_points_is_replaced(monkeypatch):
    monkeypatch.setattr(worker, "prepare_process", unruly_points.prepare)
    process = OwnProcess(None)
    first = process.schedule(os.getpid).result(PATIENCE_S)
    os.kill(first, signal.SIGKILL)
    try:
        died = process.schedule(os.getpid).exception(PATIENCE_S)  # if the pool has not noticed yet
        assert died is None or is_death(died)
        assert process.schedule(os.getpid).result(PATIENCE_S) != first
    finally:
        stop_pools([process.pool])


def test_a_worker_killed_while_it_starts_is_started_once_more(unruly, tmp_path, monkeypatch):
    study = unruly()
    monkeypatch.setattr(worker, "compile_kernels", unruly_points.die_once)
    result = sweep(study, tmp_path / "runs", workers=2)
    assert (tmp_path / "died-once").exists()
    assert len(result.runs) == 6 and not result.failures


def test_a_point_that_needs_too_much_memory_fails_alone(unruly, tmp_path):
    result = sweep(unruly(unruly_points.EATS), tmp_path / "runs", workers=2, memory_gib=2.0)
    assert [failure.point for failure in result.failures] == UNRULY_POINTS
    assert all("needs more memory than the 2 GiB each worker may take" in failure.error for failure in result.failures)
    assert len(result.runs) == 6


COMMAND = """
from experiments import cli, worker
from tests.support import unruly_points as points
worker.evaluated, worker.prepare_process, worker.compile_kernels = points.work, points.prepare, points.nothing
cli.main()
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_waits_for_no_point_and_loses_none_that_is_finished(study_path, unruly, tmp_path, monkeypatch, workers):
    study_path.write_text(study_path.read_text().replace("[[case]]", "seed = [1, 2, 3]\n\n[[case]]", 1))
    points, folder = unruly().points(), tmp_path / "runs"
    monkeypatch.setenv(unruly_points.MOST, "3")  # whatever begins then hangs
    arguments = ["sweep", str(study_path), "-o", str(folder), "--workers", workers]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    announced = list(islice(filter(is_of_a_point, process.stderr), 3))
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to everyone
    _, rest = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert "--resume" in rest.splitlines()[-1]
    announced += filter(is_of_a_point, rest.splitlines())
    found = find_runs([folder])
    assert 3 <= len(announced) <= len(found) < len(points) == 18
    assert contents(found)
    assert not [path for path in folder.iterdir() if path.suffix != ".h5"]


def is_of_a_point(line):
    return line.startswith("[")


def test_json_lines_tell_every_event(capsys):
    lines = for_stream(sys.stdout, "json")
    with lines:
        lines.started(2, 5, 60.0)
        lines.finished("a", 1.25, share=0.5)
        lines.finished("b", 0.5, "no such thing", share=0.5)
    started, finished, failed = map(json.loads, capsys.readouterr().out.splitlines())
    assert started == {"event": "started", "points": 2, "done_before": 5, "estimated_s": 60.0}
    assert finished.pop("left_s") >= 0.0
    assert finished == {"event": "finished", "point": "a", "seconds": 1.25, "done": 1, "failed": 0, "points": 2}
    assert (failed["event"], failed["error"], failed["done"], failed["failed"]) == ("failed", "no such thing", 1, 1)
    assert failed["left_s"] == 0.0


def test_time_left_follows_what_points_take_instead_of_the_plan():
    now = 0.0

    def finish(left, seconds, share=0.01):
        nonlocal now
        now += seconds / 2  # two work at a time
        return left.after(share, seconds)

    left = TimeLeft(100.0, 2, lambda: now)  # a hundred points of 2 s planned
    assert left.text == "about 2 min left"
    now += 300.0  # for compiling, which says nothing of the points
    assert left.text == "longer than estimated"
    assert finish(left, 20.0) == pytest.approx(99 / 2 * (20 + 2 * 2) / 3)  # the plan weighs as much as two points
    for _ in range(49):
        said = finish(left, 20.0)
    assert said == pytest.approx(50 * 20 / 2, rel=0.05)  # ten times as much as planned is left
    assert left.after(0.3, 0.0) == pytest.approx(said * 0.2 / 0.5)  # points that failed took no one knows how long
    now += said * 0.2
    assert left.text == f"about {duration_text(said * 0.2)} left"


def test_a_bar_shows_the_share_of_the_work_and_the_time_left(capsys):
    with for_stream(sys.stderr, "bar") as bar:
        bar.started(4, 1, 100.0)
        bar.finished("long one", 3.0, share=0.75)
        (task,) = bar._bar.tasks
        assert (task.percentage, task.fields["done"], task.fields["points"]) == (75.0, 1, 4)
        assert task.fields["left"].text.endswith(" left")
        bar.finished("broken", 3.0, "why it broke\nmore", share=0.25)
    err = capsys.readouterr().err
    assert "1 point was done before" in err
    assert "FAILED broken: why it broke (and 1 more)\n" in err


@pytest.mark.parametrize(("seconds", "text"), [(0.1, "1 s"), (89.0, "89 s"), (600, "10 min"), (7200, "2.0 h")])
def test_times_are_told_in_the_unit_that_suits_them(seconds, text):
    assert duration_text(seconds) == text


def test_plain_lines_tell_each_point(capsys):
    lines = Lines(sys.stdout)
    with lines:
        lines.started(2, 5)
        lines.preparing()
        lines.finished("a", 1.234)
        lines.finished("b", 0.5, "no such thing\nsecond line")
    assert capsys.readouterr().out.splitlines() == [
        "2 points to run, 5 done before",
        PREPARING,
        "[1/2] a: 1.23 s",
        "[2/2] b: FAILED: no such thing (and 1 more)",
    ]
