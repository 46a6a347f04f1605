"""Large values (TOAST) that an update did not touch, and the database did not send again: what stands in their place, and what they are.

Debezium spells its placeholder in the way of each column's type (`UnchangedToastedPlaceholder` of its PostgreSQL connector).
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final
from uuid import UUID

PLACEHOLDER: Final = "__debezium_unavailable_value"

_BYTES = PLACEHOLDER.encode()
_BASE64 = base64.b64encode(_BYTES).decode()
_HEX = _BYTES.hex()
_UUID = str(UUID(bytes=hashlib.md5(_BYTES, usedforsecurity=False).digest(), version=3))
_SPELLINGS: tuple[Any, ...] = (
    PLACEHOLDER, [PLACEHOLDER],  # text, texts
    _BASE64, [_BASE64], _HEX,  # bytes, several; hex by `binary.handling.mode`
    [*_BYTES], [_UUID],  # integers, UUIDs
    {PLACEHOLDER: PLACEHOLDER}, f'{{"{PLACEHOLDER}":"{PLACEHOLDER}"}}')  # hstore, by `hstore.handling.mode`
_MARKS = (_BYTES, _BASE64.encode(), _HEX.encode(), _UUID.encode(), ",".join(map(str, _BYTES)).encode())


class UnsentError(ValueError):
    """The row before does not hold the value either."""

    def __init__(self, column: str) -> None:
        super().__init__(f"column {column}: a large value was not sent; set REPLICA IDENTITY FULL on the table")
        self.column = column


def any_in(value: bytes) -> bool:
    """Whether the message may hold a placeholder; cheap, since hardly any does."""
    return any(mark in value for mark in _MARKS)


def completed(after: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """The row with what was not sent again taken from the row before. Raises UnsentError.

    A null there is no value, since a null is always sent: the row before holds the columns of an index only."""
    whole = dict(after)
    for column, cell in after.items():
        if cell in _SPELLINGS:
            earlier = (before or {}).get(column)
            if earlier is None or earlier in _SPELLINGS:
                raise UnsentError(column)
            whole[column] = earlier
    return whole
