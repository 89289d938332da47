# SPDX-License-Identifier: Apache-2.0
"""Writing a run file: made in memory, put into place in one step.

The file is netCDF-4 (an attached dimension scale for every dimension, CF attributes) behind a 512-byte HDF5 user block
of text that holds length and SHA-256 of everything after it. A reader can so tell a damaged file before the HDF5
library, which does not survive every corrupt input, touches it; other tools skip the block.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optinet.errors import RunFileError
from optinet.results.column import Column
from optinet.results.content_hash import HashedObject, attributes_json, content_sha256
from optinet.results.frame import BLOCK_BYTES, DTYPES, TEXT, Tables, attributes_of, image_of
from optinet.results.schema import CONVENTIONS, FORMAT, FORMAT_VERSION, PROVENANCE, columns

if TYPE_CHECKING:
    from optinet.results.content import RunContent


def user_block(version: int, length: int, sha256: str) -> bytes:
    """Return the text in front of the HDF5 data, padded to its fixed size."""
    text = f"{FORMAT}\nformat_version {version}\nlength {length}\nsha256 {sha256}\n"
    return text.encode().ljust(BLOCK_BYTES - 1) + b"\n"


def run_bytes(content: RunContent) -> bytes:
    """Return the bytes of a run file.

    Equal content gives equal bytes.

    Raises
    ------
    ValueError
        If a column is not in the schema, is missing, or differs in length from the others of its dimension: a fault of
        the caller, not of a user.
    """
    tables = {group: _checked(group, content.groups[group]) for group in sorted(content.groups)}
    root = {"Conventions": CONVENTIONS, "format": FORMAT, "format_version": np.int32(FORMAT_VERSION)}
    root |= {name: clean_text(value) for name, value in content.attributes.items()}
    root["content_sha256"] = content_sha256(_hashed(root, tables))
    if content.provenance:
        tables[PROVENANCE] = _checked(PROVENANCE, content.provenance)
    image = image_of(root, tables)
    return user_block(FORMAT_VERSION, len(image), hashlib.sha256(image).hexdigest()) + image


def write_run(path: str | os.PathLike[str], content: RunContent | bytes) -> Path:
    """Write a run file so that it is either complete or not there.

    Parameters
    ----------
    path
        Where; an existing file is replaced.
    content
        What, or the bytes of it.

    Raises
    ------
    RunFileError
        If the file cannot be written; nothing is left behind then.
    """
    target = Path(path)
    data = content if isinstance(content, bytes) else run_bytes(content)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        msg = f"{target}: cannot be written: {error.strerror or error}"
        raise RunFileError(msg) from None
    return target


def clean_text(text: Any) -> str:
    """Return the text without what HDF5's strings cannot hold: NUL and broken surrogates."""
    return str(text).replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def clean_texts(texts: Sequence[Any]) -> list[str]:
    """Return `clean_text` of every text."""
    texts = list(map(str, texts))
    joined = "".join(texts)
    # thousands of node names are clean as a rule: one look at all of them is much faster
    return texts if joined == clean_text(joined) else list(map(clean_text, texts))


def _checked(group: str, values: Mapping[str, Any]) -> dict[str, tuple[Column, NDArray[Any]]]:
    """Return the columns of a group as arrays of the schema's types."""
    known = columns(group)
    if known is None or set(values) != set(known):
        msg = f"columns of {group}: {sorted(values)} given, the schema has {sorted(known or ())}"
        raise ValueError(msg)
    sizes: dict[str, int] = {}
    table = {}
    for name in sorted(values):
        column = known[name]
        array = _array(values[name], column)
        if array.ndim != len(column.dims):
            msg = f"{group}/{name} has {array.ndim} dimensions, the schema {column.dims}"
            raise ValueError(msg)
        for dim, size in zip(column.dims, array.shape, strict=True):
            if sizes.setdefault(dim, size) != size:
                msg = f"{group}/{name} has {size} entries along '{dim}', others have {sizes[dim]}"
                raise ValueError(msg)
        table[name] = column, array
    return table


def _array(values: Any, column: Column) -> NDArray[Any]:
    if column.type != "text":
        return np.ascontiguousarray(values, dtype=DTYPES[column.type]).reshape(np.shape(values))
    if not column.dims:
        return np.array(clean_text(values), dtype=TEXT)
    return np.array(clean_texts(values), dtype=TEXT).reshape(len(values))


def _hashed(root: Mapping[str, Any], tables: Tables) -> list[HashedObject]:
    objects: list[HashedObject] = [("", None, attributes_json(root))]
    for group, table in tables.items():
        # a nested group's parents are groups of the file as well
        parents = (str(parent) for parent in Path(group).parents if parent.name)
        objects += [(path, None, _NO_ATTRIBUTES) for path in (group, *parents)]
        objects += [(f"{group}/{name}", array, _attributes(name, column)) for name, (column, array) in table.items()]
    return list({path: (path, array, attributes) for path, array, attributes in objects}.values())


_NO_ATTRIBUTES = attributes_json({})


@cache
def _attributes(name: str, column: Column) -> str:
    return attributes_json(attributes_of(name, column))
