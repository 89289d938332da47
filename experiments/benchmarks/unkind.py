# SPDX-License-Identifier: Apache-2.0
"""Unkind treatment of sweeps and run files: kills at random moments, full disks, damaged files.

Each trial returns what went wrong, or nothing. ``make soak`` runs many, the tests a few.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from experiments.benchmarks.measure import children
from experiments.runner import sweep
from experiments.study import Study, load_study
from optinet.errors import OptinetError, RunFileError
from optinet.results import find_runs, open_run
from optinet.results.frame import BLOCK_BYTES
from optinet.results.schema import FORMAT_VERSION
from optinet.results.writer import user_block

STUDY = """\
title = "To be killed"
[base]
topology = {name = "leaf_spine", leaves = 4, spines = 2, hosts_per_leaf = 4}
workload = {name = "uniform"}
design = {switch = "switch_102t4", host_link = "aec_1t6", optics = "retimed_1t6_dr8"}
[grid]
"topology.spines" = [1, 2]
"design.optics" = ["retimed_1t6_dr8", "lpo_1t6_dr8"]
seed = {count = 3}
"""
_LONGEST_S = 120.0
_SLOW_S = 10.0  # for one damaged file; engineering estimate: whole ones take milliseconds, this machine may be busy
_POINTS_IN_FLIGHT = 2  # one for each worker


@dataclass(frozen=True)
class Target:
    """A study and the content of its runs when nothing interferes."""

    path: Path
    study: Study
    contents: dict[str, str]

    @classmethod
    def made_in(cls, folder: Path) -> Target:
        """Write the study and run it once, undisturbed."""
        path = folder / "killed.toml"
        path.write_text(STUDY, encoding="utf-8")
        study = load_study(path)
        return cls(path, study, contents(sweep(study, folder / "undisturbed", workers=1).runs))


def contents(paths: list[Path]) -> dict[str, str]:
    """Return the content hash of each run file, computed anew."""
    return {path.name: open_run(path).computed_sha256() for path in paths}


def kill_trial(target: Target, folder: Path, rng: np.random.Generator) -> tuple[str, str]:
    """Kill a running sweep, or one of its workers, at a random moment; return what was killed, and what is wrong.

    Whatever was killed, every run file that is there must open and have the content of an undisturbed sweep. After the
    parent was killed, no run that was announced may be missing, and a resumed sweep must complete the folder.
    """
    command = [sys.executable, "-m", "optinet", "sweep", str(target.path), "-o", str(folder), "--workers", "2"]
    command += ["--progress", "lines"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        what, announced, workers, worker_died = _killed(process, len(target.contents), rng)
    visible = find_runs([folder]) if folder.is_dir() else []
    try:
        found = contents(visible)
    except RunFileError as error:
        return what, f"a visible run file is not whole: {error}"
    if wrong := [name for name, sha256 in found.items() if target.contents.get(name) != sha256]:
        return what, f"{wrong[0]} has another content than undisturbed"
    finished = sum("FAILED" not in line for line in announced)
    if len(found) < finished:
        return what, f"{finished} points were announced, {len(found)} run files are there"
    if left := _still_running(workers):
        return what, f"workers go on without their parent: {left}"
    resumed = sweep(target.study, folder, workers=1, resume=True)
    if contents(resumed.runs) != target.contents or resumed.failures:
        return what, "the resumed sweep is not that of an undisturbed one"
    if worker_died and len(target.contents) - len(found) > _POINTS_IN_FLIGHT:
        return what, f"killing a worker cost {len(target.contents) - len(found)} points"
    return what, ""


def _killed(
    process: subprocess.Popen[str], points: int, rng: np.random.Generator
) -> tuple[str, list[str], list[int], bool]:
    """Kill a sweep or a worker of it at a random moment and wait for the end.

    Returns
    -------
    tuple
        What was killed, the lines of finished points, the workers there were, and whether a worker was killed.
    """
    announced = _announced_until(process, int(rng.integers(0, points)))
    time.sleep(float(rng.random()) * 0.05)
    workers = children(process.pid)
    kill_worker = bool(rng.integers(2)) and bool(workers)
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(rng.choice(workers)) if kill_worker else process.pid, signal.SIGKILL)
    what = f"{'a worker' if kill_worker else 'the parent'} after {len(announced)} points"
    assert process.stderr is not None
    announced += [line for line in process.stderr.read().splitlines() if line.startswith("[")]
    process.wait(_LONGEST_S)
    return what, announced, workers, kill_worker


def _announced_until(process: subprocess.Popen[str], count: int) -> list[str]:
    """Return the lines of finished points, once there are so many."""
    assert process.stderr is not None
    lines: list[str] = []
    while len(lines) < count and (line := process.stderr.readline()):
        lines += [line] if line.startswith("[") else []
    return lines


def _still_running(pids: list[int]) -> list[int]:
    """Return the processes that are there 10 s later still."""
    end = time.monotonic() + 10.0
    while (left := [pid for pid in pids if _is_running(pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@contextlib.contextmanager
def small_disk(size_kib: int) -> Iterator[Path | None]:
    """Give a folder on a file system of so many KiB; None where this machine does not let us mount one."""
    with tempfile.TemporaryDirectory() as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", name]
        mounted = shutil.which("mount") and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        try:
            yield Path(name) if mounted else None
        finally:
            if mounted:
                subprocess.run(["umount", name], check=True)


def make_read_only(disk: Path) -> None:
    """Let nobody write to a small disk any more, not even root."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def full_disk_trial(target: Target, disk: Path) -> str:
    """Run a sweep on a disk that is too small for it; return what is wrong."""
    folder = disk / "runs"
    try:
        sweep(target.study, folder, workers=1)
    except RunFileError as error:
        text = str(error)
    else:
        return "the disk was large enough"
    if "No space left on device" not in text or "\n" in text:
        return f"not a clear error: {text}"
    found = contents(find_runs([folder]))
    if not found or any(target.contents[name] != sha256 for name, sha256 in found.items()):
        return "runs that were written are not whole"
    left = [path.name for path in folder.iterdir() if path.name not in found]
    return f"left behind: {left}" if left else ""


def mutated(data: bytes, other: Path, rng: np.random.Generator) -> bytes:
    """Return a run file changed in a random way; if it is sound HDF5 still, its user block vouches for it."""
    kind = int(rng.integers(7))
    changed = bytearray(data)
    if kind == 0:
        changed = changed[: int(rng.integers(len(data)))]
    elif kind == 1:
        for place in rng.integers(len(data), size=int(rng.integers(1, 20))):
            changed[place] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        start, length = int(rng.integers(len(data))), int(rng.integers(1, 4096))
        changed[start : start + length] = rng.bytes(length)
    elif kind == 3:
        return (
            user_block(FORMAT_VERSION + int(rng.integers(1, 100)), len(data) - BLOCK_BYTES, "0" * 64)
            + data[BLOCK_BYTES:]
        )
    elif kind == 4:
        return rng.bytes(int(rng.integers(0, 4096)))
    else:
        changed = bytearray(_edited(data, other, rng))
    if kind in (5, 6):
        image = bytes(changed[BLOCK_BYTES:])
        return user_block(FORMAT_VERSION, len(image), hashlib.sha256(image).hexdigest()) + image
    return bytes(changed)


def _edited(data: bytes, other: Path, rng: np.random.Generator) -> bytes:
    """Return a run file in which some array is a link to elsewhere, of absurd size, or has a huge attribute."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "edited.h5")
        path.write_bytes(data)
        with h5py.File(path, "r+") as file:
            arrays: list[str] = []
            file.visititems(lambda name, item: arrays.append(name) if isinstance(item, h5py.Dataset) else None)
            chosen = arrays[int(rng.integers(len(arrays)))]
            kind = int(rng.integers(5))
            if kind == 0:
                file[chosen].attrs["long_name"] = "x" * 60_000
            elif kind == 1:
                file.create_dataset("bom/huge", shape=(10**12,), dtype="f8", chunks=(1000,))
            else:
                del file[chosen]
                if kind == 2:
                    file[chosen] = h5py.ExternalLink(str(other), "secret")
                elif kind == 3:
                    file[chosen] = h5py.SoftLink("/metrics/value")
                else:
                    file.create_dataset(chosen, shape=(3,), dtype="f8", external=[(str(other), 0, 24)])
        return path.read_bytes()


READER = """\
import sys
from optinet.errors import OptinetError
from optinet.results import open_run
for line in sys.stdin:
    try:
        run = open_run(line.strip())
        for group in run.groups:
            run.table(group)
        run.computed_sha256()
        print("whole", flush=True)
    except OptinetError as error:
        print("refused", str(error).splitlines()[0], flush=True)
"""
"""A process that reads every run file it is told of, whole; it must outlive all of them."""


def mutation_trials(run: Path, folder: Path, count: int, seed: int) -> Iterator[str]:
    """Yield for each of many mutations of a run what is wrong with how it is read, or nothing.

    Reading happens in another process: a crash or a hang of the HDF5 library is what is looked for. A file elsewhere
    that links lead to must not have been read: it is a pipe, and whoever opens it waits for ever.
    """
    rng = np.random.default_rng(seed)
    elsewhere = folder / "elsewhere.h5"
    os.mkfifo(elsewhere)
    data, path = run.read_bytes(), folder / "mutated.h5"
    with subprocess.Popen(
        [sys.executable, "-c", READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for number in range(count):
            path.write_bytes(mutated(data, elsewhere, rng))
            alarm = _Alarm(reader, _SLOW_S)
            reader.stdin.write(f"{path}\n")
            reader.stdin.flush()
            answer = reader.stdout.readline()
            alarm.cancel()
            kept = folder / f"bad-{seed}-{number}.h5"
            if not answer.startswith(("whole", "refused")):
                shutil.copy(path, kept)
                yield f"mutation {number} of seed {seed} (kept as {kept}): {'a hang' if alarm.rang else 'a crash'}"
                return
            yield ""
        reader.stdin.close()


class _Alarm:
    """Kills a process that does not answer."""

    def __init__(self, process: subprocess.Popen[str], seconds: float) -> None:
        self.rang = False
        self._process = process
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def _ring(self) -> None:
        self.rang = True
        self._process.kill()

    def cancel(self) -> None:
        self._timer.cancel()


def read_only_trial(target: Target, folder: Path) -> str:
    """Run a sweep into a folder that cannot be written to; return what is wrong."""
    try:
        sweep(target.study, folder, workers=1, resume=True)
    except (OptinetError, OSError) as error:
        text = str(error)
        clear = isinstance(error, OptinetError) and "cannot be written to" in text and "\n" not in text
        return "" if clear else f"not a clear error: {text}"
    return "it was written to"
