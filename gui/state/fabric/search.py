# SPDX-License-Identifier: Apache-2.0
"""Searching nodes by name."""

from __future__ import annotations

import re

from gui.state.fabric.scene import Scene


def find_nodes(scene: Scene, text: str) -> tuple[tuple[int, ...], str]:
    """Return the nodes a text finds, and what is wrong with it.

    Names that are the text come first, else those that begin with it count; if there are none, the text is taken for a
    regular expression that may match anywhere in the name. Case does not count.
    """
    wanted = text.strip().lower()
    if not wanted:
        return (), ""
    starting = [node for node, name in enumerate(scene.searched_names) if name.startswith(wanted)]
    if starting:
        starting.sort(key=lambda node: scene.searched_names[node] != wanted)
        return tuple(starting), ""
    try:
        pattern = re.compile(wanted, re.IGNORECASE)
    except re.error as error:
        return (), f"no name begins so, and as a regular expression: {error}"
    found = tuple(node for node, name in enumerate(scene.searched_names) if pattern.search(name))
    return found, "" if found else "no node is called so"
