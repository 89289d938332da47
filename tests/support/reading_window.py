# SPDX-License-Identifier: Apache-2.0
"""What a window shows, as tests of the whole window read it."""

from __future__ import annotations


def plain(action):
    """Return what an entry of a menu says, without the letter that is underlined."""
    return action.text().replace("&", "")


def cell(window, row, column_id):
    """Return the text in a column of the runs table."""
    column = [column.id for column in window.table.columns].index(column_id)
    return window.runs.model.data(window.runs.model.index(row, column))


def designs(window):
    """Return the designs of the runs in the order of the table."""
    return [cell(window, row, "design") for row in range(window.runs.model.rowCount())]


def selected_rows(window):
    """Return the selected rows of the runs table in order."""
    return sorted({index.row() for index in window.runs.view.selectionModel().selectedRows()})
