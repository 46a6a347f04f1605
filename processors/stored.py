"""An assertion with its place in the log as a state value: fields by position, since their names would outweigh them."""

from __future__ import annotations

import msgspec

from mainstem.model import Assertion, Known, RawRef, Status


class _Row(msgspec.Struct, array_like=True, frozen=True, gc=False):
    known: int
    partition: int
    offset: int
    source: str
    patient: str
    record: str
    part: str
    kind: str
    status: str
    incarnation: int
    position: str
    content: bytes
    recorded: str | None
    committed: int | None
    raw_topic: str
    raw_partition: int
    raw_offset: int
    raw_item: str
    copied: int | None
    labels: tuple[str, ...]
    key_id: str | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Row).decode
_STATUS = {status.value: status for status in Status}


def dump(known: Known) -> bytes:
    a = known.assertion
    raw = a.raw
    return _encode(_Row(known.known, known.partition, known.offset, a.source, a.patient, a.record, a.part, a.kind, a.status,
                        a.incarnation, a.position, a.content, a.recorded, a.committed, raw.topic, raw.partition, raw.offset, raw.item,
                        a.known, a.labels, a.key_id))


def load(data: bytes) -> Known:
    row = _decode(data)
    assertion = Assertion(
        source=row.source, patient=row.patient, record=row.record, part=row.part, kind=row.kind, status=_STATUS[row.status],
        incarnation=row.incarnation, position=row.position, content=row.content, recorded=row.recorded, committed=row.committed,
        raw=RawRef(row.raw_topic, row.raw_partition, row.raw_offset, row.raw_item), known=row.copied, labels=row.labels, key_id=row.key_id,
    )
    return Known(assertion, row.known, row.partition, row.offset)
