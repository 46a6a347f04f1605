"""Deriving every person of a partition anew when another release comes into force: in slices, between other work.

A `derive` event goes through a partition's persons in the order of their ids; each slice ends by sending the next one to its own partition,
in the transaction that commits the slice, so that nothing has to be remembered and nothing is lost. A person that is touched before
its turn comes is derived anew then: `release` in its head tells.
"""

from __future__ import annotations

from collections.abc import Callable

from mainstem.person_events import Op, PersonEvent
from processors.keys import pack, unpack
from processors.lane.contract import Output, State
from processors.reconcile import layout
from processors.reconcile.person import Person
from schemas import topics

SCANNED = 2_000
"""Persons looked at in a slice."""
RECORDS = 2_000
"""Records counted anew in a slice, or one person's, however many those are."""


def recount(person: Person) -> int:
    """Have every record of the person counted anew in this turn; how many there are."""
    records = person.every()
    for record in records:
        record.came = True
    return len(records)


def slice_of(event: PersonEvent, release: str, state: State, derive: Callable[[str, bytes], tuple[int, list[Output]]]) -> list[Output]:
    """Derives the next persons anew, and says where to go on. `derive`: a person and its head as stored -> records counted, outputs."""
    key = layout.head_key(pack(event.person)) if event.person else b"h"
    outputs: list[Output] = []
    records = scanned = 0
    while scanned < SCANNED and records < RECORDS:
        found = state.after(key, b"h")
        if found is None:
            return outputs
        key, data = found
        scanned += 1
        if layout.decode_head(data).release != release:
            counted, said = derive(_person(key), data)
            records += counted
            outputs += said
    last = _person(key)
    rest = PersonEvent(op=Op.DERIVE, person=last, subject=event.subject, epoch=event.epoch)
    return [*outputs, Output(topics.PERSON_EVENTS, last.encode(), rest, last)]


def _person(key: bytes) -> str:
    return unpack(key[1:])[0]
