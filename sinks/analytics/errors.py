"""What can go wrong when the analytics store is asked."""

from __future__ import annotations


class RefusedQueryError(ValueError):
    """The SQL is not of what may be asked. The message says what to change."""


class QueryFailedError(RuntimeError):
    """The server could not answer: a mistake in the SQL, or a limit was reached."""

    def __init__(self, code: int | None, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotServedError(ConnectionError):
    """No analytics sink answers for this home."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"the analytics store of {where} does not answer ({why}); it is served while `mainstem run` runs")
        self.where = where
        self.why = why
