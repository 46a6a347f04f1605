"""Short-lived tools of the servers; what they print goes to the service's log."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def run_once(argv: Sequence[str], log: Path) -> int:
    """Exit code of the tool."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.run(argv, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/", check=False).returncode
