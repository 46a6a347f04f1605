"""CloudEvents headers of what subscribers read: CloudEvents 1.0, Kafka protocol binding, binary content mode (docs/topics.md).

They say nothing of a patient and are a function of the message: written again, it has the same ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from mainstem.model import Change, Entry
from schemas.codec import FRAMING
from schemas.topics import CHANGES, ENTRIES

Headers = dict[str, bytes]
"""As producers take them. The collector of cycles does not follow what holds texts and bytes only, as it would a list of pairs."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = tuple(f".{each:03d}Z".encode() for each in range(1000))


def _entry(key: bytes, entry: Entry, value: bytes) -> Headers:
    """The id is a digest of all that it says: a broker that lost the end of its log may have a version told again, of other content."""
    told = hashlib.sha256(value[FRAMING:]).hexdigest()[:32].encode()
    return _constant(ENTRIES.name, f"uk.mainstem.entry.{entry.status}") | {"ce_id": told, "ce_subject": key} | _time(entry.known)


def _change(key: bytes, change: Change, _value: bytes) -> Headers:
    constant = _constant(CHANGES.name, f"uk.mainstem.change.{change.change}")
    return constant | {"ce_id": change.id.encode(), "ce_subject": key} | _time(change.known)


HEADERS: dict[str, Callable[[bytes, Any, bytes], Headers]] = {ENTRIES.name: _entry, CHANGES.name: _change}
"""Topic -> the headers of a message: of its key, what it says, and that encoded."""


@cache
def _constant(topic: str, kind: str) -> Headers:
    return {"ce_specversion": b"1.0", "content-type": b"application/avro", "ce_source": f"urn:mainstem:{topic}".encode(),
            "ce_type": kind.encode()}


def _time(ms: int) -> Headers:
    """RFC 3339. None where no calendar has it: it may be left out."""
    seconds, rest = divmod(ms, 1000)
    second = _second(seconds)
    return {"ce_time": second + _MILLISECONDS[rest]} if second else {}


@lru_cache(maxsize=1024)
def _second(seconds: int) -> bytes:
    """What becomes known at one time comes in rows."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00").encode()
    except OverflowError:
        return b""
