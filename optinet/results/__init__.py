# SPDX-License-Identifier: Apache-2.0
"""The HDF5 run file: one immutable, verifiable file for one evaluated scenario."""

from optinet.results.find import find_runs
from optinet.results.reader import Run, open_run
from optinet.results.writer import write_run

__all__ = ["Run", "find_runs", "open_run", "write_run"]
