# SPDX-License-Identifier: Apache-2.0
"""What every test runs under."""

from __future__ import annotations

import os
import signal

os.environ.setdefault("MPLBACKEND", "Agg")  # what plots needs no display, whatever has been imported before

# a shell without job control starts what it puts in the background deaf to Ctrl-C, and the processes that the tests
# start and interrupt would inherit that
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
