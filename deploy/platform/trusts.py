"""The synthetic trusts that a whole Mainstem runs on, made by the command that a person would give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MAINSTEM = (sys.executable, "-m", "mainstem.cli")
_TOLD = 2000
"""Characters of what the command said, its end."""


class TrustsNotMadeError(Exception):
    """Without trusts there is nothing to run on."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"the synthetic trusts could not be made (exit code {code}): {why}")


def make(home: Path, persons: int, *more: str, shown: bool = False) -> None:
    """`mainstem seeds make --replace`, with `more` of its options; the servers must run. `shown`: whether what it says goes to the
    terminal; else the end of its complaint is in the error. Raises TrustsNotMadeError."""
    command = (*MAINSTEM, "seeds", "make", "--persons", str(persons), "--replace", *more, "--home", str(home))
    if shown:
        made = subprocess.run(command, check=False, text=True)
    else:
        made = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if made.returncode:
        raise TrustsNotMadeError(made.returncode, "see what `seeds make` says above" if shown else made.stderr.strip()[-_TOLD:])
