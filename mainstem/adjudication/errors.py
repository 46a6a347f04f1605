"""What keeps a decision from being made or shown."""

from __future__ import annotations


class NotDecidableError(ValueError):
    """A decision that cannot be recorded; the message says what to give instead."""


class UnknownError(LookupError):
    """No such task, decision or source patient."""


class LogUnavailableError(ConnectionError):
    """The topics cannot be read or written now: a dependency fault, which passes."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Who is who cannot be told right now ({why}). Nothing was recorded. Try again in a minute; if it stays, ask your "
                         "platform team to look at `mainstem stack status`.")
        self.why = why
