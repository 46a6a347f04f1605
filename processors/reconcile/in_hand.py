"""One record in hand for a batch: what state held of it, what came of it, and what it says as far as that was read."""

from __future__ import annotations

from mainstem.model import Known
from processors.keys import END
from processors.reconcile.layout import Held

Name = tuple[str, str]
"""Source patient and record."""


class Record:
    """It stays in hand when nothing is left of it."""

    __slots__ = ("came", "committed", "dirty", "held", "key", "late", "name", "said")

    def __init__(self, name: Name, key: bytes) -> None:
        """`key`: of person, source patient and record."""
        self.name = name
        self.key = key
        self.held = Held()
        self.dirty = False
        self.came = False
        """Whether something came of it in this batch that may count."""
        self.committed: int | None = None
        """When the latest of what arrived of it was committed at its source. What a handover brings has not just happened."""
        self.said: dict[str, Known] = {}
        """Part -> the version shown, as far as it is in hand."""
        self.late: set[str] = set()
        """Parts of which versions came that are not the greatest."""

    def version_key(self, part: str, version: bytes) -> bytes:
        """Of an assertion in state. `version`: packed; empty for what the keys of all versions of the part begin with."""
        return b"v" + self.key + part.encode() + END + version

    def forget(self) -> None:
        """As it is when nothing was ever said of it."""
        self.held = Held()
        self.dirty = self.came = False
        self.said.clear()
        self.late.clear()
