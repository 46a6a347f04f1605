"""The groups that a batch touches: who came, who left, and which facts they are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from mainstem.kinds.facts import Member, Place, Terms
from mainstem.model import Known
from processors.keys import pack
from processors.lane.contract import State
from processors.reconcile import layout
from processors.reconcile.crowd import LIMIT, Cast, Changed, Crowd
from processors.reconcile.derive import Fact, Group, fact_id, facts, sole
from processors.reconcile.layout import Gathered
from processors.reconcile.records import Records
from processors.reconcile.rules import REGROUPED


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


class Groups:
    """Of one person, in one batch. `join` and `leave` each member that moved, then `settle` once; `touched` then holds each touched
    fact as it is now."""

    def __init__(self, prefix: bytes, state: State, records: Records, terms: Terms, *, anew: bool) -> None:
        """`prefix`: of the person's keys. `anew`: all facts of the members that join are looked at anew, whether these changed or not."""
        self.touched: dict[str, Fact | Ceased] = {}
        self.homes: dict[Place, str] = {}
        """Where each member counted in this batch is now: what a ceased fact names as successor."""
        self.handovers: dict[str, int] = {}
        """Fact -> epoch of the handover that touched it, for those that one did."""
        self._moves: dict[Group, Moves] = {}
        self._prefix = prefix
        self._state = state
        self._records = records
        self._terms = terms
        self.anew = anew

    def join(self, of: Group, member: Member) -> None:
        """A member came, or spoke again."""
        if of.place is None:
            self._moves_of(of).joined[member.place] = member
        else:
            self._alone(of, member)

    def leave(self, kind: str, key: str | None, place: Place, rule: str, causes: list[Known]) -> None:
        """A member is no longer in a group. `key`: None where it was a fact of its own."""
        if key is None:
            self.touched[fact_id(Group(kind, "", place), place)] = Ceased(kind, rule, causes, [place])
        else:
            self._moves_of(Group(kind, key)).left[place] = rule, causes

    def note(self, of: Group, epoch: int) -> None:
        """A handover touches the facts of the group."""
        if of.place is None:
            moves = self._moves_of(of)
            moves.epoch = max(epoch, moves.epoch)
        else:
            fact = fact_id(of, of.place)
            self.handovers[fact] = max(epoch, self.handovers.get(fact, epoch))

    def settle(self) -> None:
        held = self._state.multi_get([moves.key for moves in self._moves.values()])
        for (of, moves), data in zip(self._moves.items(), held, strict=True):
            if data is None and len(moves.joined) == 1:
                self._first(of, moves)
            else:
                self._regroup(of, moves, Gathered() if data is None else layout.decode_gathered(data))

    def fact(self, of: Group, name: str) -> Fact:
        """A fact of a group that the batch has left alone, from state."""
        if of.place is not None:
            return facts(of, self._records.at([of.place]), self._terms)[0]
        gathered = layout.decode_gathered(self._state.get(self._key(of)) or b"")
        if gathered.stems:
            return self._crowd(of, gathered, {}).fact(name)
        return next(one for one in facts(of, self._records.at(gathered.members), self._terms) if one.fact == name)

    def _first(self, of: Group, moves: Moves) -> None:
        """A group that is new, of one member: what most are."""
        place, member = next(iter(moves.joined.items()))
        fact = self._alone(of, member)
        self._handed_over(moves, (fact,))
        self._state.put(moves.key, layout.encode(Gathered([place], [fact])))

    def _alone(self, of: Group, member: Member) -> str:
        """The fact that a member makes by itself."""
        fact = sole(of, member, self._terms)
        self.touched[fact.fact] = fact
        self.homes[member.place] = fact.fact
        return fact.fact

    def _regroup(self, of: Group, moves: Moves, gathered: Gathered) -> None:
        if gathered.stems:
            self._recrowd(of, moves, gathered)
            return
        before: dict[str, list[Place]] = {}
        places, others = set(moves.joined), []
        if gathered.members:
            before = gathered.together()
            stay = [place for place in gathered.members if place not in moves.left]
            others = self._records.at([place for place in stay if place not in moves.joined])
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
        changed = crowd.change(moves.joined, moves.left, anew=self.anew)
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
        """A group that is no longer a crowded one. Its kind may part its facts now (`Kind.parted`), of which one keeps the name."""
        homes = crowd.places()
        crowd.dissolve()
        found = facts(of, self._records.at(list(homes)), self._terms)
        touched, before = {fact.fact for fact in changed.facts}, Counter(homes.values())
        anew = [fact for fact in found if fact.fact in touched or len(fact.members) != before[fact.fact]]
        self._found(anew)
        self._handed_over(moves, [fact.fact for fact in anew])
        if not homes:
            self._state.delete(moves.key)
            return
        after = Gathered(sorted(homes), [fact.fact for fact in found])
        if len(found) > 1:
            now = {member.place: at for at, fact in enumerate(found) for member in fact.members}
            after.homes = [now[place] for place in after.members]
        self._state.put(moves.key, layout.encode(after))

    def _handed_over(self, moves: Moves, names: Iterable[str]) -> None:
        if moves.epoch >= 0:
            self.handovers |= dict.fromkeys(names, moves.epoch)

    def _crowd(self, of: Group, gathered: Gathered, joined: Mapping[Place, Member]) -> Crowd:
        cast = Cast(of, joined, self._records.at, self._terms)
        return Crowd(of, self._prefix + pack(of.kind, of.key), gathered, self._state, cast, self._terms)

    def _found(self, found: list[Fact]) -> None:
        for fact in found:
            self.touched[fact.fact] = fact
            for member in fact.members:
                self.homes[member.place] = fact.fact

    def _moves_of(self, of: Group) -> Moves:
        found = self._moves.get(of)
        if found is None:
            found = self._moves[of] = Moves(self._key(of))
        return found

    def _key(self, of: Group) -> bytes:
        return b"g" + self._prefix + pack(of.kind, of.key)
