# SPDX-License-Identifier: Apache-2.0
"""What every view says while it has nothing to show, so that all of them say the same."""

import html

OPEN_FIRST = "No runs are open. Open run files (Ctrl+O) or a folder (Ctrl+Shift+O), or drop them here."
SELECT_ONE = "Select a run in the table to see it here."
SELECT_SOME = "Select runs in the table to see this chart of them."


def nothing_shown(n_open: int, otherwise: str) -> str:
    """Return why a view is empty: no run is open at all, or else what it says itself."""
    return otherwise if n_open else OPEN_FIRST


def with_commands(message: str) -> str:
    """Return a message with its lines that are commands in a font of fixed width, as rich text if it has any."""
    lines = message.split("\n")
    if not any(line.startswith("optinet ") for line in lines):
        return message
    texts = ((line, html.escape(line, quote=False)) for line in lines)
    return "<br>".join(f"<code>{text}</code>" if line.startswith("optinet ") else text for line, text in texts)
