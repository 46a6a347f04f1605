"""What can go wrong when synthetic trusts are made or played, each with what to do."""

from __future__ import annotations

from pathlib import Path


class SeedsError(Exception):
    """Base of all; the message is fit to show to the person who typed the command."""


class DatabaseExistsError(SeedsError):
    """A trust's database is already there."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"database {database} exists already; pass --replace to drop it and make it anew")


class DatabaseMissingError(SeedsError):
    """A trust's database is not there, or was never filled."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"database {database} holds no synthetic trust; run `mainstem seeds make` first")


class UnreachableError(SeedsError):
    """PostgreSQL does not answer at the DSN."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"PostgreSQL does not answer at --dsn ({reason}); start it with `mainstem stack up`, or correct the DSN")


class DsnError(SeedsError):
    """What was given as a DSN is none."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"--dsn is none ({reason}); give it as postgresql://user@host:port, or as host=... port=... user=...")


class TruthFileError(SeedsError):
    """The ground truth cannot be written where it was asked for."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"--truth {path}: {reason}; name a file in a folder that is there and can be written to")


class DatabaseInUseError(SeedsError):
    """A database cannot be dropped because somebody holds it."""

    def __init__(self, database: str, reason: str) -> None:
        self.database = database
        super().__init__(f"database {database} cannot be replaced ({reason}); stop what reads it, drop its replication slots, try again")


class UnknownProfileError(SeedsError):
    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        super().__init__(f"there is no profile {name!r}; choose one of {', '.join(known)}")


class TooManyPersonsError(SeedsError):
    def __init__(self, persons: int, limit: int) -> None:
        super().__init__(f"{persons} persons do not fit the 999 range of NHS numbers; ask for at most {limit}")


class UnknownColumnError(SeedsError):
    """A trust's view names a column that its schema does not have: a mistake in the code."""

    def __init__(self, table: str, columns: set[str]) -> None:
        super().__init__(f"{table} has no column {', '.join(sorted(columns))}; correct the trust's view or its schema.sql")


class StoppedError(SeedsError):
    """The workload player met an error it cannot go on from."""


class LostError(StoppedError):
    """The server went away while the player was at work."""
