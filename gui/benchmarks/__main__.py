# SPDX-License-Identifier: Apache-2.0
"""``xvfb-run -a -s "-screen 0 1600x1000x24" python -m gui.benchmarks fabric [RUN.h5 ...] | runs RUN.h5 FOLDER``."""

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
    asked = parser.parse_args()
    if asked.what == "fabric":
        from gui.benchmarks.fabric import print_fabrics

        print_fabrics(asked.files)
    else:
        from gui.benchmarks.runs import print_runs

        print_runs(asked.run, asked.folder, asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
