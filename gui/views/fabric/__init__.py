# SPDX-License-Identifier: Apache-2.0
"""The fabric view, what is drawn over it, and the panels about it."""
