"""Who may enter a home; and the account a server runs as when we are root and it refuses root."""

from __future__ import annotations

import errno
import os
import pwd
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.errors import MissingProgramError
from deploy.stack.layout import CHECKOUT


@dataclass(frozen=True, slots=True)
class Account:
    """`prefix` goes before a command line; `own` hands over a directory. Both are nothing for an ordinary user."""

    prefix: tuple[str, ...] = ()
    ids: tuple[int, int] | None = None

    def own(self, directory: Path) -> None:
        if self.ids is not None:
            os.chown(directory, *self.ids)


def make_private(home: Path, say: Callable[[str], None]) -> None:
    """A home that only its owner may enter, since it holds records. Of one that was there before, but the checkout's own, it is told: who
    made it may keep other things there. Raises NotADirectoryError.
    """
    if home.exists() and not home.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(home))
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o007 and home == CHECKOUT / ".mainstem":
        home.chmod(mode & ~0o007)
    elif mode & 0o007:
        say(f"every account of this machine may enter {home}, which holds records: close it with `chmod o= {home}`")


def let_through(name: str, home: Path) -> None:
    """Root's home that nobody else may enter: the account may, by its group, on the way to its own files, and may not list it."""
    found = home.stat()
    if os.geteuid() == 0 and found.st_uid == 0 and not found.st_mode & 0o077:
        with suppress(KeyError):    # no such account: `unprivileged` says so
            os.chown(home, -1, pwd.getpwnam(name).pw_gid)
            home.chmod(stat.S_IMODE(found.st_mode) | 0o010)


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
