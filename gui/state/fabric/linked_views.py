# SPDX-License-Identifier: Apache-2.0
"""Views side by side: one camera moves all, and colors mean the same in all."""

from __future__ import annotations

from functools import partial

from gui.state.fabric.colormap import ColorScale
from gui.state.fabric.scene import Scene
from gui.state.fabric.view import FabricViewState

MOST_VIEWS = 4


class LinkedViews:
    """Fabric views that move together and share quantity, color map and color range; the first is the main one."""

    def __init__(self, main: FabricViewState) -> None:
        self.states: list[FabricViewState] = [main]
        self._busy = False
        self._connect(main)

    def set_count(self, count: int) -> None:
        """Have this many views, 1 to `MOST_VIEWS`; new ones are empty and look as the main one does."""
        count = min(max(count, 1), MOST_VIEWS)
        del self.states[count:]
        while len(self.states) < count:
            state = FabricViewState()
            state.adopt(self.states[0])
            self._connect(state)
            self.states.append(state)
        self._changed(self.states[0])

    def show(self, index: int, scene: Scene) -> None:
        """Show a fabric in one view; beside the main one it is looked at as that is, which stays where it is."""
        state, main = self.states[index], self.states[0]
        if state is main or main.scene is None:
            state.show(scene)
            return
        self._busy = True  # that the fabric of this view is new is no move of the user's
        try:
            state.show(scene)
            state.follow(main)
        finally:
            self._busy = False
        main.changed.emit()

    def _connect(self, state: FabricViewState) -> None:
        state.moved.connect(partial(self._moved, state))
        state.changed.connect(partial(self._changed, state))

    def _moved(self, source: FabricViewState) -> None:
        if self._busy or source not in self.states:
            return
        self._busy = True
        try:
            for state in self.states:
                if state is not source:
                    state.follow(source)
        finally:
            self._busy = False

    def _changed(self, source: FabricViewState) -> None:
        if self._busy or source not in self.states:
            return
        self._busy = True
        try:
            others = [state for state in self.states if state is not source]
            for state in others:
                state.adopt(source)
            shown = [state.own_scale for state in self.states if state.scene is not None]
            common = ColorScale.union(shown) if len(shown) > 1 else None
            for state in self.states:
                state.set_common_scale(common)
            for state in others:
                state.changed.emit()
        finally:
            self._busy = False
