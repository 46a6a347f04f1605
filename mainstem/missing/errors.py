"""Why a source could not be compared with its database, or not be mended. Nothing is concluded then."""

from __future__ import annotations


class NotComparedError(RuntimeError):
    """Base of all; the message says what to do."""


class NotHeardError(NotComparedError):
    """What was written into the database's log did not come into the raw topic in time."""

    def __init__(self, connector: str, seconds: float, behind: str) -> None:
        super().__init__(f"connector {connector} did not bring what its database's log says now within {seconds:.0f} s ({behind}): it is "
                         "behind, still reads a snapshot, or reads another database. See `mainstem stack logs connect`, or give more time "
                         "with --wait")
        self.connector, self.behind = connector, behind


class OpenTransactionError(NotComparedError):
    """A transaction of the database stayed open: what it has done may show in the log before it shows in the tables."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"a transaction of the database server stayed open for {seconds:.0f} s (pg_stat_activity, pg_prepared_xacts): "
                         "try again when it has ended, or give more time with --wait")


class IncarnationError(NotComparedError):
    """The mapping counts another incarnation than capture has read anything in."""

    def __init__(self, source: str, declared: int, captured: int) -> None:
        super().__init__(f"the mapping of {source} has incarnation {declared}, and the last that was captured of it is {captured}: start "
                         "capture again with this mapping and have the source read anew (docs/operations.md, Reading a source anew)")
        self.source, self.declared, self.captured = source, declared, captured


class NotSentError(NotComparedError):
    """Some of what is gone was not told of."""

    def __init__(self, topic: str, left: int, why: str) -> None:
        super().__init__(f"{left:,} rows were not told of in {topic} ({why}): run it again")
        self.topic, self.left, self.why = topic, left, why
