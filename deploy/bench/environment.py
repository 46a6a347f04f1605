"""The environment of the QuixStreams application, made once: its libraries and ours want different versions of what both use."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

LOCK = Path(__file__).parent / "requirements.lock"


def python(home: Path, say: Callable[[str], None]) -> Path | None:
    """The interpreter of an environment that has exactly what the lock says. None where it cannot be had: say so, run without."""
    folder = home / "quix"
    interpreter, stamp = folder / "bin" / "python", folder / ".installed"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return interpreter
    say("making the environment of QuixStreams (once)")
    made = [[sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(interpreter), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--disable-pip-version-check", "-r",
             str(LOCK)]]
    for command in made:
        if subprocess.run(command, check=False).returncode:
            return None
    stamp.write_text(wanted)
    return interpreter
