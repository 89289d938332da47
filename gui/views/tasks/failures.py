# SPDX-License-Identifier: Apache-2.0
"""What the user fails in the fabric view: marked at once, solved anew in a process of its own, and taken back."""

from __future__ import annotations

import json
import tempfile
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from experiments.labels import counted
from gui.child import Child
from gui.jobs import Jobs
from gui.state.fabric.failed_parts import (
    arguments,
    drawn_failures,
    group_of,
    group_part,
    named,
    node_part,
    ocs_part,
    picked_part,
    same_part,
    without_parts,
)
from gui.state.fabric.failure import After, Part
from gui.state.fabric.linked_views import LinkedViews
from gui.state.fabric.picking import Picked
from gui.state.fabric.run_parts import scenario_with
from gui.state.fabric.scene import Scene
from gui.state.fabric.view import FabricViewState
from gui.state.undo import Edit, UndoStack
from optinet.errors import OptinetError

KEPT = 16  # answers kept, so that undo shows at once what was solved before
SOLVING = "Solving without {parts} …"
PROVING = "Looking for what no routing surpasses …"

_Wanted = tuple[str, tuple[Part, ...], bool]


class Failures(QObject):
    """Follows the parts that have failed in `state`, and shows the loads that are left.

    `changed` tells that there is something else to say; `pointed` is what a menu was opened on. `proving` says whether
    the limit of any routing is looked for, and not only what fills first under that of the run.
    """

    changed = pyqtSignal()
    failed = pyqtSignal()

    def __init__(self, state: FabricViewState, undo: UndoStack, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state, self.proving = state, False
        self.pointed: Picked | None = None
        self.linked: LinkedViews | None = None  # the views beside the main one, whose parts fail as well
        self._undo, self._jobs = undo, jobs
        self._child = Child(self)
        self._folder = tempfile.TemporaryDirectory(prefix="optinet-failed-")
        self._answers: OrderedDict[_Wanted, After] = OrderedDict()
        self._asked: _Wanted | None = None  # what the process solves, or what is read of its answer
        self._problems: dict[_Wanted, str] = {}
        self._beside: tuple[object, dict[str, tuple[tuple[Part, ...], tuple[Part, ...]]]] = (None, {})
        self._closed = False
        state.changed.connect(self._follow)

    # -- what can be done

    @property
    def part(self) -> Part | None:
        """What would fail: what a menu was opened on, is under the pointer, or was clicked last."""
        state, picked = self.state, self.pointed or self.state.hovered
        if state.scene is None or state.drawing is None:
            return None
        if picked is not None:
            return picked_part(state.scene, state.drawing, picked)
        return node_part(state.scene, state.chosen[-1]) if state.chosen else None

    @property
    def group(self) -> Part | None:
        """The pod, cube, plane, block or rack that would fail."""
        state, picked = self.state, self.pointed or self.state.hovered
        if state.scene is None or state.drawing is None or not (picked or state.chosen):
            return None
        folds = state.scene.folds
        group = group_of(state.scene, state.drawing, picked) if picked else int(folds.group[state.chosen[-1]])
        return group_part(state.scene, group) if group >= 0 else None

    @property
    def ocs(self) -> Part | None:
        """The optical circuit switch that makes the links pointed at."""
        part, scene = self.part, self.state.scene
        if part is None or part.kind != "links" or scene is None or scene.plant is None:
            return None
        of_link = scene.plant.circuit_link == part.members[0]
        return ocs_part(int(scene.plant.end_ocs[scene.plant.circuit_ends[of_link][0, 0]])) if of_link.any() else None

    def toggle(self, part: Part | None) -> None:
        """Fail a part, or restore one that has failed."""
        if part is not None and part in self.state.parts:
            self.restore((part,))
        elif part is not None:
            self._edit(f"Fail {part.title}", (*self.state.parts, part))
            self.failed.emit()

    def fail_all(self, name: str, parts: tuple[Part, ...]) -> None:
        """Fail the parts of a group that the scenario names, in one step."""
        new = tuple(part for part in parts if part not in self.state.parts)
        if new:
            self._edit(f"Fail {name}", (*self.state.parts, *new))
            self.failed.emit()

    def beside(self) -> dict[str, tuple[tuple[Part, ...], tuple[Part, ...]]]:
        """Return of each run beside what has failed, and what would with the failed parts of the main view that it has.

        Runs to which that adds nothing are left out.
        """
        scene, mine = self.state.scene, self.state.parts
        shown = [
            (other, self._wanted(state, other)[1]) for state in self._states() if (other := state.scene) is not None
        ]
        of = scene, mine, shown
        if self._beside[0] != of:  # asked for at every change of the fabric, and compares all names
            found = {}
            for other, before in shown:
                if scene is None or other.key == scene.key:
                    continue
                same = (same_part(scene, other, part) for part in mine)
                after = tuple(dict.fromkeys((*before, *(part for part in same if part is not None))))
                if after != before:
                    found[other.key] = before, after
            self._beside = of, found
        return self._beside[1]

    def fail_beside(self) -> None:
        """Fail the parts that have failed in the main view in the runs beside it as well, in one step."""
        changes = self.beside()

        def put(which: int) -> None:
            for key, parts in changes.items():
                self.state.set_parts(key, parts[which])
            self.state.changed.emit()  # the views beside follow the main one

        if changes:
            title = f"Fail the same in {counted(len(changes), 'run')} beside"
            self._undo.do(Edit(title, lambda: put(0), lambda: put(1)))

    def restore(self, parts: tuple[Part, ...]) -> None:
        """Let some parts work again."""
        left = tuple(part for part in self.state.parts if part not in parts)
        self._edit(f"Restore {named(parts)}", left)

    def prove(self, proving: bool) -> None:
        """Look for the limit of any routing, or be content with what fills first."""
        self.proving = proving
        self._problems.clear()
        self._follow()

    @property
    def problem(self) -> str:
        """Why the main view cannot be solved without its failed parts; empty where it can."""
        scene = self.state.scene
        return self._problems.get(self._wanted(self.state, scene), "") if scene is not None else ""

    def scenario(self, key: str) -> dict[str, Any] | None:
        """Return the scenario of a run with the parts that are failed in the main view; None where it has its own."""
        scene, parts = self.state.scene, self.state.parts
        if scene is None or scene.key != key or parts == scene.own_parts:
            return None
        return scenario_with(scene, parts)

    def lines(self) -> tuple[str, ...]:
        """Return what there is to say of the run without its failed parts, and of what limits it."""
        scene = self.state.scene
        if scene is None:
            return ()
        if self.problem:
            return (self.problem,)
        if self._asked == self._wanted(self.state, scene):
            parts = self.state.parts
            return (SOLVING.format(parts=named(parts)) if parts else PROVING,)
        drawn = drawn_failures(scene)
        of_run = (drawn,) if drawn else ()
        if scene.after is not None:
            return (*scene.after.lines(), *of_run)
        own = (f"The run is of a fabric without {named(scene.own_parts)}",) if scene.own_parts else ()
        return (*own, f"What limits: {scene.limit_text}", *of_run)

    def shutdown(self) -> None:
        """End what is being solved."""
        self._closed = True
        self._child.stop()
        self._folder.cleanup()

    def _edit(self, title: str, after: tuple[Part, ...]) -> None:
        scene, before = self.state.scene, self.state.parts
        if scene is not None and after != before:
            put = partial(self.state.set_parts, scene.key)
            self._undo.do(Edit(title, lambda: put(before), lambda: put(after)))

    # -- solving

    def _states(self) -> list[FabricViewState]:
        return self.linked.states if self.linked is not None else [self.state]

    def _wanted(self, state: FabricViewState, scene: Scene) -> _Wanted:
        """Return the run of a view, what has failed in it, and whether the limit of any routing is wanted."""
        parts = self.state.parts_of.get(scene.key, scene.own_parts)
        return scene.key, parts, self.proving and state is self.state

    def _follow(self) -> None:
        """See to it that every view shows the loads without the parts that have failed; the main view comes first."""
        if self._closed:
            return
        wants, pending = [], []
        for state in tuple(self._states()):
            if (scene := state.scene) is None:
                continue
            wanted = self._wanted(state, scene)
            wants.append(wanted)
            if _is_shown(scene, wanted):
                continue
            if wanted[1] == scene.own_parts and not wanted[2]:
                state.show_loads(scene.intact or scene)
                self.changed.emit()
            elif wanted in self._answers:
                self._show(wanted, self._answers[wanted])
            elif wanted not in self._problems:
                pending.append((state is self.state, scene, wanted))
        self._problems = {wanted: why for wanted, why in self._problems.items() if wanted in wants}
        if not pending:
            self._stop()
            return
        is_main, scene, wanted = pending[0]
        if self._asked not in ([wanted] if is_main else [each for *_, each in pending]):
            self._ask(scene, wanted)

    def _stop(self) -> None:
        self._child.stop()
        self._asked = None

    def _ask(self, scene: Scene, wanted: _Wanted) -> None:
        self._asked = wanted
        loads = Path(self._folder.name) / "loads.npz"
        words = arguments(scene, wanted[1], bound=wanted[2], loads=loads)
        self._child.start(words, partial(self._answered, wanted, loads), partial(self._no_answer, wanted))
        self.changed.emit()

    def _answered(self, wanted: _Wanted, loads: Path, output: str) -> None:
        def read() -> After | None:
            try:
                return After.read(wanted[1], wanted[2], json.loads(output), loads)
            except (OSError, ValueError, KeyError):  # another answer has been begun, or the disk is full
                return None

        def take(after: After | None) -> None:
            if after is None:
                self._no_answer(wanted, "what was solved cannot be read")
                return
            self._answers[wanted] = after
            if len(self._answers) > KEPT:
                self._answers.popitem(last=False)
            if wanted == self._asked:
                self._asked = None
            self._follow()  # which shows it, and asks for what another view wants

        self._jobs.submit("Reading what is left …", read, take)

    def _no_answer(self, wanted: _Wanted, why: str) -> None:
        if wanted == self._asked:
            self._asked = None
            self._problems[wanted] = f"Not solved: {why}"
            self.changed.emit()
            self._follow()

    def _show(self, wanted: _Wanted, after: After) -> None:
        for state in self._states():
            scene = state.scene
            if scene is not None and self._wanted(state, scene) == wanted and not _is_shown(scene, wanted):
                self._show_in(state, scene, wanted, after)

    def _show_in(self, state: FabricViewState, scene: Scene, wanted: _Wanted, after: After) -> None:
        def work() -> Scene | str:
            try:
                return without_parts(scene, after)
            except (OptinetError, ValueError, IndexError) as error:  # the file has changed meanwhile
                return str(error)

        def take(changed: Scene | str) -> None:
            now = state.scene
            if state not in self._states():
                return  # its view has been closed meanwhile
            if isinstance(changed, str):
                self._problems[wanted] = f"Not solved: {changed}"
                self.changed.emit()
            elif now is not None and self._wanted(state, now) == wanted and now.style == scene.style:
                state.show_loads(changed)
                self.changed.emit()

        self._jobs.submit("Showing what is left …", work, take)


def _is_shown(scene: Scene, wanted: _Wanted) -> bool:
    """Tell whether the loads of a scene are those wanted."""
    if scene.after is None:
        return wanted[1] == scene.own_parts and not wanted[2]
    return (scene.after.parts, scene.after.bound) == wanted[1:]
