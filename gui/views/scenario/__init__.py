# SPDX-License-Identifier: Apache-2.0
"""The form of a scenario and the table of jobs."""
