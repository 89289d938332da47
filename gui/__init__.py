# SPDX-License-Identifier: Apache-2.0
"""The desktop viewer: state without Qt in `gui.state`, Qt in `gui.views`, every action in `gui.commands`."""
