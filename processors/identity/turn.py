"""One claim's turn in the linker: whom it touches, where they are now, and which review tasks open, change or close.

State beside `indexes`: `t` kind anchor: the open tasks of a source patient, a person or a number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from mainstem import canonical
from mainstem.model import Claim, Task
from processors.identity import claimed
from processors.identity.alike import alike
from processors.identity.answers import ABOUT_NUMBERS, asked
from processors.identity.evidence import NOTHING, Evidence
from processors.identity.indexes import Assigned, Indexes
from processors.identity.layers import Finding
from processors.identity.numbers import CROWD, Numbers
from processors.identity.offers import seeker
from processors.identity.persons import Placed, own_person
from processors.identity.placing import answered, neighbourhood, place
from processors.identity.scoring.blocking import NUMBER
from processors.identity.scoring.score import Scorer
from processors.identity.tasks import CLOSED, of_candidates, of_finding, of_number
from processors.keys import pack
from processors.lane.contract import State

_FINDING, _CANDIDATE, _NUMBER = "finding", "candidate", "number"
_Anchor = tuple[str, str]
"""Kind, and the source patient, person or number that a task is kept with."""


class Turn:
    """Call `moved` first."""

    def __init__(self, indexes: Indexes, numbers: Numbers, state: State, key: bytes, scorer: Scorer, claim: Claim | None,
                 offset: int) -> None:
        """`claim`: None where only the model release has become another. `numbers`: as things stand, of the turn before."""
        self._indexes, self._state, self._key, self._scorer = indexes, state, key, scorer
        self.numbers = numbers
        """As things stand: made anew where the claim changes what they rest on."""
        self._claim, self._subject, self._offset = claim, claim.subject if claim else "", offset
        self._placed: set[str] = set()
        """Whose person was worked out again."""
        self._candidates: set[str] = set()
        """Who may seek otherwise than before; `_keys`: and everyone who seeks by one of these."""
        self._lone: set[str] = set()
        """Whom nothing links, now or before, among those whose person was worked out again."""
        self._keys: set[str] = set()
        self._numbers: set[str] = set()
        """Least names of the numbers touched."""
        self._asked: set[str] = set()
        """Who carries a number of which it is answered for the first time, and that no opt-out stands."""
        self._findings: list[Finding] = []

    def moved(self, *, anew: bool = False) -> list[tuple[str, Placed]]:
        """The source patients whose person the claim changes, or what was answered of their numbers; sorted. `anew`: and everyone else's,
        where it is another under the model release or the rules of now than under those that the state was made with."""
        everyone = list(self._indexes.subjects()) if anew else ()
        for subject in everyone:  # first: what an earlier version kept rests on what was said until now
            self._indexes.reread(subject)
        if anew:
            self._indexes.forget_keys()
            self.numbers = Numbers(self._indexes)
        touched = self._taken()
        touched.update(everyone)
        self._candidates |= touched
        return sorted([*self._place(touched), *self._answered()])

    def _taken(self) -> set[str]:
        """Takes the claim; whose person it may change."""
        subject = self._subject
        if self._claim and self._claim.type in ABOUT_NUMBERS:
            return self._told(self._claim)
        taken = self._indexes.take(self._claim) if self._claim else None
        if taken is None:
            return set()
        before, now = taken
        if before == now and self._indexes.assigned(subject) is not None:
            if now == NOTHING:  # brought to somebody by claims of others, and now there is one of its own, that says nothing
                self._indexes.put(subject, before, now)
            return set()
        touched = {subject}
        touched |= self._left(before, now)
        if self._scorer.model.thresholds.link:
            touched |= self._unsettled_by(before, now)
        named = self._named(before, now)
        worth = {number: self.numbers.of(number) for number in self._doubted(before, now, named)}
        if before.carried != now.carried:
            self._crowding(before, now)
        overrun = {each for each in named if self.numbers.overrun(each)}
        self._indexes.put(subject, before, now)
        if named or before.numbers != now.numbers or before.superseded != now.superseded:
            self.numbers = Numbers(self._indexes)
        for each in named:
            if self.numbers.overrun(each) != (each in overrun):
                touched |= {each, *self._indexes.merging(each), *self._indexes.said(each).replaces}
                touched.update(before.replaces if each == subject else ())
        for number, was in worth.items():
            is_ = self.numbers.of(number)
            self._numbers |= {was.names[0], is_.names[0]}
            if was.names != is_.names:
                names = {*was.names, *is_.names}
                if any(self._indexes.answers(type_, name) for name in names for type_ in ABOUT_NUMBERS):
                    touched |= self._bearing(names)
            if was != is_:
                touched.update(self.numbers.linked(was), self.numbers.linked(is_))
        if _compared(before) != _compared(now):
            self._keys.update(before.candidate_keys, now.candidate_keys)
        return touched

    def _told(self, claim: Claim) -> set[str]:
        """Takes an answer about a number; for whose person something stands now, or no more."""
        if (number := asked(claim)) is None:
            return set()
        before = self.numbers.answered_of(number)
        self._indexes.answer(number, claim)
        now = self.numbers.answered_of(number)
        if now == before:
            return set()
        bearing = self._bearing(self.numbers.called(number))
        if before.opted_out is None and now.opted_out is False:
            self._asked = bearing
            return set()
        return bearing

    def _bearing(self, names: Iterable[str]) -> set[str]:
        return {each for name in names for each in self._indexes.bearing(name)}

    def _crowding(self, before: Evidence, now: Evidence) -> None:
        """Carriers of a number of which one more, or less, makes a crowd are compared otherwise, by whatever key."""
        for key in set(before.candidate_keys) ^ set(now.candidate_keys):
            if key.startswith(NUMBER) and self._on_the_edge(key):
                for carrier in self._indexes.sharing(key, more=1):
                    self._keys.update(self._indexes.said(carrier).candidate_keys)

    def _named(self, before: Evidence, now: Evidence) -> set[str]:
        """Of whom the claim may change whether too many were merged."""
        named = set(before.merged_into) ^ set(now.merged_into)  # also one that it replaces as well: now it is gone itself, or no more
        return named if before.replaces == now.replaces else named | {self._subject, *before.replaces, *now.replaces}

    def tasks(self) -> list[Task]:
        """The tasks that opened, changed or closed."""
        offered = self._seek()
        anchors: set[_Anchor] = {(_FINDING, subject) for subject in self._placed}
        anchors |= {(_CANDIDATE, person) for person in offered} | {(_NUMBER, number) for number in self._numbers}
        found: dict[str, tuple[_Anchor, Task]] = {}
        for finding in self._findings:
            task = of_finding(finding, self._indexes, self._where, self._key)
            found[task.id] = (_FINDING, finding.subjects[0]), task
        for person in offered:
            offer = of_candidates(person, self._indexes, self._indexes, self._where, self._key, self._scorer)
            if offer is not None:
                found[offer.id] = (_CANDIDATE, person), offer
        for number in self._numbers:
            if (doubted := of_number(number, self._indexes, self.numbers, self._key)) is not None:
                found[doubted.id] = (_NUMBER, number), doubted
        tasks = list(self._kept(anchors, found))
        return sorted(tasks, key=lambda task: task.id) if len(tasks) > 1 else tasks

    def _seek(self) -> set[str]:
        """Everyone who may seek otherwise does so; the persons whose task that may change."""
        indexes = self._indexes
        for key in self._keys:
            if indexes.sharing(key, more=1):  # one more: then it has just become too many. So seekers are no more than that
                self._candidates.update(indexes.seeking(key))
        changed: set[str] = set()
        for subject in self._candidates | self._lone:
            person = own_person(self._key, subject)
            before = indexes.seeker(person)
            now = seeker(subject, indexes, self._where, self._key, self._scorer)
            if before is not None or now is not None:
                indexes.seek(person, before, now)
                changed |= {person, *(each.first for each in (before, now) if each is not None and each.first is not None)}
        if not changed:
            return changed
        return changed | {first for person in changed if (found := indexes.seeker(person)) is not None
                          and (first := found.first) is not None}

    def _left(self, before: Evidence, now: Evidence) -> set[str]:
        """Whom the source patient may leave behind. Where it only comes to others, it will be found with them."""
        alike_as_before = not self._scorer.model.thresholds.link or _compared(before) == _compared(now)
        if alike_as_before and (before == NOTHING or all(set(was).issubset(still) for was, still in (
                (before.numbers, now.numbers), (before.decided_about, now.decided_about),
                (before.merged_into, now.merged_into), (before.replaces, now.replaces)) if was)):
            return set()
        return set(neighbourhood(self._subject, self._indexes, self.numbers, alike(self._indexes, self._scorer)))

    def _unsettled_by(self, before: Evidence, now: Evidence) -> set[str]:
        """Who shares a key that may come to say nothing, or something again, with all near them: for linking by likeness."""
        likeness, found = alike(self._indexes, self._scorer), set[str]()
        if before.candidate_keys != now.candidate_keys:
            for key in set(before.candidate_keys) ^ set(now.candidate_keys):
                for other in self._indexes.sharing(key, more=1) if self._on_the_edge(key) else ():
                    if other not in found:
                        found.update(neighbourhood(other, self._indexes, self.numbers, likeness))
        return found

    def _on_the_edge(self, key: str) -> bool:
        """Whether one source patient more, or less, could make the key say nothing, or something again."""
        sharing = self._indexes.sharing(key, more=1)
        if len(sharing) >= claimed.SHARED_BY or len(sharing) < CROWD or not key.startswith(NUMBER):
            return len(sharing) >= claimed.SHARED_BY
        return max(Counter(each.partition("|")[0] for each in sharing).values(), default=0) >= CROWD

    def _doubted(self, before: Evidence, now: Evidence, named: set[str]) -> set[str]:
        """Numbers that the claim may make link others than now: it gives or takes them, has them superseded, or merges who carries them.

        `named`: as `_named` has it."""
        found = set(before.numbers) ^ set(now.numbers)
        for old, new in set(before.superseded) ^ set(now.superseded):  # what it became besides, by others, is now another's too, or no more
            found.update(number for number in (old, new, *self._indexes.successors(old)) if number)
        if named:
            found.update(before.numbers, now.numbers)
        for each in named:
            for one in (each, *self._indexes.merging(each), *self._indexes.said(each).replaces):
                found.update(self._indexes.said(one).numbers)
        return found

    def _place(self, touched: set[str]) -> Iterator[tuple[str, Placed]]:
        by_number, likeness = self.numbers, alike(self._indexes, self._scorer)
        while touched:
            members = neighbourhood(touched.pop(), self._indexes, by_number, likeness)
            touched.difference_update(members)
            self._placed.update(members)
            found = place({one: self._indexes.said(one) for one in members}, by_number, self._key, likeness)
            self._findings += found.findings
            for subject, placed in answered(found.persons, self._indexes, by_number).items():
                if self._assign(subject, placed):
                    yield subject, placed

    def _assign(self, subject: str, placed: Placed) -> bool:
        """Whether it is news. One that is only named by others, and stays a person of its own, needs no assignment, unless one of those is
        of that person too and has it opted out or restricted."""
        held, alone = self._indexes.assigned(subject), own_person(self._key, subject)
        if held is None and subject != self._subject and placed.person == alone and not (placed.opted_out or placed.restricted):
            return False
        was = held or _NOWHERE
        if alone in (was.person, placed.person):
            self._lone.add(subject)
        moved = was.person != placed.person
        news = moved or (was.opted_out, was.restricted) != (placed.opted_out, placed.restricted)
        if news or was.reason != placed.reason:
            epoch = self._offset if news else was.epoch
            self._indexes.assign(subject, Assigned(placed.person, epoch, placed.reason, placed.opted_out, placed.restricted))
            if moved:
                self._keys.update(self._indexes.said(subject).candidate_keys)
        return news

    def _answered(self) -> Iterator[tuple[str, Placed]]:
        """Of those the ones that were not asked about by another number, and whose person is not opted out by another source patient. It is
        nearly everybody's answer, and nobody's person need be worked out for it."""
        for subject in self._asked:
            held = self._indexes.assigned(subject)
            if held is not None and held.opted_out is None:
                self._indexes.assign(subject, held._replace(epoch=self._offset, opted_out=False))
                yield subject, Placed(held.person, held.reason, opted_out=False, restricted=held.restricted)

    def _where(self, subject: str) -> str:
        held = self._indexes.assigned(subject)
        return own_person(self._key, subject) if held is None else held.person

    def _kept(self, anchors: Iterable[_Anchor], found: dict[str, tuple[_Anchor, Task]]) -> Iterator[Task]:
        """What differs from the tasks kept in state; they are kept from now on."""
        now: defaultdict[_Anchor, dict[str, tuple[str, str]]] = defaultdict(dict)
        for anchor, task in found.values():
            now[anchor][task.id] = (canonical.digest(_encode(task)).hex()[:16], task.reason)
        had: dict[str, tuple[str, str]] = {}
        for anchor in anchors:
            key = b"t" + pack(*anchor)
            data = self._state.get(key)
            if data is None and anchor not in now:
                continue
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
    """What offers to others rest on, candidate keys among it."""
    return said.demographics, said.decisions, said.carried


_NOWHERE = Assigned("", -1, "")
_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode_open = msgspec.msgpack.Decoder(dict[str, tuple[str, str]]).decode
