"""CloudEvents headers of what subscribers read: CloudEvents 1.0, Kafka protocol binding, binary content mode (docs/topics.md).

They say nothing of a patient and are a function of the message: written again, it has the same ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

from mainstem.model import Change, Entry
from schemas.codec import FRAMING
from schemas.topics import CHANGES, ENTRIES

Headers = dict[str, bytes]
"""As producers take them. The collector of cycles does not follow what holds texts and bytes only, as it would a list of pairs."""


def _entry(entry: Entry, value: bytes) -> Headers:
    """The id is a digest of all that it says: a broker that lost the end of its log may have a version told again, of other content."""
    told = hashlib.sha256(value[FRAMING:]).hexdigest()[:32].encode()
    return _constant(ENTRIES.name, f"uk.mainstem.entry.{entry.status}") | {"ce_id": told}


def _change(change: Change, _value: bytes) -> Headers:
    return _constant(CHANGES.name, f"uk.mainstem.change.{change.change}") | {"ce_id": change.id.encode()}


HEADERS: dict[str, Callable[[Any, bytes], Headers]] = {ENTRIES.name: _entry, CHANGES.name: _change}
"""Topic -> the headers of a message: of what it says, and that encoded. Those alone that CloudEvents asks for: time and subject are told by
the value and the key, and each header costs (docs/topics.md)."""


@cache
def _constant(topic: str, kind: str) -> Headers:
    return {"ce_specversion": b"1.0", "content-type": b"application/avro", "ce_source": f"urn:mainstem:{topic}".encode(),
            "ce_type": kind.encode()}
