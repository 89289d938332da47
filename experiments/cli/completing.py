# SPDX-License-Identifier: Apache-2.0
"""The command for the shell itself: completion."""

from __future__ import annotations

from typing import Literal

from experiments.cli.common import write


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print what makes a shell complete commands, options and files with the tab key.

    Parameters
    ----------
    shell
        The shell that is to read it.

    Examples
    --------
    eval "$(optinet completion bash)"                  # in ~/.bashrc
    optinet completion zsh > ~/.zfunc/_optinet         # a folder of zsh's fpath
    optinet completion fish > ~/.config/fish/completions/optinet.fish
    """
    from experiments.cli import app

    # files for whatever has no words of its own
    write(app.generate_completion(shell=shell).replace("complete -F ", "complete -o default -F "))
