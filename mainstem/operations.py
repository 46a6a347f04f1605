"""What Mainstem says of its own work: what became of each input item, what could not be taken in, how far each process is, who saw what.

All are frozen and hold no patient content but where a docstring says so. Times are milliseconds since the Unix epoch (UTC).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from mainstem.model import RawRef


class Result(StrEnum):
    ASSERTIONS = "assertions"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one input item."""

    offset: int
    item: str = ""
    result: Result
    reason: str = ""
    """Code from `producers.reasons`; empty for assertions."""
    assertions: int = 0
    claims: int = 0


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """The outcomes of a run of consecutive raw messages of one partition; written with their assertions in one transaction.

    Of a long run there are several in that transaction, and the outcomes of one message may go on in the next."""

    producer: str
    topic: str
    partition: int
    first: int
    last: int
    outcomes: tuple[Outcome, ...]


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An input item that could not be taken in: where it lies, why, and what to do. The raw bytes stay in the raw topic;
    `payload` holds them only where there is no raw topic."""

    stage: str
    raw: RawRef
    source: str
    patient: str | None = None
    reason: str
    detail: str
    """What to do, without patient content."""
    payload: bytes | None = None


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """What a process says once a second of its progress."""

    stage: str
    """`capture`, `linker`, `identity`, `reconcile`, `sink-search`, `sink-analytics`, `sink-cache`."""
    instance: str
    at: int
    processed: int
    published: int
    lag: int
    positions: dict[str, int] = {}
    """`topic/partition` -> next offset to process."""
    lags: dict[str, int] = {}
    """`topic/partition` -> messages of `lag` that lie there. Empty from who does not tell them apart."""
    freshness: tuple[float, ...] = ()
    """Seconds from the source's commit to done here, sampled since the last heartbeat."""
    note: str = ""
    """What it waits for; or `IDLE` and why it takes nothing in; or, in the last one of a process that ends on purpose, `STOPPED` and why.
    No patient content."""


STOPPED = "stopped on purpose: "
IDLE = "stands idle: "
"""At least in part, until somebody helps."""


class View(StrEnum):
    """What of a person was looked at."""

    RECORD = "record"
    """The record as it is, or one of its headings; with the explanation of each entry, in the terminal where it was asked for."""
    WITHDRAWN = "withdrawn"
    """What is no more: digest and known time are of these entries, and the record beside them is an event of its own."""
    AS_KNOWN = "as-known"
    """The record as it was known at a moment."""
    COMPARED = "compared"
    """Likewise, beside another moment's: two events."""
    LISTED = "listed"
    """Among search results: digest and known time are of the record that the live cache held."""
    IDENTITY = "identity"
    """Who a person is made of and why."""
    BLAST_RADIUS = "blast radius"
    """What a wrong join did."""
    NOBODY = "nobody"
    """Somebody was asked for, and nobody was shown: digest and known time are of an empty record."""


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A view of a record: who, what for, and exactly what was seen (digest and known time)."""

    id: str
    at: int
    actor: str
    action: str
    """A `View`."""
    person: str
    """Of `nobody` the id that the NHS number, source patient or person asked for would have; empty where words were asked for."""
    digest: str
    known: int
    purpose: str
    moment: int | None = None
    """Of a past record the moment that was asked for."""
