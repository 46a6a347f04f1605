"""The native stack as a provider: plain processes in a home of the session's own."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.stack import Endpoints, down, up
from deploy.stack.state import Started

_OWNER = "session.owner"


class Native:
    """One stack a session. Stacks of sessions that were killed before they could clean up are stopped at the start."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._have: set[str] = set()
        for owner in home.parent.parent.glob(f"*/{home.name}/{_OWNER}"):
            pid, _, born = owner.read_text().partition(" ")
            if not Started(int(pid), born).alive():
                down(owner.parent)
                owner.unlink()
        own = Started.of(os.getpid())
        (home / _OWNER).write_text(f"{own.pid} {own.born}")

    def need(self, *services: str) -> Endpoints:
        if missing := set(services) - self._have:
            self._endpoints = up(self._home, only=sorted(missing | self._have))
            self._have |= missing
        return self._endpoints

    def close(self) -> None:
        down(self._home)
