"""Which rows are gone from a source's tables without a delete that told of it. Pure.

Compared are the keys that a table held at one moment, in a snapshot taken between two marks in the database's log, with the last word of
the raw topic on each row, which has been read behind the second mark. A row of which the log tells anything since the first mark is left
out: whatever became of it, the log tells. Of every other row the topic's last word was all there was to say at the snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from mainstem.verify.trusts import Keys, Word, Words

SHARE = 20
"""One row in so many that a table lost is many,"""
FEW = 100
"""unless it lost no more than so many, and no more than half."""
_DEAD = Word((0, ""), False, 0, 0)


class Begun(NamedTuple):
    """The first mark."""

    version: tuple[int, str]
    """Incarnation in which capture reads now, and the mark's position."""
    ends: Mapping[int, int]
    """Partition of the raw topic -> offset from which on nothing was written before the mark was."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found of one table."""

    table: str
    captured: int = 0
    """Rows that live by the topic's last word on them,"""
    gone: tuple[tuple[bytes, Word], ...] = ()
    """and those of them that the table does not hold: hash of the key, last word."""
    withheld: str = ""
    """Why nothing is concluded from that, and what to do; empty where it may be."""

    @property
    def missing(self) -> int:
        return len(self.gone)


def compare(words: Words, held: Keys, begun: Begun, unfit: Mapping[str, str]) -> list[Compared]:
    """By table, in order of name. `held`: the tables' keys at the snapshot; `unfit`: tables from which nothing may be concluded -> why."""
    said: dict[str, dict[bytes, Word | None]] = {}
    for (table, key), word in words.items():
        said.setdefault(table, {})[key] = None if _told_since(word, begun) else word
    return [Compared(table, withheld=unfit[table]) if table in unfit else _of_table(table, said.get(table, {}), held[table], begun)
            for table in sorted(held.keys() | unfit.keys())]


def withholding_many(found: list[Compared]) -> list[Compared]:
    """Where more is gone than goes unseen as a rule nothing is concluded, of any table: the database may be an old or an empty copy."""
    fit = [each for each in found if not each.withheld]
    if _many(sum(each.missing for each in fit), sum(each.captured for each in fit)):
        return [each if each.withheld or not each.gone else replace(each, withheld=_MANY) for each in found]
    return [replace(each, withheld=_MANY) if not each.withheld and _many(each.missing, each.captured) else each for each in found]


_MANY = (
    "that is more than goes unseen as a rule: is it the right database, and whole? If these rows are gone for good, run it with "
    "--even-if-many")


def _of_table(table: str, said: Mapping[bytes, Word | None], held: Set[bytes], begun: Begun) -> Compared:
    """`said`: last word on each row; None where the log tells of it since the first mark."""
    living = {key: word for key, word in said.items() if word is not None and word.lives}
    gone = tuple(sorted((key, word) for key, word in living.items() if key not in held))
    unknown = sum(key not in living and said.get(key, _DEAD) is not None for key in held)
    withheld = ""
    if unknown:
        withheld = (f"{unknown:,} rows of the database were never captured, or are named otherwise in the topic: have the table read anew "
                    "(`mainstem stack reread`)")
    elif any(word.version >= begun.version for _, word in gone):
        withheld = ("rows were captured at a later place than the database's log has reached, so that it was restored: raise the mapping's "
                    "incarnation (docs/operations.md, Reading a source anew)")
    return Compared(table, len(living), gone, withheld)


def _told_since(word: Word, begun: Begun) -> bool:
    return word.version > begun.version and word.offset >= begun.ends.get(word.partition, 0)


def _many(missing: int, of: int) -> bool:
    return missing * SHARE > of and (missing > FEW or missing * 2 > of)
