"""One claim's turn in the linker: whom it touches, where they are now, and which review tasks open, change or close.

State beside `indexes`: `a` subject: person, epoch, reason. `t` kind anchor: the open tasks kept with a source patient or a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from mainstem import canonical
from mainstem.model import Claim, Task
from processors.identity.claimed import SHARED_BY
from processors.identity.evidence import Evidence
from processors.identity.indexes import Indexes
from processors.identity.numbers import Numbers
from processors.identity.persons import OWN_PERSON, Placed, own_person
from processors.identity.placing import Finding, neighbourhood, place
from processors.identity.tasks import CLOSED, UNLINKED, of_candidate, of_finding, of_number
from processors.keys import pack
from processors.lane.contract import State

_FINDING, _CANDIDATE, _NUMBER = "finding", "candidate", "number"
_Anchor = tuple[str, str]
"""Kind, and the source patient or number that a task is kept with."""


class Turn:
    """Call `moved` first."""

    def __init__(self, indexes: Indexes, state: State, key: bytes, claim: Claim, offset: int) -> None:
        self._indexes, self._state, self._key, self._claim, self._offset = indexes, state, key, claim, offset
        self._placed: set[str] = set()
        """Whose person was worked out again."""
        self._candidates: set[str] = set()
        """Who may be offered others, or be offered to them, otherwise than before; `_keys`: and everyone who shares one of these."""
        self._keys: set[str] = set()
        self._numbers: set[str] = set()
        """Least names of the numbers touched."""
        self._findings: list[Finding] = []

    def moved(self) -> list[tuple[str, Placed]]:
        """The source patients whose person the claim changes, sorted."""
        subject = self._claim.subject
        taken = self._indexes.take(self._claim)
        if taken is None:
            return []
        before, now = taken
        if before == now and self._state.get(b"a" + pack(subject)) is not None:
            return []
        touched = {subject} | self._left(before, now)
        usable = self._changing(before, now, touched)
        self._indexes.put(subject, before, now)
        for number, was in self._changing(before, now, touched).items():
            if usable[number] != was:
                touched.update(Numbers(self._indexes).carriers(number))
        if _compared(before) != _compared(now):
            self._keys.update(before.candidate_keys, now.candidate_keys)
        moved = sorted(self._place(touched))
        self._candidates |= {subject}
        return moved

    def tasks(self) -> list[Task]:
        """The tasks that opened, changed or closed."""
        for key in self._keys:
            sharing = self._indexes.sharing(key, SHARED_BY + 1)  # one more: then it has just become too many
            self._candidates.update(each for each in sharing if self._where(each).reason in UNLINKED)
        anchors: set[_Anchor] = {(_FINDING, subject) for subject in self._placed}
        anchors |= {(_CANDIDATE, subject) for subject in self._candidates} | {(_NUMBER, number) for number in self._numbers}
        found: dict[str, tuple[_Anchor, Task]] = {}
        for finding in self._findings:
            task = of_finding(finding, self._indexes, self._where, self._key)
            found[task.id] = (_FINDING, finding.subjects[0]), task
        for subject in self._candidates:
            if (offered := of_candidate(subject, self._indexes, self._where, self._key)) is not None:
                found[offered.id] = (_CANDIDATE, subject), offered
        numbers = Numbers(self._indexes)
        for number in self._numbers:
            if (doubted := of_number(number, self._indexes, numbers, self._key)) is not None:
                found[doubted.id] = (_NUMBER, number), doubted
        return sorted(self._kept(anchors, found), key=lambda task: task.id)

    def _left(self, before: Evidence, now: Evidence) -> set[str]:
        """Whom the source patient may leave behind. Where it only comes to others, it will be found with them."""
        if set(before.numbers) <= set(now.numbers) and before.pointed_at <= now.pointed_at:
            return set()
        return set(neighbourhood(self._claim.subject, self._indexes, Numbers(self._indexes)))

    def _changing(self, before: Evidence, now: Evidence, touched: set[str]) -> dict[str, bool]:
        """The numbers that the claim gives or takes, and whether each links anybody as things stand.

        Carriers of superseded ones are touched."""
        numbers = Numbers(self._indexes)
        for superseded in set(before.superseded) ^ set(now.superseded):
            for number in filter(None, superseded):
                self._numbers.add(numbers.of(number).names[0])
                touched.update(numbers.carriers(number))
        changing = set(before.numbers) ^ set(now.numbers)
        self._numbers.update(numbers.of(number).names[0] for number in changing)
        return {number: numbers.of(number).usable is not None for number in changing}

    def _place(self, touched: set[str]) -> Iterator[tuple[str, Placed]]:
        numbers = Numbers(self._indexes)
        while touched:
            members = neighbourhood(touched.pop(), self._indexes, numbers)
            touched.difference_update(members)
            self._placed.update(members)
            found = place({one: self._indexes.said(one) for one in members}, numbers, self._key)
            self._findings += found.findings
            for subject, placed in found.persons.items():
                if self._assign(subject, placed):
                    yield subject, placed

    def _assign(self, subject: str, placed: Placed) -> bool:
        """Whether it is news. One that is only named by others, and stays a person of its own, needs no assignment."""
        key = b"a" + pack(subject)
        data = self._state.get(key)
        if data is None and subject != self._claim.subject and placed.person == own_person(self._key, subject):
            return False
        person, epoch, reason = ("", -1, "") if data is None else _decode_assigned(data)
        news = person != placed.person
        if news or reason != placed.reason:
            self._state.put(key, _encode((placed.person, self._offset if news else epoch, placed.reason)))
            self._candidates.add(subject)
            self._keys.update(self._indexes.said(subject).candidate_keys)
        return news

    def _where(self, subject: str) -> Placed:
        data = self._state.get(b"a" + pack(subject))
        if data is None:
            return Placed(own_person(self._key, subject), OWN_PERSON)
        person, _, reason = _decode_assigned(data)
        return Placed(person, reason)

    def _kept(self, anchors: Iterable[_Anchor], found: dict[str, tuple[_Anchor, Task]]) -> Iterator[Task]:
        """What differs from the tasks kept in state; they are kept from now on."""
        now: defaultdict[_Anchor, dict[str, tuple[str, str]]] = defaultdict(dict)
        for anchor, task in found.values():
            now[anchor][task.id] = (canonical.digest(_encode(task)).hex()[:16], task.reason)
        had: dict[str, tuple[str, str]] = {}
        for anchor in anchors:
            key = b"t" + pack(*anchor)
            data = self._state.get(key)
            before = {} if data is None else _decode_open(data)
            had |= before
            if before != now[anchor]:
                if now[anchor]:
                    self._state.put(key, _encode(now[anchor]))
                else:
                    self._state.delete(key)
        for anchor, task in found.values():
            if had.get(task.id) != now[anchor][task.id]:
                yield msgspec.structs.replace(task, epoch=self._offset)
        for task_id, (_, reason) in had.items():
            if task_id not in found:
                yield Task(id=task_id, status=CLOSED, reason=reason, subjects=(), persons=(), epoch=self._offset)


def _compared(said: Evidence) -> tuple[object, ...]:
    """What offers to others rest on."""
    return said.candidate_keys, said.demographics, said.decisions, said.carried


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode_assigned = msgspec.msgpack.Decoder(tuple[str, int, str]).decode
_decode_open = msgspec.msgpack.Decoder(dict[str, tuple[str, str]]).decode
