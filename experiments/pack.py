# SPDX-License-Identifier: Apache-2.0
"""A folder of runs as one file to pass on, and back.

A pack is an HDF5 file. ``/files`` has the bytes of every run file, unchanged, and of its notes; ``/runs`` is a table of
what they are and of all their metrics, which any HDF5 tool reads. Like a run file it begins with a block of text that
holds length and SHA-256 of the rest, so that a damaged pack is told before the HDF5 library sees it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from experiments.notes import SUFFIX as NOTES_SUFFIX
from experiments.notes import notes_path
from experiments.runner import claim_folder
from optinet.errors import Problem, RunFileError
from optinet.results import Run, find_runs, hdf5, open_run, write_run

FORMAT, VERSION = "optinet-pack", 1
_BLOCK_BYTES = 512
_BLOCK = re.compile(rb"optinet-pack\nformat_version (\d{1,9})\nlength (\d{1,18})\nsha256 ([0-9a-f]{64})\n *\n")
_NAME = re.compile(r"[^/\\\0.][^/\\\0]*")  # a plain file name, not hidden
_CHUNK_BYTES = 1 << 20
_MOST_BYTES = 1 << 32  # of one run file
_TEXTS = ("title", "case", "routing", "verdict", "scenario_sha256", "content_sha256")


def pack(folder: Path, output: Path) -> int:
    """Write all runs of a folder and their notes into one file; return how many.

    Raises
    ------
    RunFileError
        If there is none, one of them is damaged, or the file cannot be written; nothing is left behind then.
    """
    paths = find_runs([folder])
    if not paths:
        raise RunFileError(Problem(str(folder), "holds no run files", "a folder with some"))
    runs = [open_run(path) for path in paths]
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        try:
            with h5py.File(part, "w", userblock_size=_BLOCK_BYTES) as file:
                _write(file, runs)
            _seal(part)
            part.replace(output)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RunFileError(Problem(str(output), f"cannot be written: {error.strerror or error}")) from None
    return len(runs)


def is_pack(path: Path) -> bool:
    """Whether a file says that it is a pack.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(len(FORMAT) + 1) == f"{FORMAT}\n".encode()


def unpack(path: Path, folder: Path) -> int:
    """Take all runs out of a pack into an absent or empty folder; return how many.

    Raises
    ------
    RunFileError
        If the pack is damaged, of a newer version or none at all, or the folder is in use.
    """
    _verify(path)
    target = claim_folder(folder)
    count = 0
    try:
        with h5py.File(path, "r") as file:
            files = hdf5.datasets(hdf5.group_of(file, "files"))
            for name, item in files.items():
                _check_name(path, name, item)
            for name, item in sorted(files.items()):
                data = np.asarray(hdf5.raw(item), dtype=np.uint8).tobytes()
                written = write_run(target / name, data)
                if name.endswith(".h5"):
                    open_run(written)  # verified as a whole
                    count += 1
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise RunFileError(Problem(str(path), f"is not as its format says: {error}".splitlines()[0])) from None
    return count


def _write(file: h5py.File, runs: list[Run]) -> None:
    file.attrs.update({"format": FORMAT, "format_version": VERSION, "Conventions": "CF-1.11"})
    files = file.create_group("files")
    for run in runs:
        for path in filter(Path.is_file, (run.path, notes_path(run.path))):
            data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
            chunk = (max(1, min(len(data), _CHUNK_BYTES)),)
            files.create_dataset(path.name, data=data, chunks=chunk, compression="gzip", compression_opts=1)
    table = file.create_group("runs")
    text = h5py.string_dtype()
    names = [run.path.name for run in runs]
    table.create_dataset("file", data=np.array(names, dtype=text)).make_scale("file")
    for name in _TEXTS:
        table.create_dataset(name, data=np.array([getattr(run, name) for run in runs], dtype=text))
    for name, unit in {m.name: m.unit for run in runs for m in run.metrics.values()}.items():
        values = [run.metrics[name].value if name in run.metrics else np.nan for run in runs]
        table.create_dataset(name, data=np.array(values)).attrs["units"] = unit
    for name, item in table.items():
        if name != "file":
            item.dims[0].attach_scale(table["file"])


def _seal(path: Path) -> None:
    """Put length and hash of the HDF5 data into the block in front of it."""
    with path.open("r+b") as file:
        length = os.fstat(file.fileno()).st_size - _BLOCK_BYTES
        text = f"{FORMAT}\nformat_version {VERSION}\nlength {length}\nsha256 {_sha256(path)}\n"
        file.write(text.encode().ljust(_BLOCK_BYTES - 1) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _verify(path: Path) -> None:
    try:
        if not path.is_file():
            raise RunFileError(Problem(str(path), "is a folder" if path.is_dir() else "no such file", "a pack"))
        with path.open("rb") as file:
            block = file.read(_BLOCK_BYTES)
        found = path.stat().st_size - _BLOCK_BYTES
        whole = _BLOCK.fullmatch(block)
        if whole is None:
            raise RunFileError(Problem(str(path), "is not a pack", "a file written by 'optinet pack'"))
        if int(whole[1]) > VERSION:
            what = f"is of pack format {int(whole[1])}, made by a newer optinet"
            raise RunFileError(Problem(str(path), what, f"formats up to {VERSION}: update optinet"))
        if found != int(whole[2]) or _sha256(path) != whole[3].decode():
            raise RunFileError(Problem(str(path), "is damaged: its checksum does not match its content"))
    except OSError as error:
        raise RunFileError(Problem(str(path), f"cannot be read: {error.strerror or error}")) from None


def _check_name(path: Path, name: str, item: h5py.Dataset) -> None:
    """Let nothing out of the folder, and nothing in that is neither run nor notes."""
    if not _NAME.fullmatch(name) or not name.endswith((".h5", NOTES_SUFFIX)) or item.size > _MOST_BYTES:
        raise RunFileError(Problem(str(path), f"holds '{name[:80]}'", "run files and their notes"))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(_BLOCK_BYTES)
        while piece := file.read(_CHUNK_BYTES):
            yield piece
