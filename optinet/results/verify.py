# SPDX-License-Identifier: Apache-2.0
"""Telling a whole run file from everything else, before the HDF5 library sees a byte of it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from optinet.errors import Problem, RunFileError
from optinet.results.frame import BLOCK_BYTES
from optinet.results.schema import FORMAT, FORMAT_VERSION
from optinet.results.writer import user_block

_VERSION = re.compile(FORMAT.encode() + rb"\nformat_version (\d{1,9})\n")
_BLOCK = re.compile(_VERSION.pattern + rb"length (\d{1,18})\nsha256 ([0-9a-f]{64})\n *\n")
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def verified_image(path: Path) -> bytes:
    """Return the HDF5 data of a run file that is complete and unchanged.

    Raises
    ------
    RunFileError
        If there is no such file, it cannot be read, is not a run file, is of a newer format, is cut short or damaged.
    """
    try:
        # a pipe or a device would block or never end
        if not stat.S_ISREG(path.stat().st_mode):
            raise _error(path, "is a folder" if path.is_dir() else "is not a regular file", "a run file")
        with path.open("rb") as file:
            block = file.read(BLOCK_BYTES)
            length, sha256 = _expected(path, block)
            found = os.fstat(file.fileno()).st_size - BLOCK_BYTES
            if found != length:
                what = "is cut short" if found < length else "is damaged"
                raise _error(path, f"{what}: {found + BLOCK_BYTES} bytes where {length + BLOCK_BYTES} were written")
            image = file.read(length)
    except FileNotFoundError:
        raise _error(path, "no such file") from None
    except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
        raise _error(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(image) != length or hashlib.sha256(image).hexdigest() != sha256:
        raise _error(path, "is damaged: its checksum does not match its content")
    return image


def is_run_file(path: Path) -> bool:
    """Whether a file begins like a run file; it may still be damaged."""
    try:
        with path.open("rb") as file:
            return _VERSION.match(file.read(BLOCK_BYTES)) is not None
    except OSError:
        return False


def _expected(path: Path, block: bytes) -> tuple[int, str]:
    """Return length and hash that the user block promises for the rest of the file."""
    if not (begin := _VERSION.match(block)):
        raise _error(path, _foreign(block))
    version = int(begin[1])
    if version > FORMAT_VERSION:
        what = f"is of run-file format {version}, made by a newer optinet"
        raise _error(path, what, f"formats up to {FORMAT_VERSION}: update optinet")
    if len(block) < BLOCK_BYTES:
        raise _error(path, f"is cut short: {len(block)} bytes, less than its header")
    whole = _BLOCK.fullmatch(block)
    if not whole or user_block(version, int(whole[2]), whole[3].decode()) != block:
        raise _error(path, "is damaged: its header is not readable")
    return int(whole[2]), whole[3].decode()


def _foreign(block: bytes) -> str:
    if not block:
        return "is empty, not a run file"
    if block.startswith(_HDF5_SIGNATURE):
        return "is an HDF5 file, but not a run file written by optinet"
    return "is not a run file written by optinet"


def _error(path: Path, found: str, allowed: str = "") -> RunFileError:
    return RunFileError(Problem(str(path), found, allowed))
