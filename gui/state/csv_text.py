# SPDX-License-Identifier: Apache-2.0
"""Rows as comma-separated text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence


def csv_text(headings: Sequence[object], rows: Iterable[Iterable[object]]) -> str:
    """Return a line of headings and the rows as comma-separated text, numbers at full precision."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue()
