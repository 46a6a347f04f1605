"""Changes of which no later change of the same row took back what they said. Pure.

Capture takes back what a row said before where a change tells the row before, or names the places all the same. Where a row was filed under
another patient while nobody looked, where it was deleted unseen and came again, and where a delete or an update came without the row
before (no REPLICA IDENTITY FULL), what it said of the first patient still stands, and no comparison of keys shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from mainstem.model import Status
from mainstem.operations import Result
from mainstem.verify import trusts
from mainstem.verify.trusts import Begun, Word
from producers.contract import ItemResult, RawMessage
from producers.missing import behind, stands_for

Row = tuple[str, bytes]
"""Table with its schema, and hash of the row's primary key."""


class _Said(NamedTuple):
    word: Word
    places: frozenset[int]
    """Hashes of what it speaks of: places of assertions, and claims."""


def left_standing(messages: Iterable[RawMessage], read: Callable[[RawMessage], list[ItemResult]], incarnations: Begun,
                  now: int) -> list[tuple[Row, Word]]:
    """Of a raw topic from its beginning. `read`: as capture reads; `now`: the incarnation in which it reads what is written now.

    Left out are changes whose delete was told of already (`producers.missing`), and those whose delete would now stand behind a later
    change of the row."""
    said: dict[Row, _Said] = {}
    latest: dict[Row, Word] = {}
    left: list[tuple[Row, Word]] = []
    told: set[tuple[int, int]] = set()
    for message in messages:
        change = trusts.row(message.key, message.value, message.headers)
        if change is None:
            continue
        name, word = change[0], trusts.word(message.topic, (message.partition, message.offset), change, incarnations)
        taken = stands_for(message.value or b"")
        if taken is not None:
            told.add(taken)
        if name in latest and word.version < latest[name].version:
            continue
        latest[name] = word
        [item] = read(message)
        if word.lives and item.outcome.result is Result.QUARANTINED and not item.assertions and not item.claims:
            continue  # nothing was taken of it, nor taken back
        speaks, touches = _places(item)
        before = said.pop(name, None)
        if before is not None and not before.places <= touches:
            left.append((name, before.word))
        if speaks:
            said[name] = _Said(word, speaks)
    return [(name, word) for name, word in left if (word.partition, word.offset) not in told and (
        not latest[name].lives or _behind(word, now) < latest[name].version)]


def _places(item: ItemResult) -> tuple[frozenset[int], frozenset[int]]:
    """Of what it says that it is so, and of all that it says."""
    every = [*((each.status, hash((each.patient, each.record, each.part))) for each in item.assertions),
             *((each.status, hash((each.patient, each.type, each.ref))) for each in item.claims)]
    return frozenset(place for status, place in every if status is Status.ASSERTED), frozenset(place for _, place in every)


def _behind(word: Word, now: int) -> tuple[int, str]:
    return now, behind(word.version[1], restored=word.version[0] < now)
