# SPDX-License-Identifier: Apache-2.0
"""Charts drawn with pyqtgraph."""
