# SPDX-License-Identifier: Apache-2.0
"""Where the nodes of a fabric stand in space, from its structure.

A link is drawn as a straight line between its ends, except the wraps of a torus: a line through the whole grid would
hide the row it runs along, so a wrap is drawn as two stubs that leave the grid at either end.
"""

from gui.state.fabric.layout.base import Layout, Nodes
from gui.state.fabric.layout.choose import FLOOR, FORCE, STRUCTURE, STYLES, layout_of

__all__ = ["FLOOR", "FORCE", "STRUCTURE", "STYLES", "Layout", "Nodes", "layout_of"]
