"""The account a server runs as when we are root and it refuses root."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.errors import MissingProgramError


@dataclass(frozen=True, slots=True)
class Account:
    """`prefix` goes before a command line; `own` hands over a directory. Both are nothing for an ordinary user."""

    prefix: tuple[str, ...] = ()
    ids: tuple[int, int] | None = None

    def own(self, directory: Path) -> None:
        if self.ids is not None:
            os.chown(directory, *self.ids)


def unprivileged(name: str, home: Path) -> Account:
    """How to stop being root; an ordinary user stays who he is. Raises MissingProgramError where root has no such account."""
    if os.geteuid() != 0:
        return Account()
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise MissingProgramError(f"the account {name!r}", "postgresql") from None
    prefix = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    if not _reachable(home, entry.pw_uid, entry.pw_gid):
        # Root's homes and pytest's directories are closed to others: this one capability lets the server through to its own files.
        prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return Account((*prefix, "--"), (entry.pw_uid, entry.pw_gid))


def _reachable(directory: Path, uid: int, gid: int) -> bool:
    for step in (directory, *directory.parents):
        if not step.exists():
            continue
        found = step.stat()
        bit = 0o100 if found.st_uid == uid else 0o010 if found.st_gid == gid else 0o001
        if not found.st_mode & bit:
            return False
    return True
