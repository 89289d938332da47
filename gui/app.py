# SPDX-License-Identifier: Apache-2.0
"""Start the viewer: ``optinet view PATH ...``, ``optinet-viewer PATH ...`` or ``python -m gui.app PATH ...``."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from gui.display import LIBRARY_MISSING, told_failures, without_screen

if TYPE_CHECKING:
    from PyQt6.QtCore import QSettings
    from PyQt6.QtWidgets import QApplication

    from gui.views.window.main_window import MainWindow

CLOSING = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
CRASH_FILE = "viewer-crash.log"
ENDED = "The viewer ended unexpectedly last time. What it left behind:"
FIRST_START = (
    "Welcome. These are sample runs that come with optinet. Open your own with Ctrl+O, make one with Ctrl+N, and find "
    "every command with Ctrl+Shift+P."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Open the viewer on run files and folders; return the exit code."""
    options = parser().parse_args(sys.argv[1:] if argv is None else argv)
    if options.platform:
        os.environ["QT_QPA_PLATFORM"] = options.platform
    if wrong := without_screen():
        sys.stderr.write(wrong)
        return 2
    try:
        from PyQt6.QtWidgets import QApplication
    except ImportError as error:  # a system library that Qt needs is missing
        sys.stderr.write(LIBRARY_MISSING.format(error=error))
        return 2
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the window can be closed properly
    with told_failures():
        application = QApplication(sys.argv[:1])
    application.setApplicationName("optinet-viewer")
    application.setApplicationDisplayName("optinet viewer")
    return run(application, options)


def parser() -> argparse.ArgumentParser:
    """Return what understands the command line."""
    made = argparse.ArgumentParser(prog="optinet-viewer", description="Look at saved optinet runs, and make new ones.")
    made.add_argument("paths", nargs="*", metavar="PATH", help="run files, folders of runs, and scenario files")
    made.add_argument("--version", action="version", version=version("optinet"))
    made.add_argument("--fresh", action="store_true", help="start without any preference, and keep none")
    made.add_argument(
        "--platform", metavar="NAME", default="", help="what Qt draws on: xcb, wayland, vnc, offscreen ..."
    )
    made.add_argument("--session", metavar="TEXT", default="", help="how to look at the runs, as 'Copy as' gives it")
    return made


def run(application: QApplication, options: argparse.Namespace) -> int:
    """Show the window until it is closed."""
    import tempfile

    from PyQt6.QtCore import QLocale, QSettings

    QLocale.setDefault(QLocale.c())  # numbers have a point, as in files and tables, and are typed so in any country
    with tempfile.TemporaryDirectory(prefix="optinet-viewer-") as fresh:
        own = Path(fresh) / "settings.ini"
        settings = QSettings(str(own), QSettings.Format.IniFormat) if options.fresh else QSettings("optinet", "viewer")
        with watched_crashes(Path(settings.fileName()).parent) as last_time:
            return _show(application, settings, options, last_time)


def _show(application: QApplication, settings: QSettings, options: argparse.Namespace, last_time: str) -> int:
    from gui.views.window.crash_dialog import CrashDialog
    from gui.views.window.main_window import MainWindow

    window = MainWindow(settings)
    gc.freeze()  # modules and window stay, so that looking through them for garbage would be time lost
    window.keeper.keeps = not options.fresh
    install_crash_dialog(window)
    with closing_on_signals(application, window.stop_asking):
        window.show()
        begin(window, options)
        if last_time:
            CrashDialog(last_time, window, ENDED).open()
        return application.exec()


@contextlib.contextmanager
def watched_crashes(folder: Path) -> Iterator[str]:
    """Let a crash of the interpreter leave its traces in a file, and yield those that the last one left."""
    path = folder / CRASH_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        left = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        traces = path.open("w", encoding="utf-8")
    except OSError:  # a home that cannot be written to is no reason not to start
        yield ""
        return
    faulthandler.enable(traces)
    try:
        yield left
    finally:
        faulthandler.disable()
        traces.close()
        path.unlink(missing_ok=True)


def begin(window: MainWindow, options: argparse.Namespace) -> None:
    """Open what the command line names, else what was open last time, else the sample sweep at the first start."""
    from gui.state.saved_session import SavedSession

    kept = str(window.settings.value("session", ""))
    if options.session:
        saved = SavedSession.from_text(options.session)
        window.keeper.restore(saved.model_copy(update={"paths": tuple(options.paths) or saved.paths}))
    elif options.paths:
        window.open_paths(options.paths)
    elif not window.settings.contains("recent"):
        window.open_samples()
        window.messages.tell(FIRST_START)
    elif window.preferences.restore_session:
        window.keeper.restore(SavedSession.from_text(kept))


def install_crash_dialog(window: MainWindow) -> None:
    """Show what nobody caught in a dialog with text to copy, instead of ending the program."""
    from gui.views.window.crash_dialog import CrashDialog, report_text

    shown: list[str] = []

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        report = report_text(kind, error, trace)
        if report not in shown:  # one mistake in a paint event comes back with every frame
            shown.append(report)
            CrashDialog(report, window).open()

    sys.excepthook = hook
    window.jobs.failed.connect(lambda error: sys.excepthook(type(error), error, error.__traceback__))


@contextlib.contextmanager
def closing_on_signals(application: QApplication, stop_asking: Callable[[], object]) -> Iterator[None]:
    """Close the window on Ctrl-C in the terminal, as a click on its cross would, and when the session ends.

    Python runs its handler between any two instructions, also of an import or of a lock, where closing would wait for
    itself: so the handler does nothing, and the event loop, woken by a socket, closes the window.

    Parameters
    ----------
    application
        What has the windows.
    stop_asking
        Called before the windows close because the machine or the terminal goes: nobody will answer then.
    """
    from PyQt6.QtCore import QSocketNotifier

    def signalled() -> None:
        if any(number != signal.SIGINT for number in reader.recv(64)):
            stop_asking()
        application.closeAllWindows()

    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        woken = signal.set_wakeup_fd(writer.fileno())
        before = {number: signal.getsignal(number) for number in CLOSING}
        for number, handler in before.items():
            if handler != signal.SIG_IGN:  # as nohup has it
                signal.signal(number, lambda *_: None)
        notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
        notifier.activated.connect(signalled)
        try:
            yield
        finally:
            notifier.setEnabled(False)
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
