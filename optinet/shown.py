# SPDX-License-Identifier: Apache-2.0
"""How results show themselves in a notebook: an array as its size and range, so that any of them fits a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields
from typing import Any

import numpy as np

_LONG = 6  # entries of a list that is shown whole
_TEXT = 80  # characters of a text


class Shown:
    """Base of dataclasses that hold arrays; their names carry the units."""

    def __init_subclass__(cls) -> None:
        if "__repr__" not in vars(cls):
            cls.__repr__ = Shown.__repr__  # type: ignore[method-assign]  # or the dataclass makes one of its own

    def __repr__(self) -> str:
        values = ((each.name, getattr(self, each.name)) for each in fields(self) if each.repr)  # type: ignore[arg-type]
        texts = (f"{name}={shown(value)}" for name, value in values if value is not None)
        return f"{type(self).__name__}({', '.join(texts)})"


def shown(value: Any) -> str:
    """Return a value in a few words: ``<384 values, 0 to 32>`` for an array, ``<12 entries>`` for a long list."""
    if isinstance(value, np.ndarray):
        return _array_shown(value)
    if hasattr(value, "nnz"):  # a sparse array; asking SciPy would load it
        return f"<{_size(value.shape)}, {value.nnz:,} not 0>"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, str):
        return repr(value if len(value) <= _TEXT else f"{value[:_TEXT]}...")
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key!r}: {shown(entry)}" for key, entry in value.items())
        return f"<{len(value):,} entries>" if len(value) > _LONG else f"{{{inside}}}"
    if isinstance(value, Sequence | Set) and not isinstance(value, bytes):
        inside = ", ".join(map(shown, value))
        return f"<{len(value):,} entries>" if len(value) > _LONG else f"({inside})"
    return repr(value)


def _array_shown(array: np.ndarray[Any, Any]) -> str:
    size = f"{array.size:,} values" if array.ndim == 1 else f"{_size(array.shape)} values"
    if array.ndim == 0:
        return shown(array.item())
    if array.dtype == bool:
        return f"<{size}, {int(array.sum()):,} True>"
    if not array.size or not np.issubdtype(array.dtype, np.number):
        return f"<{size}>"
    return f"<{size}, {shown(array.min().item())} to {shown(array.max().item())}>"


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{each:,}" for each in shape)
