# SPDX-License-Identifier: Apache-2.0
"""The viewer's windows: they draw what `gui.state` holds and hand back what the user does."""
