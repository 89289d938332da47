# SPDX-License-Identifier: Apache-2.0
"""What every view says while it has nothing to show, so that all of them say the same."""

OPEN_FIRST = "No runs are open. Open run files (Ctrl+O) or a folder (Ctrl+Shift+O), or drop them here."
SELECT_ONE = "Select a run in the table to see it here."
SELECT_SOME = "Select runs in the table to see this chart of them."


def nothing_shown(n_open: int, otherwise: str) -> str:
    """Return why a view is empty: no run is open at all, or else what it says itself."""
    return otherwise if n_open else OPEN_FIRST
