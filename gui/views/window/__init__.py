# SPDX-License-Identifier: Apache-2.0
"""The main window, its menus and its dialogs."""
