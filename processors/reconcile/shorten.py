"""What an entry may say and still be a message: of a fact whose members together say more, long texts and lists are shown shortened.

What is published must be a function of the assertions alone, and no number of them may end the stream (design.md, promises 1 and 9). The
whole stays where provenance points: in the assertion and the raw message. One assertion alone is never shortened: capture lets through
what fits (`producers.batch.MAX_CONTENT`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mainstem import canonical

MOST = 6_000_000
"""Bytes of an entry's content, and of all its values that lost, each; the rest of a message is for who said it."""
_LONG = 1 << 16
"""Characters of a text, and items of a list, that are tried first; then a quarter, and so on."""


def content(said: dict[str, Any], encoded: bytes) -> tuple[dict[str, Any], bytes, list[str]]:
    """A fact's content that fits, as canonical JSON too, and the fields that are shortened. `encoded`: canonical JSON of `said`."""
    fitting, most = said, _LONG
    while len(encoded) > MOST:
        fitting = {name: _cut(value, most) for name, value in said.items()}
        encoded, most = canonical.encode(fitting), most // 4
    return fitting, encoded, [name for name, value in said.items() if fitting[name] is not value and fitting[name] != value]


def lost(values: Mapping[int, dict[str, bytes]]) -> Mapping[int, dict[str, bytes]]:
    """Values that lost, as canonical JSON, so that all together fit; as they are where they do."""
    fitting, most = values, _LONG
    while _size(fitting.values()) > MOST:
        fitting = {who: {name: canonical.encode(_cut(canonical.decode(value), most)) for name, value in said.items()}
                   for who, said in values.items()}
        most //= 4
    return fitting


def _cut(value: Any, most: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= most else f"{value[:most]}…"
    if isinstance(value, (list, tuple)):
        return [_cut(each, most) for each in value[:most]]
    if isinstance(value, dict):
        return {name: _cut(each, most) for name, each in value.items()}
    return value


def _size(said: Iterable[Mapping[str, bytes]]) -> int:
    return sum(len(value) for values in said for value in values.values())
