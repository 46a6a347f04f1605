"""One person's turn in a batch: events in, then which facts they touch. Touches what the events touch and nothing else of the person."""

from __future__ import annotations

from mainstem.kinds.facts import Member, Place, Terms
from mainstem.model import Known, Status
from mainstem.person_events import Attached, Op, PersonEvent
from processors.keys import pack
from processors.lane.contract import State
from processors.reconcile import resolve
from processors.reconcile.derive import Group, group
from processors.reconcile.edition import derived_by
from processors.reconcile.entries import labels_of_person, number_of
from processors.reconcile.groups import Groups
from processors.reconcile.in_hand import Record
from processors.reconcile.layout import Feed, Head
from processors.reconcile.records import Records
from processors.reconcile.rules import ABSENT, MOVED, REGROUPED

LET_GO = 10_000
"""Assertions of a handover that one transaction lets go, or those of one record, however many they are. The rest follows in the next
ones, and others need not wait for it."""


class Person:
    """`take` each event, then `settle` once; `groups` then hold each touched fact as it is now."""

    def __init__(self, person: str, head: Head, state: State, terms: Terms) -> None:
        self.person = person
        self.key = pack(person)
        """What its keys in state begin with, after their letter."""
        self.head = head
        self.records = Records(self.key, head.feeds, state)
        self.anew = head.release != derived_by(terms)
        """Whether its facts were derived with other rules or another terminology than now."""
        self.groups = Groups(self.key, state, self.records, terms, anew=self.anew)
        self.attached: list[Attached] = []
        self.leaving: list[PersonEvent] = []
        """Detaches that are not done: to be sent again, to the same person."""
        self.labels = head.labels
        """Those that hold for each of its entries; as of before the batch until `settle`."""
        self._terms = terms
        self._manifests: dict[str, list[Known]] = {}
        self._arriving: dict[str, int] = {}
        """Source patient -> epoch of the handover that brings it."""
        self._moved: int | None = None
        """The latest epoch of a handover in this turn."""

    def take(self, event: PersonEvent) -> None:
        feed = self.head.feeds.get(event.subject)
        if event.op is Op.APPLY or event.op is Op.ATTACH:
            if feed is not None and (event.epoch < feed.epoch or (event.epoch == feed.epoch and not feed.live)):
                return
            if feed is None or not feed.live:
                feed = self.head.feeds[event.subject] = Feed(event.epoch)
            feed.epoch, feed.opted_out, feed.restricted = event.epoch, event.opted_out, event.restricted
            self._add(event, feed)
            if event.op is Op.ATTACH:
                feed.handover, self._moved = True, max(event.epoch, self._moved or 0)
                self._arriving[event.subject] = event.epoch
                if event.last:
                    self.attached.append(Attached(subject=event.subject, person=self.person, epoch=event.epoch))
        elif event.op is Op.DETACH:
            if feed is None or event.epoch >= feed.epoch:
                self._detach(event, feed)
        elif feed is not None and feed.live and event.epoch >= feed.epoch:
            feed.epoch, feed.handover = event.epoch, event.op is Op.LEAVING
            feed.opted_out, feed.restricted = event.opted_out, event.restricted

    def settle(self) -> None:
        """Work out the touched facts, and write records and groups to state."""
        for subject, arrived in self._manifests.items():
            self.head.feeds[subject].partial = self.records.partial(subject, arrived)
            for record in self.records.relist(subject, arrived):
                record.came = True
        for record in self.records.spoken_for_anew():
            record.came = True
        for record in list(self.records.in_hand.values()):
            if record.came:
                self._count(record)
        if self.head.labels != self.labels:
            self._label()
        self.groups.settle()
        self.records.flush()

    def every(self) -> list[Record]:
        """Every record of it, read from state."""
        return [record for subject, feed in self.head.feeds.items() if feed.live for record in self.records.of(subject)]

    def _label(self) -> None:
        """Labels of the person are others: each of its entries is news, whatever it says. Where a handover did it, it is named."""
        self.labels = self.head.labels
        self.groups.anew = True
        for record in self.every() if self.head.entries else ():
            if not record.came:
                self._count(record, self._moved)

    def _add(self, event: PersonEvent, feed: Feed) -> None:
        subject, records, arriving = event.subject, self.records, event.op is Op.APPLY
        feed.last_heard = max([feed.last_heard, *[known.known for known in event.items]])
        for known in event.items:
            a = known.assertion
            if a.kind not in feed.kinds and a.status is Status.ASSERTED:
                feed.kinds = sorted([*feed.kinds, a.kind])
            if a.kind == resolve.MANIFEST:
                self._manifests.setdefault(subject, []).append(known)
            record = records.in_hand[subject, a.record]
            if arriving and a.committed is not None:
                record.committed = max(a.committed, record.committed or 0)
            if records.add(record, known):
                record.came = True

    def _detach(self, event: PersonEvent, feed: Feed | None) -> None:
        self._moved = max(event.epoch, self._moved or 0)
        dropped, whole = self.records.drop(event.subject, LET_GO)
        for name, groups in dropped:
            for kind, key, item in groups:
                place = Place(*name, item)
                self.groups.note(Group(kind, key or "", None if key is not None else place), event.epoch)
                self.groups.leave(kind, key, place, MOVED.id, [])
        self._manifests.pop(event.subject, None)
        if whole or feed is None:
            self.head.feeds[event.subject] = Feed(event.epoch, live=False)
            self.attached.append(Attached(subject=event.subject, person=self.person, epoch=event.epoch))
        else:
            feed.epoch, feed.handover = event.epoch, True
            self.leaving.append(event)

    def _count(self, record: Record, handover: int | None = None) -> None:
        """Count a record's members into their groups, and out of those they have left. `handover`: that has it counted."""
        winners = self.records.winners(record)
        members = self.records.members(record, winners)
        self._carry(record, members)
        held = record.held
        handover = self._arriving.get(record.name[0], handover)
        now: list[tuple[str, str | None, str]] = []
        for member in members:
            of = group(member, self._terms)
            if handover is not None:
                self.groups.note(of, handover)
            self.groups.join(of, member)
            now.append((of.kind, of.key if of.place is None else None, member.place.item))
        if now != held.groups:
            gone = [row for row in held.groups if row not in now]
            if gone:
                rule, causes = self._why_gone(record, winners, members)
                for kind, key, item in gone:
                    self.groups.leave(kind, key, Place(*record.name, item), rule, causes)
            held.groups = now
            record.dirty = True

    def _carry(self, record: Record, members: list[Member]) -> None:
        """What a patient record says of the person as a whole: number and labels."""
        subject, name = record.name
        feed = self.head.feeds[subject]
        patients = [member for member in members if member.kind == "patient"]
        if not patients and name not in feed.numbers and name not in feed.labels:
            return
        number, labels = None, list[str]()
        for member in patients:
            number = number or number_of(member)
            labels += labels_of_person(member)
        if number:
            feed.numbers[name] = number
        elif feed.numbers:
            feed.numbers.pop(name, None)
        if labels:
            feed.labels[name] = labels
        elif feed.labels:
            feed.labels.pop(name, None)

    def _why_gone(self, record: Record, winners: list[Known], members: list[Member]) -> tuple[str, list[Known]]:
        """The rule and the assertions by which something the record said is no more."""
        manifest = self.records.absent_by(record)
        if manifest is not None:
            return ABSENT.id, [manifest]
        return (REGROUPED.id if members else resolve.why_nothing(winners)), winners
