# SPDX-License-Identifier: Apache-2.0
"""A soak run of the viewer: random use for a while, without an exception and with flat memory.

``python -m gui.soak --minutes 30``. Runs are opened, closed, selected and filtered, fabrics turned and hovered over,
commands run in any order, charts changed, parts failed, circuits reconfigured, preferences and sessions changed,
scenarios edited, run and cancelled, and files vanish. It ends with an error at the first exception, naming the seed and
the last steps, or when memory in the last third of the time is more than 10 % above that of the second third. Before
that, every command is run once, so that what is loaded when first needed is there, and a first round opens, selects,
orbits, runs a scenario to its result, cancels another and closes, whatever the seed and however slow the machine.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import shutil
import statistics
import sys
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PyQt6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QDialog

from experiments.benchmarks.measure import resident_mb
from gui.samples import samples_folder
from gui.state.fabric.failed_parts import node_part
from gui.state.saved_session import SavedSession
from gui.state.scenario.job import JobStatus
from gui.views.charts.chart_view import ChartView
from gui.views.widgets.dialogs import Dialogs
from gui.views.window.main_window import MainWindow

GROWTH_LIMIT = 0.10
STEP_MS = 60  # pause between steps: a quick user, and little load
ROUND = 60  # steps between two looks at the memory
RUN_S = 60.0  # longest time a small scenario may take
FIRST_S = 600.0  # longest wait for the effect of a step of the first round, where kernels may have to be compiled
# not run: what ends the window, takes minutes, or starts another program
LEFT_OUT = ("file.quit", "jobs.shipped_study", "jobs.study", "jobs.folder", "scenario.run")
FILTERS = ("", "torus", "topology:leaf_spine", "network_kw<20", "-verdict:closes", "nonsense<3", "(")
TYPED = ("3", "-1", "", "many", "[4, 4]", "1e9", "true")


class Silent(Dialogs):
    """Answers as a user who changes their mind, or saves somewhere."""

    def __init__(self, folder: Path) -> None:
        self._saved_in = folder

    def open_files(self) -> list[str]:
        """Choose nothing."""
        return []

    open_folder = open_files

    def open_toml(self, title: str) -> str:  # noqa: ARG002
        """Choose nothing."""
        return ""

    def choose(self, title: str, question: str, choices: Mapping[str, str]) -> str:  # noqa: ARG002
        """Choose the first."""
        return next(iter(choices))

    def ask_text(self, title: str, question: str, text: str) -> str:  # noqa: ARG002
        """Add a word."""
        return f"{text} soak".strip()[:200]

    def confirm(self, title: str, question: str, yes: str) -> bool:  # noqa: ARG002
        """Agree."""
        return True

    def save_file(self, title: str, name: str, kind: str) -> Path:  # noqa: ARG002
        """Write over the file of last time."""
        return self._saved_in / f"{name}{kind}"


class User:
    """Uses a window at random."""

    def __init__(self, window: MainWindow, folder: Path, seed: int) -> None:
        self.window, self.folder = window, folder
        self.random = np.random.default_rng(seed)
        self.steps: deque[str] = deque(maxlen=12)
        self.count = 0
        self.ended: Counter[JobStatus] = Counter()  # scenarios that were started
        window.work.engine.ended.connect(lambda job: self.ended.update([job.status]))
        self._actions: dict[str, tuple[float, Callable[[], object]]] = {
            "open": (3, self.open_some),
            "close": (1, self.close_some),
            "select": (6, self.select_some),
            "filter": (3, lambda: window.runs.filter.setText(self.any_of(FILTERS))),
            "orbit": (6, self.orbit),
            "hover": (4, self.hover),
            "wheel": (3, self.wheel),
            "command": (8, self.command),
            "edit scenario": (3, self.edit_scenario),
            "run": (0.4, self.run),
            "cancel": (0.4, self.cancel),
            "vanish": (0.2, self.vanish),
            "panel": (3, self.show_panel),
            "chart": (3, self.change_chart),
            "fail": (2, self.fail_some),
            "reconfigure": (1, self.reconfigure),
            "prefer": (1, self.prefer),
            "session": (0.5, self.restore_session),
        }
        weights = np.array([weight for weight, _ in self._actions.values()])
        self._share = weights / weights.sum()

    def any_of(self, things: Any) -> Any:
        """Return one of some things."""
        return things[int(self.random.integers(len(things)))]

    def warm_up(self) -> None:
        """Run every command that can be run, and look at every view."""
        self.window.open_paths([str(self.folder)])
        QTest.qWait(1000)
        for panel in self.window.panels.values():
            panel.show()
            QTest.qWait(STEP_MS)
        for command in self.window.commands:
            if command.id not in LEFT_OUT:
                self.steps.append(command.id)
                self.window.commands.run(command.id)
                self._tidy()
        self.rest()

    def first_round(self) -> None:
        """Open, select, orbit, run, cancel and close, each seen to be done."""
        window = self.window
        window.open_paths([str(self.folder)])
        self._wait("open", lambda: len(window.session) > 2)
        window.selection.set(window.table.row_keys[:2])
        self._wait("select", lambda: window.fabric_state.scene is not None and len(window.selection.keys) == 2)
        before = window.fabric_state.camera
        self.orbit()
        self._wait("orbit", lambda: window.fabric_state.camera != before)
        known = set(window.session.keys)
        self._run_once(JobStatus.FINISHED)
        self._wait("show the result", lambda: not known.issuperset(window.session.keys))
        self._run_once(JobStatus.CANCELLED)
        window.commands.run("file.close_all")
        self._wait("close", lambda: len(window.session) == 0)
        told = "opened, selected, orbited, ran a scenario to its result, cancelled another, closed"
        sys.stdout.write(f"the first round has {told}\n")

    def _run_once(self, wanted: JobStatus) -> None:
        """Run a small scenario until it has ended as wanted."""
        engine = self.window.work.engine
        self.run()
        (job,) = engine.active
        if wanted == JobStatus.CANCELLED:
            self.window.work.cancel_all()
        self._wait("run", lambda: not job.is_active)
        if job.status != wanted:
            msg = f"the first round: the scenario is {job.status.value}, not {wanted.value}: {job.message}"
            raise RuntimeError(msg)

    def _wait(self, step: str, is_done: Callable[[], bool]) -> None:
        """Wait until a step has had its effect."""
        self.steps.append(step)
        until = time.monotonic() + FIRST_S
        while not is_done() or self.window.jobs.is_busy:
            if time.monotonic() > until:
                msg = f"the first round: '{step}' has had no effect in {FIRST_S:g} s"
                raise TimeoutError(msg)
            QTest.qWait(STEP_MS)

    def step(self) -> None:
        """Do one thing and let the window answer."""
        name = str(self.random.choice(list(self._actions), p=self._share))
        self.steps.append(name)
        self.count += 1
        self._actions[name][1]()
        self._tidy()

    def _tidy(self) -> None:
        for dialog in self.window.findChildren(QDialog):
            dialog.reject()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        QTest.qWait(STEP_MS)

    def open_some(self) -> None:
        """Open a folder or some of its files."""
        files = sorted(self.folder.glob("*.h5"))
        chosen = [self.folder] if self.random.random() < 0.3 or not files else [self.any_of(files)]
        self.window.open_paths([str(path) for path in chosen])

    def close_some(self) -> None:
        """Close the selected runs or all."""
        self.window.commands.run(self.any_of(("file.close_selected", "file.close_all")))

    def select_some(self) -> None:
        """Select one row or several."""
        keys = self.window.table.row_keys
        if keys:
            self.window.selection.set([self.any_of(keys) for _ in range(int(self.random.integers(1, 6)))])

    def orbit(self) -> None:
        """Turn the fabric a little for some frames."""
        for _ in range(5):
            self.window.fabric_state.orbit(*(12 * self.random.standard_normal(2)).tolist())
            QTest.qWait(15)

    def hover(self) -> None:
        """Move the pointer across the fabric."""
        view = self.window.fabric
        at = QPoint(*(int(self.random.integers(1, max(2, size))) for size in (view.width(), view.height())))
        QTest.mouseMove(view, at)

    def wheel(self) -> None:
        """Zoom at some place."""
        view = self.window.fabric
        at = QPointF(view.width() * self.random.random(), view.height() * self.random.random())
        turn = QPoint(0, int(self.random.integers(-240, 240)))
        nothing = Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            at,
            view.mapToGlobal(at),
            QPoint(),
            turn,
            Qt.MouseButton.NoButton,
            nothing,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view, event)

    def command(self) -> None:
        """Run any command that is enabled."""
        commands = [c for c in self.window.commands if c.id not in LEFT_OUT and c.enabled_when()]
        chosen = self.any_of(commands)
        self.steps[-1] = chosen.id
        self.window.commands.run(chosen.id)

    def edit_scenario(self) -> None:
        """Type something into some field of the form, and sometimes take it back."""
        self.window.panels["scenario"].show()
        panel = self.window.panels["scenario"].widget
        rows = [row for page in panel.pages.values() for row in page.rows]
        if rows:
            self.any_of(rows).type(self.any_of(TYPED))
        if self.random.random() < 0.4:
            self.window.commands.run("edit.undo")

    def show_panel(self) -> None:
        """Bring any view to the front, or close a dock."""
        panel = self.any_of(list(self.window.panels.values()))
        panel.toggle() if self.random.random() < 0.2 else panel.show()

    def change_chart(self) -> None:
        """Choose something else in a chart."""
        charts = [p.widget for p in self.window.panels.values() if p.is_made and isinstance(p.widget, ChartView)]
        choices = [(chart, choice) for chart in charts for choice in chart.shown.choices if choice.options]
        if choices:
            chart, choice = self.any_of(choices)
            chart.choose(choice.name, self.any_of([value for value, _ in choice.options]))

    def fail_some(self) -> None:
        """Fail a node of the fabric, or let everything work again."""
        scene = self.window.fabric_state.scene
        if self.random.random() < 0.3:
            self.window.commands.run("view.mend_all")
        elif scene is not None:
            self.window.failures.toggle(node_part(scene, int(self.random.integers(scene.n_nodes))))

    def reconfigure(self) -> None:
        """Work out a reconfiguration, which the commands of the circuits then play."""
        self.window.panels["ocs"].show()
        target = self.window.panels["ocs"].widget.target
        if target.count() > 1:
            target.setCurrentIndex(int(self.random.integers(1, target.count())))
            target.activated.emit(target.currentIndex())

    def prefer(self) -> None:
        """Change preferences."""
        self.window.prefer(
            appearance=self.any_of(("system", "light", "dark")),
            workers=int(self.random.integers(0, 3)),
            shortcuts=self.any_of(({}, {"view.fit": "G"}, {"view.fit": ""})),
        )

    def restore_session(self) -> None:
        """Take the window as it is apart and put it together again, as the next start would."""
        kept = self.window.keeper.snapshot().to_text()
        self.window.commands.run("file.close_all")
        self.window.keeper.restore(SavedSession.from_text(kept))

    def run(self) -> None:
        """Run a small scenario, unless one runs."""
        if not self.window.work.engine.active:
            self.window.work.form.load({**SMALL, "seed": int(self.random.integers(1000))}, "Soak")
            self.window.work.run_form(self.folder)

    def cancel(self) -> None:
        """Cancel what runs."""
        self.window.work.cancel_all()

    def vanish(self) -> None:
        """Remove what was computed, and a run that is open."""
        for path in self.folder.glob("soak--*"):
            path.unlink(missing_ok=True)
        files = sorted(self.folder.glob("*.h5"))
        if len(files) > 4:
            files[0].unlink()

    def rest(self) -> float:
        """Close everything, bring the runs back, and return the memory in MB once the window has come to rest."""
        self.window.work.cancel_all()
        self.window.commands.run("file.close_all")
        self.window.messages.clear()
        shutil.copytree(samples_folder(), self.folder, dirs_exist_ok=True)
        until = time.monotonic() + RUN_S
        while (self.window.jobs.is_busy or self.window.work.engine.active) and time.monotonic() < until:
            QTest.qWait(50)
        self.window.work.engine.clear()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        give_back()
        return resident_mb(os.getpid())


def give_back() -> None:
    """Give the system what the allocator keeps for later, up to 80 MB: what is left is what the window holds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)


SMALL = {
    "title": "Soak",
    "topology": {"name": "leaf_spine", "leaves": 2, "spines": 1, "hosts_per_leaf": 4},
    "workload": {"name": "random_permutation"},
    "design": {"switch": "switch_51t2", "optics": "retimed_800g_dr8", "host_link": "aec_800g"},
}


def soak(seconds: float, seed: int, folder: Path) -> str:
    """Use a window for some time; return what went wrong, or nothing."""
    window = MainWindow(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    window.dialogs.__class__ = Silent
    window.dialogs.__init__(folder)  # type: ignore[misc]
    runs = folder / "runs"
    shutil.copytree(samples_folder(), runs)
    failures: list[str] = []

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        failures.append("".join(traceback.format_exception(kind, error, trace)))

    sys.excepthook = hook
    window.jobs.failed.connect(lambda error: hook(type(error), error, error.__traceback__))
    window.show()
    user = User(window, runs, seed)
    memory: list[tuple[float, float]] = []
    try:
        user.warm_up()
        user.first_round()
        began = time.monotonic()
        while not failures and (spent := time.monotonic() - began) < seconds:
            user.step()
            if user.count % ROUND == 0:
                memory.append((spent / seconds, user.rest()))
                sys.stdout.write(f"{spent:5.0f} s, {user.count} steps, {memory[-1][1]:.0f} MB\n")
                sys.stdout.flush()
    except Exception as error:  # noqa: BLE001  a command that fails when it is called, not when an event is handled
        hook(type(error), error, error.__traceback__)
    window.close()
    if failures:
        return f"{failures[0]}seed {seed}, step {user.count}, the last ones: {', '.join(user.steps)}"
    run, cancelled = user.ended[JobStatus.FINISHED], user.ended[JobStatus.CANCELLED]
    sys.stdout.write(f"{user.count} steps, {run} scenarios run to their results, {cancelled} cancelled, no exception\n")
    return growth_problem(memory)


def growth_problem(memory: list[tuple[float, float]]) -> str:
    """Compare the memory of the second and the last third of the time; return what is wrong, or nothing."""
    middle = [mb for share, mb in memory if 1 / 3 <= share < 2 / 3]
    last = [mb for share, mb in memory if share >= 2 / 3]
    if not middle or not last:
        return ""
    growth = statistics.median(last) / statistics.median(middle) - 1
    sys.stdout.write(f"memory {statistics.median(last):.0f} MB, {100 * growth:+.1f} % since the second third\n")
    return f"memory grew by {100 * growth:.0f} %, which is more than 10 %" if growth > GROWTH_LIMIT else ""


def main() -> int:
    """Soak; return the exit code."""
    parser = argparse.ArgumentParser(prog="gui.soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="seed of all steps")
    options = parser.parse_args()
    application = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory(prefix="optinet-soak-") as folder:
        problem = soak(60 * options.minutes, options.seed, Path(folder))
    del application
    if problem:
        sys.stderr.write(f"{problem}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
