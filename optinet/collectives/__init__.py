# SPDX-License-Identifier: Apache-2.0
"""Collective operations on a fabric: schedules of transfers, their time on solved link loads, and what bounds it."""
