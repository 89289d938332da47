# SPDX-License-Identifier: Apache-2.0
"""Callbacks for "this has changed", so that state can be watched without knowing who watches."""

from __future__ import annotations

from collections.abc import Callable


class Event:
    """A list of callbacks without arguments, called in the order they were connected."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], object]] = []

    def connect(self, callback: Callable[[], object]) -> None:
        """Call `callback` at every `emit` from now on."""
        self._callbacks.append(callback)

    def emit(self) -> None:
        """Call every callback."""
        for callback in tuple(self._callbacks):
            callback()
