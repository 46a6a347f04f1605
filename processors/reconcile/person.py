"""One person's turn in a batch: events in, then which facts they touch. Touches what the events touch and nothing else of the person."""

from __future__ import annotations

from bisect import bisect_left

from mainstem.kinds.facts import Member, Place, Terms
from mainstem.model import Attached, Known, Op, PersonEvent, Status
from processors.keys import pack
from processors.lane.contract import State
from processors.reconcile import layout, resolve
from processors.reconcile.derive import Fact, Group, fact_id, facts, group
from processors.reconcile.entries import number_of
from processors.reconcile.layout import Feed, Gathered, Head, Held
from processors.reconcile.records import Name, Records
from processors.reconcile.rules import ABSENT, MOVED, REGROUPED


class Ceased:
    """A fact that is no more, and why."""

    __slots__ = ("causes", "kind", "places", "rule")

    def __init__(self, kind: str, rule: str, causes: list[Known], places: list[Place]) -> None:
        self.kind, self.rule, self.causes, self.places = kind, rule, causes, places


class Person:
    """`take` each event, then `settle` once; `touched` then holds each touched fact as it is now."""

    def __init__(self, person: str, head: Head, state: State, terms: Terms) -> None:
        self.person = person
        self.head = head
        self.records = Records(person, state)
        self.touched: dict[str, Fact | Ceased] = {}
        self.homes: dict[Place, str] = {}
        """Where each member counted in this batch is now: what a ceased fact names as successor."""
        self.arrived: dict[Name, int] = {}
        """Record -> when the latest of what arrived of it was committed at its source. What a handover brings has not just happened."""
        self.names: dict[Name, None] = {}
        """Records of which something came that may count, in order."""
        self.attached: list[Attached] = []
        self.handovers: dict[str, int] = {}
        """Fact -> epoch of the handover that touched it, for those that one did."""
        self._state = state
        self._terms = terms
        self._manifests: dict[str, list[Known]] = {}
        self._groups: dict[Group, Gathered] = {}
        self._members: dict[Place, Member] = {}
        self._before: dict[Group, dict[str, list[Place]]] = {}
        """Group -> fact -> its members, as they were before the batch."""
        self._gone: dict[Place, tuple[str, list[Known]]] = {}
        """Members that left a shared group, why, and the assertions that say so."""
        self._arriving: dict[str, int] = {}
        """Source patient -> epoch of the handover that brings it."""
        self._moved: dict[Group, int] = {}

    def take(self, event: PersonEvent) -> None:
        feed = self.head.feeds.get(event.subject)
        if event.op in (Op.APPLY, Op.ATTACH):
            if feed is not None and (event.epoch < feed.epoch or (event.epoch == feed.epoch and not feed.live)):
                return
            if feed is None or not feed.live:
                feed = self.head.feeds[event.subject] = Feed(event.epoch)
            feed.epoch = event.epoch
            self._add(event, feed)
            if event.op is Op.ATTACH:
                feed.handover = True
                self._arriving[event.subject] = event.epoch
                if event.last:
                    self.attached.append(Attached(subject=event.subject, person=self.person, epoch=event.epoch))
        elif event.op is Op.DETACH:
            if feed is None or event.epoch >= feed.epoch:
                self._detach(event.subject, event.epoch)
                self.head.feeds[event.subject] = Feed(event.epoch, live=False)
        elif feed is not None and feed.live and event.epoch >= feed.epoch:
            feed.epoch, feed.handover = event.epoch, event.op is Op.LEAVING

    def settle(self) -> None:
        """Work out the touched facts, and write records and groups to state."""
        for subject, arrived in self._manifests.items():
            self.names.update(dict.fromkeys(self.records.relist(subject, arrived)))
        for name in self.names:
            self._count(name)
        for of, gathered in self._groups.items():
            self._regroup(of, gathered)
        self.records.flush()

    def facts(self, of: Group) -> list[Fact]:
        """The facts of a group that the batch has left alone, from state."""
        if of.place is not None:
            return facts(of, [self._member(of.place)], self._terms)
        return facts(of, [self._member(place) for place in self._gathered(of).members], self._terms)

    def _add(self, event: PersonEvent, feed: Feed) -> None:
        subject = event.subject
        for known in event.items:
            a = known.assertion
            feed.last_heard = max(feed.last_heard, known.known)
            if a.kind not in feed.kinds and a.status is Status.ASSERTED:
                feed.kinds = sorted([*feed.kinds, a.kind])
            if a.kind == resolve.MANIFEST:
                self._manifests.setdefault(subject, []).append(known)
            name = (subject, a.record)
            if event.op is Op.APPLY and a.committed is not None:
                self.arrived[name] = max(a.committed, self.arrived.get(name, 0))
            if self.records.add(name, known):
                self.names[name] = None

    def _detach(self, subject: str, epoch: int) -> None:
        for name, held in self.records.drop(subject):
            self.names.pop(name, None)
            for kind, key, item in held.groups:
                self._note(Group(kind, key or "", None if key is not None else Place(*name, item)), epoch)
                self._discount(name, kind, key, item, MOVED.id, [])
        self._manifests.pop(subject, None)

    def _count(self, name: Name) -> None:
        """Count a record's members into their groups, and out of those they have left."""
        held = self.records.get(name)
        winners = self.records.winners(name)
        members = self.records.members(name, winners)
        groups = [group(member, self._terms) for member in members]
        self._carry_number(name, held, members)
        now = [(of.kind, None if of.place else of.key, member.place.item) for of, member in zip(groups, members, strict=True)]
        gone = [row for row in held.groups if row not in now] if now != held.groups else []
        if gone:
            rule, causes = self._why_gone(name, winners, members)
            for kind, key, item in gone:
                self._discount(name, kind, key, item, rule, causes)
        if now != held.groups:
            held.groups = now
            self.records.changed(name)
        for of, member in zip(groups, members, strict=True):
            if name[0] in self._arriving:
                self._note(of, self._arriving[name[0]])
            if of.place is None:
                gathered = self._gathered(of)
                self._members[member.place] = member
                at = bisect_left(gathered.members, member.place)
                if at == len(gathered.members) or gathered.members[at] != member.place:
                    gathered.members.insert(at, member.place)
            else:
                self._found(facts(of, [member], self._terms))

    def _discount(self, name: Name, kind: str, key: str | None, item: str, rule: str, causes: list[Known]) -> None:
        place = Place(*name, item)
        if key is None:
            self.touched[fact_id(Group(kind, "", place), place)] = Ceased(kind, rule, causes, [place])
            return
        of = Group(kind, key)
        gathered = self._gathered(of)
        gathered.members = [member for member in gathered.members if member != place]
        self._gone[place] = rule, causes

    def _regroup(self, of: Group, gathered: Gathered) -> None:
        """A shared group's facts anew from all its members."""
        found = facts(of, [self._member(place) for place in gathered.members], self._terms)
        left = set(gathered.members)
        for before, places in self._before[of].items():
            gone = [self._gone[place] for place in places if place not in left]
            rule = gone[0][0] if len(gone) == len(places) else REGROUPED.id
            self.touched[before] = Ceased(of.kind, rule, [cause for _, causes in gone for cause in causes], places)
        self._found(found)
        if of in self._moved:
            self.handovers |= dict.fromkeys((*gathered.facts, *(fact.fact for fact in found)), self._moved[of])
        gathered.facts = [fact.fact for fact in found]
        gathered.homes = [gathered.facts.index(self.homes[place]) for place in gathered.members] if len(found) > 1 else []
        key = b"g" + pack(self.person, of.kind, of.key)
        if gathered.members:
            self._state.put(key, layout.encode(gathered))
        else:
            self._state.delete(key)

    def _note(self, of: Group, epoch: int) -> None:
        """A handover touches the facts of the group."""
        if of.place is None:
            self._moved[of] = max(epoch, self._moved.get(of, epoch))
        else:
            fact = fact_id(of, of.place)
            self.handovers[fact] = max(epoch, self.handovers.get(fact, epoch))

    def _found(self, found: list[Fact]) -> None:
        for fact in found:
            self.touched[fact.fact] = fact
            for member in fact.members:
                self.homes[member.place] = fact.fact

    def _member(self, place: Place) -> Member:
        if place not in self._members:
            name = (place.subject, place.record)
            for member in self.records.members(name, self.records.winners(name)):
                self._members[member.place] = member
        return self._members[place]

    def _gathered(self, of: Group) -> Gathered:
        if of not in self._groups:
            data = self._state.get(b"g" + pack(self.person, of.kind, of.key))
            gathered = self._groups[of] = Gathered() if data is None else layout.decode_gathered(data)
            self._before[of] = gathered.together()
        return self._groups[of]

    def _carry_number(self, name: Name, held: Held, members: list[Member]) -> None:
        feed = self.head.feeds[name[0]]
        number = next((found for member in members if (found := number_of(member))), None)
        if number:
            feed.numbers[name[1]] = number
        else:
            feed.numbers.pop(name[1], None)

    def _why_gone(self, name: Name, winners: list[Known], members: list[Member]) -> tuple[str, list[Known]]:
        """The rule and the assertions by which something the record said is no more."""
        manifest = self.records.absent_by(name)
        if manifest is not None:
            return ABSENT.id, [manifest]
        return (REGROUPED.id if members else resolve.why_nothing(winners)), winners
