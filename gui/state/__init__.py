# SPDX-License-Identifier: Apache-2.0
"""What the viewer knows, in plain Python and numpy: nothing here imports Qt."""
