# SPDX-License-Identifier: Apache-2.0
"""``python -m gui.benchmarks fabric | runs | start``, on a screen of 1600 x 1000; each has its ``--help``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Measure what is asked for, and print one line per measurement."""
    parser = argparse.ArgumentParser(prog="python -m gui.benchmarks", description="Measure how fast the viewer is.")
    what = parser.add_subparsers(dest="what", required=True)
    fabric = what.add_parser("fabric", help="drawing large fabrics")
    fabric.add_argument("files", nargs="*", type=Path, metavar="RUN", help="run files; two large fabrics if none")
    runs = what.add_parser("runs", help="many runs in the table")
    runs.add_argument("run", type=Path, help="a run file, whose links fill the folder")
    runs.add_argument("folder", type=Path, help="folder on the same disk; made unless it is there")
    runs.add_argument("--runs", type=int, default=100_000)
    start = what.add_parser("start", help="from the start of the program to a window that can be used")
    start.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="what to open; the sample runs if nothing")
    start.add_argument("--repeat", type=int, default=5, help="how many warm starts")
    asked = parser.parse_args()
    if asked.what == "fabric":
        from gui.benchmarks.fabric import print_fabrics

        print_fabrics(asked.files)
    elif asked.what == "start":
        from gui.benchmarks.start import print_starts

        print_starts(asked.paths, asked.repeat)
    else:
        from gui.benchmarks.runs import print_runs

        print_runs(asked.run, asked.folder, asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
