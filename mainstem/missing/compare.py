"""Which rows are gone from a source's tables without a delete that told of it, and when nothing is concluded from that. Pure.

Compared are the keys that a table held at one moment, in a snapshot taken between two marks in the database's log, with the last word of
the raw topic on each row, which has been read behind the second mark. A row of which the log tells anything since the first mark is left
out: whatever became of it, the log tells. Of every other row the topic's last word was all there was to say at the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from mainstem.verify.trusts import Keys, Word, Words

SHARE = 20
"""One in so many of a table's rows to be told of is many,"""
FEW = 100
"""unless they are no more than so many, and no more than half."""
_MANY = (
    "that is more than goes unseen as a rule: is it the right database, and whole? If these rows are gone for good, run it with "
    "--even-if-many")
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
    """and those of them that the table does not hold: hash of the key, last word;"""
    standing: tuple[tuple[bytes, Word], ...] = ()
    """words of rows, there or not, that nobody took back (`standing.py`)."""
    withheld: str = ""
    """Why nothing is concluded from that, and what to do; empty where it may be."""

    @property
    def taken_back(self) -> tuple[tuple[bytes, Word], ...]:
        """What is to be told of."""
        return (*self.gone, *self.standing)


def compare(words: Words, held: Keys, begun: Begun, unfit: Mapping[str, str],
            standing: Iterable[tuple[tuple[str, bytes], Word]] = ()) -> list[Compared]:
    """By table, in order of name. `held`: the tables' keys at the snapshot; `unfit`: tables from which nothing may be concluded -> why."""
    left: dict[str, list[tuple[bytes, Word]]] = {}
    for (table, key), word in standing:
        left.setdefault(table, []).append((key, word))
    said: dict[str, dict[bytes, Word | None]] = {}
    for (table, key), word in words.items():
        said.setdefault(table, {})[key] = None if _told_since(word, begun) else word
    return [Compared(table, withheld=unfit[table]) if table in unfit else _of_table(
        table, said.get(table, {}), held[table], begun, left.get(table, ()))
            for table in sorted(held.keys() | unfit.keys())]


def withholding_many(found: list[Compared]) -> list[Compared]:
    """Where more is gone than goes unseen as a rule nothing is concluded, of any table: the database may be an old or an empty copy."""
    fit = [each for each in found if not each.withheld]
    if _many(sum(len(each.taken_back) for each in fit), sum(each.captured for each in fit)):
        return [each if each.withheld or not each.taken_back else replace(each, withheld=_MANY) for each in found]
    return [replace(each, withheld=_MANY) if not each.withheld and _many(len(each.taken_back), each.captured) else each for each in found]


def _of_table(table: str, said: Mapping[bytes, Word | None], held: Set[bytes], begun: Begun,
              standing: Iterable[tuple[bytes, Word]]) -> Compared:
    """`said`: last word on each row; None where the log tells of it since the first mark."""
    living = {key: word for key, word in said.items() if word is not None and word.lives}
    gone = tuple(sorted((key, word) for key, word in living.items() if key not in held))
    unknown = sum(key not in living and said.get(key, _DEAD) is not None for key in held)
    stale = sum(key in held and word.version[0] < begun.version[0] for key, word in living.items())
    found = Compared(table, len(living), gone, tuple(sorted(standing)))
    withheld = ""
    if unknown:
        withheld = (f"{unknown:,} rows of the database were never captured, or are named otherwise in the topic: have the table read anew "
                    "(`mainstem stack reread`)")
    elif any(word.version >= begun.version for _, word in gone):
        withheld = ("rows were captured at a later place than the database's log has reached, so that it was restored: raise the mapping's "
                    "incarnation (docs/operations.md, Reading a source anew)")
    elif stale and found.taken_back:  # what is told of now would be later than what another of them says of the same record
        withheld = (f"{stale:,} rows were not captured again since the incarnation was raised: have the table read anew "
                    "(`mainstem stack reread`)")
    return replace(found, withheld=withheld)


def _told_since(word: Word, begun: Begun) -> bool:
    """What was written to the topic since the mark may be of before it: a snapshot's rows, and what was on its way."""
    return word.version > begun.version and word.offset >= begun.ends.get(word.partition, 0)


def _many(missing: int, of: int) -> bool:
    return missing * SHARE > of and (missing > FEW or missing * 2 > of)
