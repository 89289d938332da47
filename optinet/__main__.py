# SPDX-License-Identifier: Apache-2.0
"""``python -m optinet`` is the command line ``optinet``."""

from __future__ import annotations

from experiments.cli import main

if __name__ == "__main__":
    main()
