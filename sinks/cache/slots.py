"""Slots of a cluster, and the mark that lies in each of them beside its data.

A mark says which write was the last in its slot. A server keeps the order of its writes, so whatever loses some of them (it comes back
empty or older, a replica takes over before it had all) leaves an older mark, or none.
"""

from __future__ import annotations

from binascii import crc_hqx
from functools import cache

SLOTS = 16384
"""Redis Cluster specification, "Key distribution model"."""
CLEARING = b"clearing"
"""In place of every mark while the cache is being cleared. No writer takes it for a mark of its own."""
_DIGITS = 12
_GENERATION = slice(0, _DIGITS)


def of(key: str) -> int:
    """The slot of a key: of what stands between its braces, where it has any."""
    _, _, rest = key.partition("{")
    tag, closed, _ = rest.partition("}")
    return crc_hqx((tag if closed and tag else key).encode(), 0) % SLOTS


def mark(generation: int, session: int, write: int) -> bytes:
    """Marks compare as bytes, and no two writes leave the same. `generation`: of the data, another one after each rebuild. `session`: of
    the writer. `write`: counts within the session."""
    return b"%012d.%012d.%012d" % (generation, session, write)


def intact(held: bytes | None, least: bytes) -> bool:
    """Whether a slot with this mark holds all that was in it when it was marked `least`."""
    return held is not None and held >= least and held[_GENERATION] == least[_GENERATION]


def session(held: bytes | None) -> int:
    """Of the writer who left this mark; 0 where there is none."""
    return int(held[_DIGITS + 1:2 * _DIGITS + 1]) if held and held != CLEARING else 0


@cache
def keys(prefix: str) -> tuple[str, ...]:
    """For each slot the key of its mark. Found by trying: the tag is the least hexadecimal number that lies there."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < SLOTS:
        found.setdefault(crc_hqx(b"%x" % number, 0) % SLOTS, f"{prefix}{{{number:x}}}")
        number += 1
    return tuple(found[slot] for slot in range(SLOTS))
