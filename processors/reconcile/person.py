"""One person's turn in a batch: events in, then which facts they touch. Touches what the events touch and nothing else of the person."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from mainstem.kinds.facts import Member, Place, Terms
from mainstem.model import Attached, Known, Op, PersonEvent, Status
from processors.keys import pack
from processors.lane.contract import State
from processors.reconcile import layout, resolve
from processors.reconcile.crowd import LIMIT, Cast, Changed, Crowd
from processors.reconcile.derive import Fact, Group, fact_id, facts, group
from processors.reconcile.entries import number_of
from processors.reconcile.layout import Feed, Gathered, Head
from processors.reconcile.records import Record, Records
from processors.reconcile.rules import ABSENT, MOVED, REGROUPED


class Ceased(NamedTuple):
    """A fact that is no more, and why."""

    kind: str
    rule: str
    causes: list[Known]
    places: list[Place]


class Moves:
    """Members that came to a shared group, or spoke in it again, and members that left it."""

    __slots__ = ("epoch", "joined", "key", "left")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.epoch = -1
        """Of the latest handover that touched it."""
        self.joined: dict[Place, Member] = {}
        self.left: dict[Place, tuple[str, list[Known]]] = {}
        """With the rule and the assertions by which they did."""


class Person:
    """`take` each event, then `settle` once; `touched` then holds each touched fact as it is now."""

    def __init__(self, person: str, head: Head, state: State, terms: Terms) -> None:
        self.person = person
        self.head = head
        self.records = Records(person, state)
        self._moves: dict[Group, Moves] = {}
        self.touched: dict[str, Fact | Ceased] = {}
        self.homes: dict[Place, str] = {}
        """Where each member counted in this batch is now: what a ceased fact names as successor."""
        self.attached: list[Attached] = []
        self.handovers: dict[str, int] = {}
        """Fact -> epoch of the handover that touched it, for those that one did."""
        self._state = state
        self._terms = terms
        self._prefix = pack(person)
        self._anew = head.release != terms.release
        self._manifests: dict[str, list[Known]] = {}
        self._arriving: dict[str, int] = {}
        """Source patient -> epoch of the handover that brings it."""

    def take(self, event: PersonEvent) -> None:
        feed = self.head.feeds.get(event.subject)
        if event.op is Op.APPLY or event.op is Op.ATTACH:
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
            for record in self.records.relist(subject, arrived):
                record.came = True
        for record in list(self.records.in_hand.values()):
            if record.came:
                self._count(record)
        held = self._state.multi_get([moves.key for moves in self._moves.values()])
        for (of, moves), data in zip(self._moves.items(), held, strict=True):
            self._regroup(of, moves, Gathered() if data is None else layout.decode_gathered(data))
        self.records.flush()

    def fact(self, of: Group, name: str) -> Fact:
        """A fact of a group that the batch has left alone, from state."""
        if of.place is not None:
            return facts(of, self._members([of.place]), self._terms)[0]
        gathered = layout.decode_gathered(self._state.get(self._group_key(of)) or b"")
        if gathered.stems:
            return self._crowd(of, gathered, {}).fact(name)
        return next(one for one in facts(of, self._members(gathered.members), self._terms) if one.fact == name)

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

    def _detach(self, subject: str, epoch: int) -> None:
        for record in self.records.drop(subject):
            for kind, key, item in record.held.groups:
                self._note(Group(kind, key or "", None if key is not None else Place(*record.name, item)), epoch)
                self._discount(record, kind, key, item, MOVED.id, [])
        self._manifests.pop(subject, None)

    def _count(self, record: Record) -> None:
        """Count a record's members into their groups, and out of those they have left."""
        winners = self.records.winners(record)
        members = self.records.members(record, winners)
        self._carry_number(record, members)
        held = record.held
        arriving = self._arriving.get(record.name[0])
        now: list[tuple[str, str | None, str]] = []
        for member in members:
            of = group(member, self._terms)
            if arriving is not None:
                self._note(of, arriving)
            if of.place is None:
                now.append((of.kind, of.key, member.place.item))
                self._moves_of(of).joined[member.place] = member
            else:
                now.append((of.kind, None, member.place.item))
                self._found(facts(of, [member], self._terms))
        if now != held.groups:
            gone = [row for row in held.groups if row not in now]
            if gone:
                rule, causes = self._why_gone(record, winners, members)
                for kind, key, item in gone:
                    self._discount(record, kind, key, item, rule, causes)
            held.groups = now
            record.dirty = True

    def _discount(self, record: Record, kind: str, key: str | None, item: str, rule: str, causes: list[Known]) -> None:
        place = Place(*record.name, item)
        if key is None:
            self.touched[fact_id(Group(kind, "", place), place)] = Ceased(kind, rule, causes, [place])
        else:
            self._moves_of(Group(kind, key)).left[place] = rule, causes

    def _regroup(self, of: Group, moves: Moves, gathered: Gathered) -> None:
        if gathered.stems:
            self._recrowd(of, moves, gathered)
            return
        before: dict[str, list[Place]] = {}
        places, others = set(moves.joined), []
        if gathered.members:
            before = gathered.together()
            stay = [place for place in gathered.members if place not in moves.left]
            others = self._members([place for place in stay if place not in moves.joined])
            places.update(stay)
        if len(places) > LIMIT:
            self._crowd_up(of, moves, before, [*moves.joined.values(), *others])
            return
        found = facts(of, [*moves.joined.values(), *others], self._terms)
        self._cease(of, moves, before, places)
        self._found(found)
        self._handed_over(moves, (*gathered.facts, *(fact.fact for fact in found)))
        if not found:
            self._state.delete(moves.key)
            return
        after = Gathered(sorted(places), [fact.fact for fact in found])
        if len(found) > 1:
            number = {fact: at for at, fact in enumerate(after.facts)}
            after.homes = [number[self.homes[place]] for place in after.members]
        if after != gathered:
            self._state.put(moves.key, layout.encode(after))

    def _cease(self, of: Group, moves: Moves, before: Mapping[str, list[Place]], left: Container[Place]) -> None:
        """Have all facts of a group cease, those that go on to be found anew. `left`: the members that there still are."""
        for fact, together in before.items():
            gone = [moves.left[place] for place in together if place not in left]
            rule = gone[0][0] if len(gone) == len(together) else REGROUPED.id
            self.touched[fact] = Ceased(of.kind, rule, [cause for _, causes in gone for cause in causes], together)

    def _crowd_up(self, of: Group, moves: Moves, before: Mapping[str, list[Place]], members: list[Member]) -> None:
        """A group that has become a crowded one."""
        joined = {member.place: member for member in members}
        crowd = self._crowd(of, Gathered(), joined)
        changed = crowd.change(joined, (), anew=False)
        self._cease(of, moves, before, joined)
        self._crowded(moves, crowd, changed)

    def _recrowd(self, of: Group, moves: Moves, gathered: Gathered) -> None:
        """A crowded group, of which only the facts that its members' coming and going changes are looked at."""
        crowd = self._crowd(of, gathered, moves.joined)
        changed = crowd.change(moves.joined, moves.left, anew=self._anew)
        for whole, parted in changed.ceased:
            gone = [moves.left[place] for place in parted]
            rule = gone[0][0] if len(gone) == whole.run.members else REGROUPED.id
            self.touched[whole.fact] = Ceased(of.kind, rule, [cause for _, causes in gone for cause in causes],
                                              sorted({*whole.matters, *parted}))
        self._crowded(moves, crowd, changed)
        if crowd.members <= LIMIT:
            self._shrink(of, moves, crowd, changed)

    def _crowded(self, moves: Moves, crowd: Crowd, changed: Changed) -> None:
        self._found(changed.facts)
        self.homes |= changed.homes
        self._handed_over(moves, (*(whole.fact for whole, _ in changed.ceased), *(fact.fact for fact in changed.facts)))
        self._state.put(moves.key, layout.encode(crowd.gathered()))

    def _shrink(self, of: Group, moves: Moves, crowd: Crowd, changed: Changed) -> None:
        """A group that is no longer a crowded one."""
        homes = crowd.places()
        crowd.dissolve()
        found = facts(of, self._members(list(homes)), self._terms)
        touched = {fact.fact for fact in changed.facts}
        self._found([fact for fact in found if fact.fact in touched])
        if not homes:
            self._state.delete(moves.key)
            return
        after = Gathered(sorted(homes), [fact.fact for fact in found])
        if len(found) > 1:
            after.homes = [after.facts.index(homes[place]) for place in after.members]
        self._state.put(moves.key, layout.encode(after))

    def _handed_over(self, moves: Moves, names: Iterable[str]) -> None:
        if moves.epoch >= 0:
            self.handovers |= dict.fromkeys(names, moves.epoch)

    def _crowd(self, of: Group, gathered: Gathered, joined: Mapping[Place, Member]) -> Crowd:
        cast = Cast(of, joined, self._members, self._terms)
        return Crowd(of, self._prefix + pack(of.kind, of.key), gathered, self._state, cast, self._terms)

    def _found(self, found: list[Fact]) -> None:
        for fact in found:
            self.touched[fact.fact] = fact
            for member in fact.members:
                self.homes[member.place] = fact.fact

    def _members(self, places: list[Place]) -> list[Member]:
        """What stands at these places, read from state as far as it is not in hand."""
        if not places:
            return []
        names = list(dict.fromkeys([place[:2] for place in places]))
        self.records.preload(names)
        self.records.load_winners([self.records.in_hand[name] for name in names])
        wanted = set(places)
        return [member for name in names for record in [self.records.in_hand[name]]
                for member in self.records.members(record, self.records.winners(record)) if member.place in wanted]

    def _note(self, of: Group, epoch: int) -> None:
        """A handover touches the facts of the group."""
        if of.place is None:
            moves = self._moves_of(of)
            moves.epoch = max(epoch, moves.epoch)
        else:
            fact = fact_id(of, of.place)
            self.handovers[fact] = max(epoch, self.handovers.get(fact, epoch))

    def _moves_of(self, of: Group) -> Moves:
        found = self._moves.get(of)
        if found is None:
            found = self._moves[of] = Moves(self._group_key(of))
        return found

    def _group_key(self, of: Group) -> bytes:
        return b"g" + self._prefix + pack(of.kind, of.key)

    def _carry_number(self, record: Record, members: list[Member]) -> None:
        subject, name = record.name
        numbers = self.head.feeds[subject].numbers
        if not numbers and "patient" not in [member.kind for member in members]:
            return
        number = next((found for member in members if (found := number_of(member))), None)
        if number:
            numbers[name] = number
        elif numbers:
            numbers.pop(name, None)

    def _why_gone(self, record: Record, winners: list[Known], members: list[Member]) -> tuple[str, list[Known]]:
        """The rule and the assertions by which something the record said is no more."""
        manifest = self.records.absent_by(record)
        if manifest is not None:
            return ABSENT.id, [manifest]
        return (REGROUPED.id if members else resolve.why_nothing(winners)), winners
