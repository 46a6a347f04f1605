"""Who is who by all claims so far, kept up to date claim by claim, and what one more decision would change. Pure.

It is the linker over state in memory, so what it says is what the stream will do. About 2 KB a source patient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from mainstem import canonical, versions
from mainstem.adjudication.decisions import Moved, made
from mainstem.model import Assignment, Claim, Status, Task
from processors.identity.activated import release_of
from processors.identity.answers import ABOUT_NUMBERS
from processors.identity.evidence import LINKED, NUMBER, PAIR, UNLINKED, Evidence, evidence
from processors.identity.indexes import Indexes
from processors.identity.linker import Linker
from processors.identity.persons import OWN_PERSON, Placed, own_person
from processors.identity.scoring.release import Model, built_in
from processors.identity.scoring.shelf import Opened, only_shipped
from processors.keys import pack
from processors.lane.contract import Received, State
from processors.lane.memory import MemoryState
from processors.lane.overlay import Overlay
from schemas import topics


@dataclass(frozen=True, slots=True)
class Decided:
    """One human decision, as recorded."""

    id: str
    one: str
    other: str
    apart: bool
    undoes: bool
    """It takes an earlier decision about the two back."""
    who: str
    when: str
    why: str
    offset: int
    at: int
    """Append time of its claim, in milliseconds."""
    stands: bool = True
    """False once a later one about the same two has taken its place, or where it took one back."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision not yet recorded, and what it would do."""

    claim: Claim
    moved: tuple[Moved, ...]
    tasks: tuple[Task, ...]
    """Review tasks that would open, change or close."""

    @property
    def seen(self) -> str:
        """Equal for two proposals that would do the same: what a human has seen before confirming."""
        return canonical.digest(canonical.encode([self.claim.ref, self.claim.type, self.claim.status.value, self.moved])).hex()[:16]


class Standing:
    """`Everyone`, kept up to date."""

    def __init__(self, key: bytes, models: Opened = only_shipped) -> None:
        self._key, self._models, self._linker, self._state = key, models, Linker(key), MemoryState()
        self._persons: dict[str, str] = {}
        self._people: defaultdict[str, set[str]] = defaultdict(set)
        self._decisions: dict[str, list[Decided]] = {}
        self._newest: dict[str, Claim] = {}
        self._bearers: defaultdict[str, set[str]] = defaultdict(set)
        """NHS number -> who ever said it of itself."""
        self.model: Model = built_in()
        self._due: tuple[int, Claim] | None = None
        """By which another model release has come into force, not yet taken up."""

    def take(self, claims: Iterable[tuple[int, int, Claim]]) -> None:
        """Offset, append time and claim of each, in the order of the topic; then `settle`."""
        for offset, at, claim in claims:
            if release_of(claim):
                self._due = offset, claim
                continue
            if claim.type in ABOUT_NUMBERS:
                continue  # says nothing of who is who, and there is one of nearly everybody
            self._take(offset, claim)
            if claim.type in (LINKED, UNLINKED):
                self._decide(offset, at, claim)

    def settle(self) -> None:
        """By the model release that came into force last. Raises ReleaseError where that is not at hand; earlier ones need not be."""
        if self._due is not None:
            offset, claim = self._due
            self.model = self._models(release_of(claim))
            self._linker = Linker(self._key, self.model, (claim.ref,))
            self._take(offset, claim)
            self._due = None

    def _take(self, offset: int, claim: Claim) -> None:
        if claim.type == NUMBER:
            self._bears(claim)
        for assignment in self._assigned([(offset, claim)], self._state):
            self._people[self._persons.get(assignment.subject, "")].discard(assignment.subject)
            self._people[assignment.person].add(assignment.subject)
            self._persons[assignment.subject] = assignment.person

    def said(self, subject: str) -> Evidence | None:
        """None where no claim is known of it, and none of others brings it to anybody."""
        if self._state.get(b"e" + pack(subject)) is None and self.where(subject).person == own_person(self._key, subject):
            return None
        return Indexes(self._state).said(subject)

    def view(self) -> Indexes:
        return Indexes(self._state)

    def claims(self, subject: str) -> list[Claim]:
        """Its own claims that count, by type and `ref`."""
        found = (_decode_claim(value) for _, value in self._state.prefix(b"c" + pack(subject)))
        return sorted(found, key=lambda claim: (claim.type, claim.ref))

    def bearers(self, number: str) -> list[str]:
        """Who carries an NHS number, with whatever status and check digit; sorted."""
        view = Indexes(self._state)
        return sorted(subject for subject in self._bearers.get(number, ()) if any(number == each for each, _ in view.said(subject).carried))

    def where(self, subject: str) -> Placed:
        """The reason may become another while the person stays, and is then in no assignment: state has it."""
        found = Indexes(self._state).assigned(subject)
        return Placed(own_person(self._key, subject), OWN_PERSON) if found is None else Placed(found.person, found.reason)

    def members(self, person: str) -> list[str]:
        """Source patients of a person that have claims, or are brought to it by those of others; sorted."""
        return sorted(subject for subject in self._people.get(person, ()) if self.said(subject) is not None)

    def carriers(self, number: str) -> list[str]:
        return sorted(Indexes(self._state).carriers(number))

    def decisions(self) -> Iterator[Decided]:
        """All, the latest first."""
        return iter(sorted((each for found in self._decisions.values() for each in found), key=lambda each: -each.offset))

    def about(self, one: str, other: str) -> list[Decided]:
        """Decisions about two source patients, the latest first."""
        return sorted(self._decisions.get(PAIR.join(sorted((one, other))), ()), key=lambda each: -each.offset)

    def decision(self, id_: str) -> Decided | None:
        return next((each for each in self.decisions() if each.id == id_), None)

    def proposal(self, one: str, other: str, *, apart: bool, who: str, when: str, why: str, undo: bool = False) -> Proposal:
        """Raises NotDecidableError."""
        claim = made(self.said, one, other, apart=apart, who=who, when=when, why=why, undo=undo)
        overlay = Overlay(self._state)
        tasks: list[Task] = []
        moved = [Moved(each.subject, self.where(each.subject).person, each.person, each.reason)
                 for each in self._assigned([(1 << 62, claim)], overlay, tasks.append)]
        return Proposal(claim, tuple(sorted(moved)), tuple(tasks))

    def _assigned(self, claims: list[tuple[int, Claim]], state: State, task: Callable[[Task], object] = lambda _: None,
                  ) -> Iterator[Assignment]:
        batch = [(Received(topics.CLAIMS, 0, offset, 0, None, None), claim) for offset, claim in claims]
        for output in self._linker.process(batch, state):
            if isinstance(output.value, Assignment):
                yield output.value
            elif isinstance(output.value, Task):
                task(output.value)

    def _bears(self, claim: Claim) -> None:
        for number, _ in evidence([claim]).carried:
            self._bearers[number].add(claim.subject)

    def _decide(self, offset: int, at: int, claim: Claim) -> None:
        try:
            body = canonical.decode(claim.body)
        except ValueError:
            return
        other = str(body.get("other") or claim.ref.partition(PAIR)[2])
        name = PAIR.join(sorted((claim.subject, other)))
        held = self._newest.get(name)
        newest = held is None or versions.of_claim(claim) > versions.of_claim(held)
        undoes = claim.status is not Status.ASSERTED
        found = Decided(
            claim.raw.item or f"offset-{offset}", claim.subject, other, claim.type == UNLINKED, undoes, str(body.get("who", "")),
            str(body.get("when", claim.recorded or "")), str(body.get("why", "")), offset, at, newest and not undoes)
        before = self._decisions.get(name, [])
        if any(each.id == found.id for each in before):
            return  # the same claim again
        if newest:
            self._newest[name] = claim
            before = [replace(each, stands=False) for each in before]
        self._decisions[name] = [*before, found]


_decode_claim = msgspec.msgpack.Decoder(Claim).decode
