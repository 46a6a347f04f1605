"""What every source format implements: one raw message in, its items' outcomes, assertions and claims out.

A format is pure: no clock, no I/O, and it never raises for what a message holds. A content fault is an item with a
`quarantined`. Every item of a message has exactly one outcome, and every message at least one item.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from mainstem.model import Assertion, Claim
from mainstem.operations import Outcome, Quarantined

FORMAT_HEADER = "mainstem-format"
"""Raw message header that names the format; absent means `debezium`."""
SOURCE_HEADER = "mainstem-source"
"""Raw message header that may name the source, for formats whose messages do not tell it."""
EXPORTED_HEADER = "mainstem-exported"
"""Raw message header that may say when what it holds was exported, for formats whose messages may not tell it: UTC at fixed width, as
positions have it (`2026-11-25T09:30:00.000000Z`)."""


MAX_ITEMS = 250_000
"""Of one message: 64 MiB of resources of 270 bytes each, while small ones have 500. One that holds more is a single item, quarantined:
2.2 million items of 64 MB of gzip would be 12 GB of memory."""


class RawMessage(NamedTuple):
    """One message of a raw topic, as consumed. `timestamp` is the broker's append time in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = {}


class ItemResult(NamedTuple):
    """What became of one item. `quarantined` is set exactly when the outcome's result is `quarantined`."""

    outcome: Outcome
    assertions: tuple[Assertion, ...] = ()
    claims: tuple[Claim, ...] = ()
    quarantined: Quarantined | None = None
    unread: tuple[str, ...] = ()
    """Columns of the row that the mapping does not know, `epr.allergy.refuted_reason`. Nothing of them was taken."""


class Format(Protocol):
    """One source format. An instance serves one source; see `producers.formats` for the registration."""

    name: str

    def read(self, message: RawMessage) -> list[ItemResult]:
        """At least one result; exactly one an item."""
        ...
