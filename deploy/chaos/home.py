"""A home that is chaos's own: what is in it is dropped and made anew by every run."""

from __future__ import annotations

from pathlib import Path

MARKER = "chaos.home"
_TOLD = "A home of `mainstem chaos`: each run drops its databases and makes them anew.\n"


class NotOursError(Exception):
    """The home holds something, and no run of chaos began there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        super().__init__(f"{home} is neither new nor a former chaos run's, and a run would drop the trusts' databases in it; name another "
                         f"--home, or, where nothing in it is wanted, `mainstem stack down --home {home}` and remove it")


def claim(home: Path) -> None:
    """Mark a home that is absent, empty or marked already. Raises NotOursError, with nothing touched."""
    if not (home / MARKER).is_file() and home.exists() and not (home.is_dir() and not any(home.iterdir())):
        raise NotOursError(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / MARKER).write_text(_TOLD)
