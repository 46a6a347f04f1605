"""The format `hl7` of the producers' contract: a raw message is one HL7 v2 message, or a file or batch of several.

Of ADT messages it reads who someone is (`producers.hl7.identity`); nothing else of them, and nothing of other messages.
"""

from __future__ import annotations

import re

from mainstem.model import RawRef
from producers.contract import MAX_ITEMS, SOURCE_HEADER, ItemResult, RawMessage
from producers.hl7.er7 import Message, NotER7Error, parse
from producers.hl7.files import AUTHORITIES_HEADER, SEPARATOR, messages
from producers.hl7.identity import CORRECTION, LEGACY_MERGE, LINK, MERGE, PERSON, UNLINK, Feed, UnidentifiedError, claims, event_of
from producers.hl7.reasons import Reason
from producers.items import Read, ignored, quarantined, taken
from producers.processing import TESTING, Processing
from producers.reasons import Reason as AnyReason

_IDENTITY = PERSON | {MERGE, LEGACY_MERGE, CORRECTION, LINK, UNLINK}
UNREADABLE = "message"
"""Type shown of what is no message."""


class Hl7Format:
    """Reads the messages of one source. The header `mainstem-source` goes before it; `mainstem-authorities` names the CX-4 values
    of the source's own patient numbers; without it every number that is no NHS number, visit or paper counts as the source's.
    `mainstem-processing` says whether the feed is of production or of training."""

    name = "hl7"

    def __init__(self, source: str = "", incarnation: int = 0) -> None:
        self._source, self._incarnation = source, incarnation

    def read(self, message: RawMessage) -> list[ItemResult]:
        source = message.headers.get(SOURCE_HEADER, b"").decode("utf-8", "replace") or self._source
        authorities = message.headers.get(AUTHORITIES_HEADER, b"").decode("utf-8", "replace").split(SEPARATOR)
        feed = Feed(source, frozenset(each for each in authorities if each), self._incarnation, Processing.of(message.headers))
        raw = RawRef(message.topic, message.partition, message.offset)
        return [each.as_result(raw) for each in items(message.value or b"", feed, raw)]


def items(data: bytes, feed: Feed, raw: RawRef) -> list[Read]:
    """Every message in the bytes, `message/2` the second; of a single one the item is empty."""
    found = messages(data)
    if len(found) == 1:
        return [_item("", found[0], feed, raw)]
    if len(found) > MAX_ITEMS:
        return [quarantined("", UNREADABLE, feed.source, Reason.UNREADABLE, f"it holds more than {MAX_ITEMS:,} messages, split it")]
    names = (f"message/{number}" for number in range(1, len(found) + 1))
    return [_item(name, each, feed, RawRef(raw.topic, raw.partition, raw.offset, name)) for name, each in zip(names, found, strict=True)]


def _item(name: str, data: bytes, feed: Feed, raw: RawRef) -> Read:
    """A fault of ours is of the one message in which it shows, not of those around it."""
    try:
        return _read(name, data, feed, raw)
    except Exception as fault:
        return quarantined(name, UNREADABLE, feed.source, AnyReason.READER_FAULT, type(fault).__name__)


def _read(name: str, data: bytes, feed: Feed, raw: RawRef) -> Read:
    try:
        message = parse(data)
    except NotER7Error as fault:
        return quarantined(name, UNREADABLE, feed.source, Reason.UNREADABLE, fault.why)
    kind = _kind(message)
    if feed.processing is Processing.PRODUCTION and (message.head.value(11) or "").upper() in TESTING:
        return ignored(name, kind, feed.source, Reason.NOT_PRODUCTION)
    if (message.head.value(9) or "") != "ADT":
        return ignored(name, kind, feed.source, Reason.NOT_ADT)
    if event_of(message) not in _IDENTITY:
        return ignored(name, kind, feed.source, Reason.OTHER_EVENT)
    if not feed.source:
        return quarantined(name, kind, "", Reason.NO_SOURCE)
    try:
        said = claims(message, feed, raw)
    except UnidentifiedError as fault:
        return quarantined(name, kind, feed.source, Reason.UNIDENTIFIED, fault.why)
    return taken(name, kind, feed.source, tuple(said)) if said else ignored(name, kind, feed.source, Reason.NOTHING_SAID)


def _kind(message: Message) -> str:
    """`ADT^A40`; where MSH-9 holds something else, that is not shown: it may be anything."""
    type_, event = message.head.value(9) or "", event_of(message) or message.head.value(9, 2) or ""
    if not re.fullmatch(r"[A-Z]{3}", type_):
        return "unknown"
    return f"{type_}^{event}" if re.fullmatch(r"[A-Z][A-Z0-9]{2}", event) else type_
