# SPDX-License-Identifier: Apache-2.0
"""A scenario being edited, and the sweep that runs it."""
