# SPDX-License-Identifier: Apache-2.0
"""Scenarios, studies, runs and the command line."""
