# SPDX-License-Identifier: Apache-2.0
"""What the window does beside showing: opens, runs, fails parts, keeps the session; and what a panel is."""
