"""A delete that nobody told of, as the row change that Debezium would have sent (docs/decisions/rows-deleted-while-nobody-looked.md)."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from producers import unsent

_DIGITS = 16
_CONNECTOR = "mainstem"
_MARK = b'"connector":"mainstem"'


class Cut(NamedTuple):
    """A moment of a database, as its log has it: that of a message which was written into the log then."""

    position: str
    """As `producers.debezium.position` gives it."""
    lsn: int
    committed: int | None
    """Milliseconds."""


class Last(NamedTuple):
    """The last change that was captured of a row, and where in the raw topic it lies."""

    value: bytes
    position: str
    partition: int
    offset: int


def delete(last: Last, cut: Cut, *, restored: bool) -> bytes:
    """The delete of a row that was not there any more at the cut.

    Nobody knows when it was deleted, so it stands as early as it can: right behind that change, so that it takes back what that said and
    nothing that anybody, even another row of the same record, said later. `restored`: the change is of an earlier incarnation, and all of
    the present one is later. Raises ValueError where the change has no row.
    """
    envelope = orjson.loads(last.value)
    change = envelope.get("payload", envelope)
    source, row = change["source"], change.get("after")
    if not isinstance(row, dict):
        raise ValueError("a change without a row")
    position = behind(last.position, restored=restored)
    before, lsn = int(position[:_DIGITS], 16), int(position[_DIGITS:], 16)
    return orjson.dumps({
        "op": "d", "before": _whole(row, change.get("before")), "after": None,
        "source": {"connector": _CONNECTOR, "name": "mainstem stack missing", "db": source.get("db"), "schema": source["schema"],
                   "table": source["table"], "lsn": lsn, "sequence": orjson.dumps([str(before), str(lsn)]).decode(),
                   "ts_ms": cut.committed, "snapshot": "false"},
        "ts_ms": cut.committed,
        "mainstem": {"last": {"partition": last.partition, "offset": last.offset}, "missing_at": {"lsn": cut.lsn}},
    })


def behind(position: str, *, restored: bool) -> str:
    """Where a delete stands behind a change at a position. Records of the log are more than a byte apart."""
    if restored:
        return "0" * (2 * _DIGITS)
    lsn = position[_DIGITS:]
    return position[:_DIGITS] + (f"{int(lsn, 16) + 1:016X}" if lsn else "0" * _DIGITS)


def stands_for(value: bytes) -> tuple[int, int] | None:
    """Partition and offset of the change that such a delete takes back; None of any other change."""
    if _MARK not in value:
        return None
    try:
        last = orjson.loads(value)["mainstem"]["last"]
        return last["partition"], last["offset"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _whole(row: dict[str, Any], before: Any) -> dict[str, Any]:
    """The row as capture read it."""
    try:
        return unsent.completed(row, before if isinstance(before, dict) else None)
    except unsent.UnsentError:
        return row
